"""The date of a document and the date something is due."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from capture.fields.labels import labels, words
from capture.fields.layout import Line, field, fold
from domain.document import Field
from domain.page import Word

MONTH_FIRST = frozenset({"US", "PH", "PR", "GU"})

_NUMERIC = re.compile(r"(?<![\w./-])(\d{1,4}) ?([./-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})(?!\d|[./-]\d|\w)")
_DAY = r"(?P<day>\d{1,2})(?: ?(?:st|nd|rd|th|er|ere|o|a|º|ª)(?![a-z])|\.)?"
_YEAR = r"(?P<year>(?:1[89]|20)\d\d)"
_MONTH = r"(?P<month>[a-z]{3,10})\.?"
_DAY_FIRST = re.compile(
    rf"(?<![\w/.-]){_DAY}[ -]?(?: ?de | ?of )? ?{_MONTH},?[ -]?(?: ?del? )? ?,? ?{_YEAR}(?!\w)"
)
_MONTH_DAY = re.compile(rf"(?<![\w]){_MONTH} {_DAY} ?,? ?{_YEAR}(?!\w)")

_DUE = labels("dates", "due")
_OWN = labels("dates", "own")
_SURE_OWN = labels("dates", "sure_own")
_OTHER = labels("dates", "other")
_KINDS = ((_DUE, "due", 0.85), (_OTHER, "other", 1.0), (_OWN, "own", 0.7), (_SURE_OWN, "own", 0.85))
"""What each kind of label makes of the date behind it, and how surely."""

_MONTHS = {name: number for number, names in enumerate(words("months"), start=1) for name in names}

_NAMED = re.compile(
    r"(?:\w*invoice|factura|facture|\w*rechnung|\w*bescheid|notice)\b[^\t]{0,40}"
    r"\b(?:du|del?|vom|dated|of|from) ?$"
)


@dataclass(frozen=True)
class Found:
    """A date on the page: ``sure`` is less than 1 where only its order had to be guessed."""

    value: date
    line: Line
    words: tuple[Word, ...]
    start: int
    end: int
    sure: float


@dataclass(frozen=True)
class Reading:
    """How figures are to be read: ``month_first`` None means that nothing tells."""

    month_first: bool | None
    received: date | None


def reading(lines: Sequence[Line], country: str, language: str | None, received: date | None) -> Reading:
    """Decide the order of day and month: the document's own clear dates, then country, then language."""
    votes = 0
    for line in lines:
        for match in _NUMERIC.finditer(line.text):
            first, second = int(match[1]), int(match[3])
            if match[2] != "." and len(match[1]) <= 2:
                votes += (second > 12 >= first > 0) - (first > 12 >= second > 0)
    if votes:
        return Reading(votes > 0, received)
    if country:
        return Reading(country.upper() in MONTH_FIRST, received)
    if language and language != "en":
        return Reading(False, received)
    text = " ".join(line.text for line in lines)
    if re.search(r"\b[A-Z]{2},? +\d{5}(?:-\d{4})?\b", text) or re.search(r"\(\d{3}\)[ -]*\d{3}-\d{4}", text):
        return Reading(True, received)
    if re.search(r"£|\bVAT\b|\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b", text):
        return Reading(False, received)
    return Reading(None, received)


def find(line: Line, how: Reading) -> Iterator[Found]:
    """The dates of a line, from left to right; what cannot be told for certain is left out."""
    hits: list[tuple[int, int, date, float]] = []
    text = _mended(line.text)
    hits += [
        (match.start(), match.end(), *value)
        for match in _NUMERIC.finditer(text)
        if (value := _numeric(match, how)) is not None
    ]
    folded = fold(text)
    for pattern in (_DAY_FIRST, _MONTH_DAY):
        for match in pattern.finditer(folded):
            day, month, year = int(match["day"]), match["month"], int(match["year"])
            if (written := _named(day, month, year)) is not None:
                hits.append((match.start(), match.end(), written, 1.0))
    for start, end, value_, sure in sorted(hits, key=lambda hit: hit[:2]):
        yield Found(value_, line, line.between(start, end), start, end, sure)


