"""Who sent a document and to whom, from labels, letterhead, address window and signature."""

import re
from collections.abc import Sequence

from capture.fields.blocks import (
    CLOSING,
    COMPANY,
    CONTACT,
    MONEY,
    NOT_NAMES,
    POSTCODE,
    STREET,
    Block,
    blocks,
    greeting,
    is_address,
    is_salutation,
    is_title,
)
from capture.fields.dates import Reading, find
from capture.fields.labels import labels
from capture.fields.layout import Line, field
from domain.document import Field

_FROM = labels("parties", "from")
_TO = labels("parties", "to")
_LONGEST = 8  # words of a letterhead's name
_PRINT_HEAD = re.compile(
    r"^(?:from|de|von|to|para|a|an|subject|asunto|objet|betreff|sent|date|fecha|datum|gesendet|enviado|envoye|cc)"
    r" ?:"
)
_HEADS = (
    ("sender", re.compile(r"^(?:from|de|von) ?:[ \t]*")),
    ("recipient", re.compile(r"^(?:to|para|a|an) ?:[ \t]*")),
)
_FORM_OF_ADDRESS = (
    r"(?:herrn?|frau|mr|mrs|ms|miss|dr|prof|m|mme|mlle|monsieur|madame|maitre|d|dna|sr|sra|don|dona|firma)\.?"
)
_ALONE = re.compile(rf"^(?:(?:attn\.?:?|an(?: die| das| den)?|t\.a\.v\.|{_FORM_OF_ADDRESS})[ ]?)+$")
"""A line that holds a form of address only: the name is on the next."""


def parties(rows: Sequence[Line], how: Reading) -> list[Field]:
    """The sender and the recipient of a document; each once at most.

    Args:
        rows: of the first pages, and of the last for the signature.
        how: to know dates by.
    """
    first = [row for row in rows if row.page == 1]
    heads = _print_heads(first)
    own = _own_line(first)
    window = _window(first, own, how)
    sender = (
        heads.get("sender")
        or _labelled(first, _FROM, "sender")
        or _own_name(own)
        or _letterhead(first, window, how)
        or _signature(rows)
    )
    recipient = heads.get("recipient") or _labelled(first, _TO, "recipient") or _addressee(window, how)
    if sender and recipient and sender.value.lower() == recipient.value.lower():
        recipient = None
    return [item for item in (sender, recipient) if item]


def _print_heads(first: Sequence[Line]) -> dict[str, Field]:
    """From and To of an e-mail print-out: at least three header lines must stand on top."""
    heads = [row for row in first[:25] if _PRINT_HEAD.match(row.folded)]
    found: dict[str, Field] = {}
    for row in heads if len(heads) >= 3 else ():
        end = len(row.text.split(";")[0])
        for name, pattern in _HEADS:
            match = pattern.match(row.folded)
            if (
                match
                and match.end() < end
                and name not in found
                and (value := _clean(row.text[match.end() : end]))
            ):
                found[name] = field(name, value, row, row.between(match.end(), end), 0.9)
    return found


def _clean(text: str) -> str:
    """A name without its e-mail address and marks around it; the address where there is no name."""
    text = text.replace("\t", " ").strip()
    name = re.sub(r"[<\[(]?[\w.+-]+@[\w.-]+[>\])]?", " ", text)
    name = re.sub(r"\s+", " ", name).strip(" ,;:<>\"'[]|-–—·•")
    return (name if len(name) >= 2 else text.strip(" <>;,"))[:120]


