"""Conditions of rules, in the Common Expression Language: checked when they are kept, asked of entries."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from domain.errors import Usage
from domain.office import FieldKind, Office
from register.condition_names import FUNCTIONS, MACROS, Name, names_in, parts_of

_LONGEST = 2000  # signs of a condition
_LOOPS = (
    3  # of all, exists, exists_one, map, filter in one condition: each within another multiplies its work
)
_WRONG_KIND = (
    "No such overload",
    "Unsupported operation",
    "Undefined variable or function",
    "asked of two texts",
)
"""What the library says of values of a kind for which an operation or function is not there."""
_WORD = re.compile(r"\w+")
_ADVICE = ". Check function arguments and their types."
_EMPTY: Mapping[FieldKind, object] = {FieldKind.NUMBER: 0.0, FieldKind.YES_NO: False, FieldKind.MONEY: 0.0}
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
KNOWN: Mapping[str, object] = {
    "number": "",
    "register": "",
    "direction": "",
    "channel": "",
    "received": _MOMENT,
    "dated": "",
    "subject": "",
    "reference": "",
    "class": "",
    "sender": "",
    "senders": [],
    "recipient": "",
    "recipients": [],
    "tags": [],
    "priority": "",
    "confidentiality": "",
    "language": "",
    "location": "",
    "department": "",
    "person": "",
    "pages": 0,
    "amount": 0.0,
    "fields": {},
    "custom": {},
    "text": "",
}
"""What a condition may ask for, each with the value of an entry that has none."""
FIELDS = (
    "date", "due_date", "reference", "sender", "sender_address", "recipient", "subject", "amount", "iban",
    "vat_id", "tax_id", "phone", "email",
)  # fmt: skip
"""What was read from the page, under ``fields``; "" where it was not."""


def must_be_condition(when: str, office: Office) -> None:
    """See that a condition can be asked of any entry, and says yes or no.

    Raises:
        Usage: it cannot; names the place or the word.
    """
    if len(when) > _LONGEST:
        raise Usage(f"when has {len(when)} signs: at most {_LONGEST}")
    try:
        program = _compiled(when)
    except ValueError as error:
        raise Usage(f"when is no condition: {_place(str(error))}") from error
    names = names_in(when)
    if sum(one.use is not None and one.text in MACROS for one in names) > _LOOPS:
        raise Usage(f"when asks for each of a list more than {_LOOPS} times: make several rules of it")
    facts = empty(office)
    for one in names:
        _must_be_known(one, facts)
    try:
        said = program.execute(_context(facts))
    except Exception as error:
        raise Usage(f"when cannot be asked: {_place(str(error) or repr(error))}") from error
    _must_fit(when, facts)
    if not isinstance(said, bool):
        raise Usage(f"when gives {said!r} in place of yes or no: compare it, such as amount > 1000.0")


def _must_fit(when: str, facts: Mapping[str, Any]) -> None:
    """See that no part of a condition asks for what its values are never, also where no run leads to it.

    Each part is asked by itself; of what goes wrong only a wrong kind counts, which no entry makes right.
    A condition that asks for the kind of a value decides so itself.
    """
    if any(one.use is not None and one.text in ("type", "dyn") for one in names_in(when)):
        return
    for part, place in parts_of(when):
        try:
            _compiled(part).execute(_context(facts))
        except Exception as error:
            if any(kind in str(error) for kind in _WRONG_KIND):
                why = "texts, numbers, moments and lists are compared and asked each with their own kind"
                raise Usage(f"when has {part} at {place}, which can never be asked: {why}") from error


def _must_be_known(one: Name, facts: Mapping[str, Any]) -> None:
    if one.use is not None:
        if one.text not in FUNCTIONS:
            raise Usage(
                f"when asks for the function {one.text!r} at {one.place}. There are: {', '.join(FUNCTIONS)}"
            )
        written, uses = FUNCTIONS[one.text]
        if one.use not in uses:
            raise Usage(f"when has {one.text} at {one.place} otherwise than it can be: write {written}")
    elif one.of:
        there = facts.get(one.of)
        if isinstance(there, Mapping) and one.text not in there:
            known = f"There are: {', '.join(there)}" if there else "There is none yet"
            raise Usage(
                f"when asks for a field {one.text!r} that is not there: {one.of}.{one.text} at {one.place}. "
                f"{known}"
            )
    elif one.text not in KNOWN:
        raise Usage(f"when asks for {one.text!r} at {one.place}. It may ask for: {', '.join(KNOWN)}")


def asks_for_field(when: str, name: str) -> bool:
    """Whether a condition asks for this field of the office's own."""
    return any(one.of == "custom" and one.text == name for one in names_in(when))


def empty(office: Office) -> dict[str, Any]:
    """What conditions are asked of, of an entry that has nothing."""
    custom = {name: _EMPTY.get(one.kind, "") for name, one in office.fields.items()}
    return {**KNOWN, "fields": dict.fromkeys(FIELDS, ""), "custom": custom}


def holds(when: str, facts: Mapping[str, Any]) -> bool:
    """Whether a condition holds of an entry with these facts.

    Raises:
        ValueError: it cannot be asked of this entry.
    """
    try:
        said = _compiled(when).execute(_context(facts))
    except Exception as error:
        raise ValueError(_place(str(error) or repr(error))) from error
    if not isinstance(said, bool):
        raise ValueError(f"it gives {said!r} in place of yes or no")
    return said


def asks_for(when: str, name: str) -> bool:
    """Whether a condition needs this fact."""
    try:
        return name in _compiled(when).variables()
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _compiled(when: str) -> Any:
    import cel  # with its own command line, most of a second: only where there are rules

    return cel.compile(when)


def _context(facts: Mapping[str, Any]) -> Any:
    import cel

    context = cel.Context(variables=dict(facts))
    context.add_function("has_words", _has_words)
    return context


def _has_words(text: object, words: object) -> bool:
    """Whether a text has all of these words, whatever their case and accents."""
    if not (isinstance(text, str) and isinstance(words, str)):
        raise TypeError("has_words is asked of two texts")
    return set(_words(words)) <= set(_words(text))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


def _place(error: str) -> str:
    """What the library says, without the condition once more."""
    lines = [
        line for line in error.removeprefix("Failed to parse expression").splitlines() if "ERROR" in line
    ]
    said = lines[0].split("ERROR: <input>:", 1)[1] if lines else error.splitlines()[0]
    if lines:
        line, column, what = said.split(":", 2)
        return f"line {line}, sign {column}:{what}".split("expecting")[0].strip()
    return said.split("TypeError: ")[-1].removesuffix(_ADVICE)  # of a function of ours, what it says
