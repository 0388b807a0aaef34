"""The address of who sent a document, as it stands under or behind the name."""

import re
from collections.abc import Sequence

from capture.fields.blocks import CONTACT, MONEY, STREET
from capture.fields.layout import Line, field, fold
from domain.document import Field
from domain.party import Address

_MOST = 5  # lines under a name
_TOP = 0.4  # of the page, where the sender's own address in one line may stand
_STEP = 2.6  # line heights from one line of an address to the next
_COUNTRIES = {
    "A": "AT", "B": "BE", "CH": "CH", "D": "DE", "DK": "DK", "E": "ES", "F": "FR", "I": "IT", "L": "LU",
    "NL": "NL", "P": "PT", "PL": "PL",
}  # fmt: skip
"""Signs that stand before a postcode."""
_TOWN = r"[^\W\d_][\w.'’/-]*(?: [^\W\d_(][\w.'’/)-]*){0,4}"
_LAST = (
    # 28013 Madrid, D-10115 Berlin, 3012 CN Rotterdam
    re.compile(
        r"(?:(?P<sign>[A-Z]{1,2})-)?(?P<code>\d{4,5}(?: [A-Z]{2}(?= ))?) "
        rf"(?P<town>{_TOWN}?)(?i: cedex\b.*)?$"
    ),
    # London SW1A 1AA, or the code alone
    re.compile(rf"(?:(?P<town>{_TOWN}),? )?(?P<code>[A-Z]{{1,2}}\d[\dA-Z]? \d[A-Z]{{2}})$"),
    # Fremont, CA 94538
    re.compile(rf"(?:(?P<town>{_TOWN}),? )?(?P<code>[A-Z]{{2}},? \d{{5}}(?:-\d{{4}})?)$"),
)
_NUMBER = re.compile(r"\d{1,5} ?(?:[A-Za-z]|bis|ter)?")
_HOUSE = re.compile(r"[^\W\d_]{2}\.? \d|\d[a-z]?,? [^\W\d_]{2}")
_PARTS = re.compile(r" +[-–·•|*] +| ?[·•|] ?|[,:] +|\t")


def sender_address(rows: Sequence[Line], sender: Field | None) -> Field | None:
    """The address that stands behind the sender's name on its line, or under it; None in doubt.

    Args:
        rows: of the document's pages.
        sender: as it was read.

    Returns:
        ``sender_address``, its value as ``domain.party.Address.text`` writes it.
    """
    if sender is None:
        return None
    page = [row for row in rows if row.page == sender.page]
    cells = [cell for row in page for cell in row.cells()]
    name = fold(sender.text)
    for cell in cells:
        if _holds(cell, sender) or (cell.y < _TOP and name and cell.folded.startswith(name)):
            found = _behind(cell, len(name)) or _under(cell, page)
            if found:
                return found
    return None


def _holds(cell: Line, sender: Field) -> bool:
    return all(cell.box[at] <= sender.box[at] + 1e-6 for at in (0, 1)) and all(
        cell.box[at] >= sender.box[at] - 1e-6 for at in (2, 3)
    )


def _behind(cell: Line, name: int) -> Field | None:
    """Of "Name · Street 1 · 28013 Town", the name so many signs long."""
    words = cell.between(name, len(cell.text))
    text = cell.text[name:].strip(" ,·•|*:–-_.")
    if not (words and text):
        return None
    found = _address([part.strip() for part in _PARTS.split(text) if part.strip()])
    return field("sender_address", found.text, cell, words, 0.8) if found else None


def _under(cell: Line, page: Sequence[Line]) -> Field | None:
    """Of lines under the name, flush with it or centred under it, down to that with the postcode."""
    lines: list[Line] = []
    above = cell
    for row in page:
        if row.y <= above.y or len(lines) == _MOST:
            continue
        if row.y - above.y > _STEP * max(above.height, row.height):
            break
        below = next((one for one in row.cells() if _aligned(one, cell)), None)
        if below is None:
            continue
        if CONTACT.search(below.folded) or MONEY.search(below.text):
            break
        lines.append(below)
        above = below
        parts = [part for line in lines for part in _PARTS.split(line.text) if part.strip()]
        if found := _address([part.strip() for part in parts]):
            words = tuple(word for line in lines for word in line.words)
            return field("sender_address", found.text, cell, words, 0.75)
    return None


def _aligned(line: Line, head: Line) -> bool:
    near = 0.6 * line.height  # heights are fractions of the longer side
    left = abs(line.box[0] - head.box[0]) < near
    right = abs(line.box[2] - head.box[2]) < near
    centred = abs(line.box[0] + line.box[2] - head.box[0] - head.box[2]) < near
    return left or right or centred


def _address(parts: Sequence[str]) -> Address | None:
    """Street and town of these parts, of which the last bears the postcode; None if they are no address."""
    for end, part in enumerate(parts):
        for last in _LAST:
            match = last.search(part)
            if match is None:
                continue
            before = [*parts[:end], *([head] if (head := part[: match.start()].strip(" ,")) else [])]
            town = match["town"] or ""
            if not town and len(before) > 1:
                town = before.pop()
            streets = [one for one in _housed(before)[-2:] if _is_street(one)]
            if not streets:
                continue  # a house's number, as in 4557 De Silva St
            sign = match.groupdict().get("sign") or ""
            return Address(tuple(streets), match["code"].replace(",", ""), town, _COUNTRIES.get(sign, ""))
    return None


def _is_street(text: str) -> bool:
    return bool(STREET.search(text) or _HOUSE.search(text))


def _housed(parts: Sequence[str]) -> list[str]:
    """The same with a house's number beside its street: "Calle Mayor", "3" or "3", "rue Pasteur" are one."""
    found: list[str] = []
    for part in parts:
        ahead = found and _NUMBER.fullmatch(found[-1])
        behind = found and _NUMBER.fullmatch(part) and STREET.search(found[-1])
        if ahead or (behind and not any(map(str.isdigit, found[-1]))):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found