def _mended(text: str) -> str:
    """Letters that OCR reads for figures, put right inside what is otherwise a numeric date."""

    def figures(match: re.Match[str]) -> str:
        token = match[0]
        real = sum(map(str.isdigit, token))
        return token.translate(str.maketrans("OolI|", "00111")) if real >= 5 else token

    return re.sub(r"(?<!\w)[\dOolI|]{1,4}([./-])[\dOolI|]{1,2}\1[\dOolI|]{2,4}(?!\w)", figures, text)


def _numeric(match: re.Match[str], how: Reading) -> tuple[date, float] | None:
    first, mark, second, last = match[1], match[2], match[3], match[4]
    try:
        if len(first) == 4:
            return (date(int(first), int(second), int(last)), 1.0) if len(last) == 2 else None
        if len(first) == 3:
            return None
        a, b, year = int(first), int(second), _year(last, how)
        sure = 1.0 if len(last) == 4 else 0.9
        if mark == "." or a > 12:
            return date(year, b, a), sure
        if b > 12:
            return date(year, a, b), sure
        if a == b:
            return date(year, a, b), sure
        if how.month_first is None:
            return None
        return (date(year, a, b) if how.month_first else date(year, b, a)), 0.9 * sure
    except ValueError:
        return None


def _year(text: str, how: Reading) -> int:
    if len(text) == 4:
        return int(text)
    # As POSIX reads two digits, unless the day of receipt says that the century was the last.
    year = 2000 + int(text) if int(text) < 69 else 1900 + int(text)
    return year - 100 if how.received and year > how.received.year + 20 else year


def _named(day: int, month: str, year: int) -> date | None:
    try:
        return date(year, _MONTHS[month], day)
    except (KeyError, ValueError):
        return None


def document_dates(lines: Sequence[Line], how: Reading) -> list[Field]:
    """The document's own date and the date something is due, each once at most.

    Args:
        lines: rows of the pages to look at.
        how: order of day and month, and the day of receipt: a document is not dated after that.
    """
    own: list[tuple[float, Found]] = []
    due: list[tuple[float, Found]] = []
    first_page = min((line.page for line in lines), default=1)
    ceiling = how.received + timedelta(days=1) if how.received else None
    for order, line in enumerate(lines):
        for found in find(line, how):
            kind, sure = _kind(found, lines)
            if not 1900 <= found.value.year <= 2100:
                continue
            if kind == "due":
                due.append((sure - order * 1e-4, found))
            elif kind != "other" and not (ceiling and found.value > ceiling):
                sure += 0.1 * (line.page == first_page) + (
                    0.15 if line.page == first_page and line.y < 0.45 else 0
                )
                own.append((sure - order * 1e-4, found))
    fields = []
    if own:
        score, best = max(own, key=lambda pair: pair[0])
        if score >= 0.5:
            fields.append(_field("date", best, score))
    if due:
        score, best = max(due, key=lambda pair: pair[0])
        if not own or best.value >= max(own, key=lambda pair: pair[0])[1].value:
            fields.append(_field("due_date", best, score))
    return fields


def _field(name: str, found: Found, score: float) -> Field:
    return field(name, found.value.isoformat(), found.line, found.words, min(score, 0.98) * found.sure)


