"""The names in a condition, each with its place: variables, fields of one, functions. Pure.

The library tells of a program which variables and functions it asks for, not where, nor which fields; and a
run meets those alone that one entry leads to.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<note>//[^\n]*)
    | (?P<text>
        (?:[rR][bB]?|[bB][rR]) (?:'''.*?'''|\"{3}.*?\"{3}|'[^'\n]*'|"[^"\n]*")
        | [bB]? (?:'''(?:\\.|[^\\])*?'''|\"{3}(?:\\.|[^\\])*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      )
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>\d\w*)
    | (?P<sign>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WORDS = frozenset({"true", "false", "null", "in"})
MACROS = ("all", "exists", "exists_one", "map", "filter")
"""What asks for each of a list; within its brackets the first name is that of the one."""

_ALONE, _METHOD = False, True
_Uses = frozenset[tuple[bool, int]]


def _uses(*some: tuple[bool, int]) -> _Uses:
    return frozenset(some)


FUNCTIONS: Mapping[str, tuple[str, _Uses]] = {
    "has_words": ("has_words(subject, 'rent increase')", _uses((_ALONE, 2), (_METHOD, 1))),
    "size": ("size(tags) or tags.size()", _uses((_ALONE, 1), (_METHOD, 0))),
    "has": ("has(custom.plot)", _uses((_ALONE, 1))),
    **{
        name: (f"subject.{name}('rent')", _uses((_METHOD, 1)))
        for name in ("contains", "startsWith", "endsWith", "matches")
    },
    **{
        name: (f"{name}(pages)", _uses((_ALONE, 1)))
        for name in ("int", "uint", "double", "string", "bytes", "type", "dyn")
    },
    "timestamp": ("timestamp('2026-03-31T00:00:00Z')", _uses((_ALONE, 1))),
    "duration": ("duration('36h')", _uses((_ALONE, 1))),
    **{
        f"get{name}": (f"received.get{name}()", _uses((_METHOD, 0)))
        for name in (
            "FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes",
            "Seconds", "Milliseconds",
        )
    },
    **{name: (f"senders.{name}(one, one == 'Ada Ltd')", _uses((_METHOD, 2))) for name in MACROS},
    "map": ("senders.map(one, one.size())", _uses((_METHOD, 2), (_METHOD, 3))),
}  # fmt: skip
"""How each is written, and with how many values, alone or behind what it is asked of."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a condition.

    Attributes:
        text: the name.
        place: ``line 1, sign 3``.
        of: the variable whose field it is, "" for none.
        use: of a function whether it stands behind a dot, and with how many values; None for all else.
    """

    text: str
    place: str
    of: str = ""
    use: tuple[bool, int] | None = None


def names_in(when: str) -> list[Name]:
    """The names in a condition that can be parsed, in order, but for those that it gives itself in a loop."""
    tokens = [found for found in _TOKEN.finditer(when) if found.lastgroup != "note"]
    return list(_names(when, tokens, [found[0] for found in tokens]))


def parts_of(when: str) -> Iterator[tuple[str, str]]:
    """The parts of a condition between its and, or, not and if, also in brackets, each with its place.

    What stands within the brackets of a function is no part of its own: names of a loop hold only there.
    """
    yield from _parts(when, [found for found in _TOKEN.finditer(when) if found.lastgroup != "note"])


def _parts(when: str, tokens: list[re.Match[str]]) -> Iterator[tuple[str, str]]:
    texts = [found[0] for found in tokens]
    begin, at = 0, 0
    while at <= len(tokens):
        text = texts[at] if at < len(tokens) else ""
        if text in _PAIRS:
            _, end = _values(texts, at)
            if text == "(" and not (at and (tokens[at - 1].lastgroup == "name" or texts[at - 1] in ")]")):
                yield from _parts(when, tokens[at + 1 : end])
            at = end
        elif text in ("&", "|", "?", ":", "") or (text == "!" and texts[at + 1 : at + 2] != ["="]):
            if part := tokens[begin:at]:
                yield when[part[0].start() : part[-1].end()], _place(when, part[0].start())
            begin = at + 1
        at += 1


def _names(when: str, tokens: list[re.Match[str]], texts: list[str]) -> Iterator[Name]:
    loops: list[tuple[str, int, int]] = []
    texts = [*texts, "", "", ""]
    for at, token in enumerate(tokens):
        text, behind = texts[at], at > 0 and texts[at - 1] == "."
        if token.lastgroup != "name" or text in _WORDS:
            continue
        place = _place(when, token.start())
        if texts[at + 1] == "(":
            count, end = _values(texts, at + 1)
            yield Name(text, place, use=(behind, count))
            if behind and text in MACROS:
                loops.append((texts[at + 2], at + 1, end))
        elif not behind and not any(text == name and begin < at < end for name, begin, end in loops):
            yield Name(text, place)
            if field := _field(tokens, texts, at + 1):
                yield Name(field, place, of=text)


def _field(tokens: list[re.Match[str]], texts: list[str], at: int) -> str:
    """The name in ``.name`` or ``['name']`` here; "" where there is none."""
    if texts[at] == "." and texts[at + 2] != "(":
        return texts[at + 1]
    if texts[at] == "[" and texts[at + 2] == "]" and tokens[at + 1].lastgroup == "text":
        return texts[at + 1].lstrip("rRbB").strip("'\"")
    return ""


def _values(texts: list[str], at: int) -> tuple[int, int]:
    """How many values stand within the brackets that open here, and where they close."""
    closers: list[str] = []
    commas = 0
    for here in range(at, len(texts)):
        if texts[here] in _PAIRS:
            closers.append(_PAIRS[texts[here]])
        elif closers and texts[here] == closers[-1]:
            closers.pop()
            if not closers:
                return (commas + 1 if here > at + 1 else 0), here
        elif texts[here] == "," and len(closers) == 1:
            commas += 1
    return 0, len(texts)


def _place(when: str, at: int) -> str:
    before = when[:at]
    return f"line {before.count(chr(10)) + 1}, sign {at - (before.rfind(chr(10)) + 1) + 1}"
