"""Blocks of lines on a letter's first page, and what the well-known lines of a letter look like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from capture.fields.labels import labels
from capture.fields.layout import Line, fold

_SALUTATION = labels("letter", "salutation")
_FRENCH = re.compile(r"(?:madame|monsieur|mesdames|messieurs|maitre)\b(?:.{0,40}[,:]|\.?)$")
CLOSING = labels("letter", "closing")
TITLE = labels("letter", "title")
COMPANY = labels("letter", "company")
NOT_NAMES = labels("letter", "not_names")
"""Patterns for folded text; to be matched at the start of a line, but ``COMPANY``, which is searched for."""

_COMPOUND = re.compile(
    r"[a-z]+(?:vertrag|vereinbarung|bescheid|bescheinigung|rechnung|antrag|formular|bogen|schein|bericht|meldung)(?:s|es)?\b"
)
"""Kinds of document that German makes up as they are needed."""

POSTCODE = re.compile(
    r"(?<![\w.,])(?:[A-Z]{1,2}-)?\d{4,5}(?: [A-Z]{2})? +[A-ZÀ-Ý][\w.'’-]+"  # 28013 Madrid, 3012 CN Rotterdam
    r"|\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}$"  # SW1A 1AA at the end of a line
    r"|\b[A-Z]{2},? \d{5}(?:-\d{4})?\b"  # CA 94538
)
STREET = re.compile(
    r"\b\d+[a-z]?,? (?:[\w.]+ ){1,3}(?:st|rd|ave|drive|way|place|square|court|blvd|terrace)\b"
    r"|\w (?:street|road|avenue|lane)\b"
    r"|\w(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat) ?\d+"
    r"|\b(?:rue|avenue|boulevard|bd|place|chemin|impasse|quai|allee) \w"
    r"|\b(?:calle|avda|avda\.|avenida|plaza|paseo|carrera|cra\.|ronda|camino|gran via) \w|\bc/ ?\w"
    r"|\bp\.? ?o\.? box\b|\bpostfach\b|\bapartado\b|\bbp \d",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"@|www\.|https?:"
    r"|\b(?:tel|fax|phone|telefon|telefono|telephone|iban|bic|vat|tva|ust|siret|cif|nif|e-?mail|web"
    r"|correo(?: electronico)?|courriel|mel|mobile?|movil|telefax|fon)\b"
    r"(?:[.:]| (?=\S*\d))"
)
MONEY = re.compile(r"[€£$]|\d[.,]\d{2}\b")


def is_address(text: str) -> bool:
    """Whether a line is a street, a town with its code, or a way to reach somebody."""
    return any(pattern.search(text) for pattern in (STREET, POSTCODE)) or bool(CONTACT.search(fold(text)))


@dataclass(frozen=True)
class Block:
    """Cells one under the other that belong together."""

    lines: tuple[Line, ...]

    @property
    def top(self) -> float:
        """Of the first line, as a fraction of the page."""
        return self.lines[0].box[1]

    @property
    def left(self) -> float:
        """Of the leftmost line."""
        return min(line.box[0] for line in self.lines)


def is_salutation(line: Line) -> bool:
    """Whether a letter begins with this line; without a comma "Monsieur Paul Durand" is an address."""
    return bool(_SALUTATION.match(line.folded) or _FRENCH.match(line.folded))


def is_title(line: Line) -> bool:
    """Whether a line names a kind of document ("Framework contract for services"), not somebody."""
    said = TITLE.search(line.folded) or _COMPOUND.match(line.folded)
    if said is None or len(line.words) > 8:
        return False
    return said.start() == 0 or not COMPANY.search(line.folded)


def greeting(first: Sequence[Line]) -> int | None:
    """Position of the salutation among the rows of the first page."""
    found = [
        position
        for position, row in enumerate(first)
        if is_salutation(row) and len(row.words) <= 9 and row.y < 0.8 and len(list(row.cells())) == 1
    ]
    # An address may have a row "Madame": the one that leads on to the text counts, if there is one.
    return next((one for one in found if first[one].text.endswith((",", ":", "!"))), next(iter(found), None))


def blocks(rows: Sequence[Line]) -> list[Block]:
    """Cells grouped into blocks: below one another, aligned, with normal leading; from the top."""
    open_: list[list[Line]] = []
    done: list[list[Line]] = []
    for row in rows:
        for cell in row.cells():
            home = next((group for group in open_ if _continues(group[-1], cell)), None)
            if home is not None:
                home.append(cell)
            else:
                open_.append([cell])
        stale = [group for group in open_ if row.y - group[-1].y > 4 * max(row.height, group[-1].height)]
        done.extend(stale)
        open_ = [group for group in open_ if group not in stale]
    every = sorted(done + open_, key=lambda group: (group[0].y, group[0].box[0]))
    return [Block(tuple(group)) for group in every]


def _continues(above: Line, cell: Line) -> bool:
    tall, small = max(above.height, cell.height), min(above.height, cell.height)
    left = abs(above.box[0] - cell.box[0]) < 1.5 * tall
    centred = abs((above.box[0] + above.box[2]) - (cell.box[0] + cell.box[2])) < 1.6 * tall
    return 0 < cell.y - above.y < 2.1 * tall and (left or centred) and tall < 2 * small