def _labelled(first: Sequence[Line], pattern: re.Pattern[str], name: str) -> Field | None:
    """Find "Bill to: Name" on one line, or the label alone with the name under it."""
    cells = [cell for row in first if row.y < 0.6 for cell in row.cells()]
    for cell in cells:
        match = pattern.match(cell.folded)
        if match is None:
            continue
        colon = re.match(r" ?:[ \t]*", cell.folded[match.end() :])
        start = match.end() + (colon.end() if colon else 0)
        rest = cell.text[start:].strip()
        if colon and _named(rest):
            end = start + len(cell.text[start:].split(",")[0]) if len(rest) > 60 else len(cell.text)
            return field(name, _clean(cell.text[start:end]), cell, cell.between(start, end), 0.8)
        if not rest and len(match[0]) > 2 and (below := _under(cell, cells)) is not None:
            return field(name, _clean(below.text), below, below.words, 0.75)
    return None


def _named(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters >= 3 and letters > 0.5 * len(text.replace(" ", ""))


def _under(label: Line, cells: Sequence[Line]) -> Line | None:
    for cell in cells:
        near = 0 < cell.y - label.y < 3 * max(label.height, cell.height)
        if near and abs(cell.box[0] - label.box[0]) < 2 * label.height and _is_name(cell):
            return cell
    return None


def _is_name(line: Line) -> bool:
    """Whether a line may name somebody: words, not an address, a contact, an amount or a label."""
    text, folded = line.text, line.folded
    letters = sum(map(str.isalpha, text))
    return (
        2 < letters <= 70
        and not text[0].isdigit()
        and letters > 0.6 * len(text.replace(" ", ""))
        and bool(re.search(r"[^\W\d_]{2,}", text))
        and not (MONEY.search(text) or is_address(text))
        and not (is_salutation(line) or NOT_NAMES.match(folded))
        and not set(":;") & set(text)
    )


def _own_line(first: Sequence[Line]) -> tuple[Line, int] | None:
    """The sender's own address in one line over the window, and where the name in it ends."""
    for cell in (cell for row in first if row.y < 0.35 for cell in row.cells()):
        if not POSTCODE.search(cell.text) or CONTACT.search(cell.folded) or len(cell.words) > 14:
            continue
        marked = re.split(r" +[-–·•|*] +| ?[·•|] ?", cell.text)
        head = marked[0] if len(marked) > 2 else _before_street(cell.text)
        if _named(head) and not any(map(str.isdigit, head)) and not STREET.search(head):
            return cell, len(head)
    return None


def _before_street(text: str) -> str:
    """What stands before the street in "Name, S. L., Street 1, 28013 Town"; "" where no street is told."""
    parts = text.split(", ")
    street = next((place for place, part in enumerate(parts) if STREET.search(part)), 0)
    return ", ".join(parts[:street])


def _own_name(own: tuple[Line, int] | None) -> Field | None:
    if own is None:
        return None
    line, end = own
    return field("sender", _clean(line.text[:end]), line, line.between(0, end), 0.8)


def _window(first: Sequence[Line], own: tuple[Line, int] | None, how: Reading) -> Block | None:
    """The block of the recipient's address: two to eight lines, above the salutation."""
    place = greeting(first)
    end = min(first[place].y, 0.55) if place is not None else 0.45
    every = [row for row in first if row.y < end and not MONEY.search(row.text)]
    best: tuple[float, Block] | None = None
    for order, block in enumerate(blocks(every)):
        lines = tuple(line for line in block.lines if own is None or line != own[0])
        if not 2 <= len(lines) <= 8 or any(len(line.words) > 8 for line in lines):
            continue
        if order == 0 and own is None and _is_head(block):
            continue
        under_own = own is not None and _stands_under(lines[0], own[0])
        # Of two addresses the lower one is the recipient's more often: letterheads stand on top.
        score = _address_like(lines, how) + 1.2 * under_own + 0.6 * (block.top > 0.1) + 0.3 * block.top
        if best is None or score > best[0]:
            best = score, Block(lines)
    return best[1] if best and best[0] >= 1.4 else None


def _is_head(block: Block) -> bool:
    """Whether the first block of a page is its letterhead: on the very top, or centred as on a till roll."""
    centred = all(abs(line.box[0] + line.box[2] - block.lines[0].box[0] - block.lines[0].box[2]) < 0.02
                  for line in block.lines)  # fmt: skip
    flush = all(abs(line.box[0] - block.lines[0].box[0]) < 0.005 for line in block.lines)
    return block.top < 0.1 or (centred and not flush)


def _stands_under(line: Line, head: Line) -> bool:
    return 0 < line.y - head.y < 0.08 and abs(line.box[0] - head.box[0]) < 0.04


def _address_like(lines: Sequence[Line], how: Reading) -> float:
    coded = any(POSTCODE.search(line.text) for line in lines[1:])
    street = any(STREET.search(line.text) for line in lines)
    contact = any(CONTACT.search(line.folded) for line in lines)
    dated = any(list(find(line, how)) for line in lines)
    return 1.0 * coded + 0.5 * street - 1.2 * contact - 0.4 * dated


def _addressee(window: Block | None, how: Reading) -> Field | None:
    """The first name in the window; none where the street comes before any."""
    for line in window.lines if window else ():
        if _is_name(line) and not _ALONE.match(line.folded) and not list(find(line, how)):
            return field("recipient", _clean(_untitled(line.text)), line, line.words, 0.7)
        if STREET.search(line.text) or POSTCODE.search(line.text):
            return None
    return None


def _untitled(text: str) -> str:
    """Leave out what is no part of the name."""
    return re.sub(r"^(?:Herrn?|Frau|Attn\.?:?|An(?: die| das| den)?|T\.a\.v\.)\s+(?=\S)", "", text)


def _letterhead(first: Sequence[Line], window: Block | None, how: Reading) -> Field | None:
    """The name on top of the page: large print, a company's form, the higher the likelier."""
    taken = set(window.lines) if window else set()
    heights = sorted(cell.height for row in first for cell in row.cells())
    best: tuple[float, Line] | None = None
    for order, cell in enumerate(cell for row in first if row.y < 0.25 for cell in row.cells()):
        if cell in taken or not _is_name(cell) or is_title(cell) or _TO.match(cell.folded):
            continue
        if len(cell.words) > _LONGEST or not cell.legible or not re.search(r"[^\W\d_]{3}", cell.text):
            continue  # prose, or a smudge
        inside = cell.text.endswith(".") or (len(cell.words) > 3 and cell.text[0].islower())
        if inside and not COMPANY.search(cell.folded):
            continue  # a part of a sentence
        if list(find(cell, how)):
            continue
        large = min(cell.height / heights[len(heights) // 2] - 1, 1.5)
        score = 0.5 - 0.03 * order + (0.3 if COMPANY.search(cell.folded) else 0.0) + 0.15 * large
        score += 0.2 * (cell.y < 0.1 and _heads_address(cell, first))
        if best is None or score > best[0]:
            best = score, cell
    if best is None or best[0] < 0.44:
        return None
    return field("sender", _clean(best[1].text), best[1], best[1].words, min(0.75, best[0] + 0.1))


def _heads_address(cell: Line, first: Sequence[Line]) -> bool:
    """Whether a street and a town stand right under a name, flush with it."""
    under = [
        other
        for row in first
        if 0 < row.y - cell.y < 5 * cell.height
        for other in row.cells()
        if abs(other.box[0] - cell.box[0]) < 0.005
    ]
    return any(POSTCODE.search(line.text) for line in under[1:]) and len(under) > 1


def _signature(rows: Sequence[Line]) -> Field | None:
    """The name under the closing formula, where no letterhead names the sender."""
    for position, row in enumerate(rows):
        if not CLOSING.match(row.folded):
            continue
        for below in rows[position + 1 : position + 5]:
            cell = next(below.cells())
            if below.page == row.page and _is_name(cell) and 1 < len(cell.words) <= 6 and cell.legible:
                return field("sender", _clean(cell.text), cell, cell.words, 0.6)
    return None