def _kind(found: Found, lines: Sequence[Line]) -> tuple[str, float]:
    """``own``, ``due`` or ``other`` with how certain that is, from what stands before it or above it."""
    before = found.line.folded[: found.start]
    cell = before.rsplit("\t", 1)[-1]
    near = cell[-60:]
    said = _label_of(near)
    if said is None and len(before.strip()) <= 12:
        said = _label_in_line_above(found, lines)
    if said is None and not cell.strip() and before.strip():
        said = _label_of(before.rstrip("\t").rsplit("\t", 1)[-1][-40:], at_end=True)
    if said is None and not cell.strip():
        said = _label_above(found, lines)
    if said is not None:
        return said
    alone = not near.strip(" ,.:-") and found.end >= len(found.line.text.rstrip()) - 2
    if alone:
        return "own", 0.65
    # "Madrid, 3 de marzo de 2021": a place before it, and nothing after it in its cell.
    rest = found.line.folded[found.end :].split("\t", 1)[0].strip(" .,")
    place = re.fullmatch(
        r"(?:en |fait a )?[a-z .'-]{2,40},(?: (?:a|le|den|the|el|am))?(?: dia)?,? *", near.strip()
    )
    if not rest and place:
        return "own", 0.65
    if not near.strip(" ,.:-"):
        return "own", 0.45
    return "own", 0.2


def _label_in_line_above(found: Found, lines: Sequence[Line]) -> tuple[str, float] | None:
    """For a date at the start of a line of running text: "... Please pay / by 30 April 2024"."""
    place = lines.index(found.line)
    above = lines[place - 1] if place else None
    if above is None or above.page != found.line.page or found.line.y - above.y > 2 * found.line.height:
        return None
    if above.box[2] < 0.7 or above.breaks or above.text.endswith((".", ":", "!", "?")):
        return None
    said = _label_of(f"{above.folded[-40:]} {found.line.folded[: found.start]}")
    return said if said and said[0] != "own" else None


def _label_of(before: str, at_end: bool = False) -> tuple[str, float] | None:
    """What the last label before a date makes of it."""
    hits = [
        (match.end(), match.end() - match.start(), kind, sure)
        for pattern, kind, sure in _KINDS
        for match in pattern.finditer(before)
    ]
    if _NAMED.match(before.lstrip()):
        return "own", 0.85
    if not hits:
        return None
    end, length, kind, sure = max(hits)
    longer = [hit for hit in hits if hit[1] > 3 and not re.search(r"\d", before[hit[0] :])]
    if length <= 3 and longer:  # "date limite de paiement le": the article says nothing of its own
        end, length, kind, sure = max(longer)
    # A label that ends where a longer one does gives way to it ("due date", "order date").
    rest = before[end:].strip(" .:;,-)(")
    if kind == "own" and length <= 3:  # "Lyon, le": an article counts after a place or at the beginning
        lead = before[: end - length].rstrip()
        if rest or (lead and not lead.endswith(",")):
            return None
    if len(rest) > (12 if at_end else 25):
        return None
    if kind == "own" and rest:
        sure -= 0.15
    return kind, sure


def _label_above(found: Found, lines: Sequence[Line]) -> tuple[str, float] | None:
    """The label of the column, for a value that stands under its label."""
    place = found.words
    for row in reversed(lines):
        if row.page != found.line.page or not 0 < found.line.y - row.y <= 3.5 * max(
            row.height, found.line.height
        ):
            continue
        for cell in row.cells():
            if cell.box[0] < place[-1].box[2] and cell.box[2] > place[0].box[0]:
                said = _label_in_header(cell, found)
                if said is not None:
                    return said
    return None


def _label_in_header(cell: Line, found: Found) -> tuple[str, float] | None:
    """A header cell may hold several labels close together: take the one over the value."""
    best: tuple[float, int, tuple[str, float]] | None = None
    left, right = found.words[0].box[0], found.words[-1].box[2]
    for pattern, kind, sure in _KINDS:
        for match in pattern.finditer(cell.folded):
            words = cell.between(match.start(), match.end())
            shared = min(right, words[-1].box[2]) - max(left, words[0].box[0])
            if shared > 0:
                hit = (round(shared, 4), match.end() - match.start(), (kind, sure - 0.05))
                best = max(best, hit) if best else hit
    return best[2] if best else None
