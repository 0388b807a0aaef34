"""A document before typesetting: blocks of text in reading order, and the fields that stand in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a document.

    ``kind`` is one of ``letterhead window meta place subject greeting para small heading title list numbered
    table totals fields checks sign mono mailhead footer break``; ``text`` or ``rows`` (and
    ``head`` for a table) hold what it says.
    """

    kind: str
    text: str = ""
    rows: Rows = ()
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A document of class ``label``: its blocks and ``fields`` as ``name -> (normalised, as printed)``.

    ``lines`` are the rows of an invoice's table as ``(description, quantity, unit price, amount)``, numbers
    as ``1234.50``, "" where the table has no such column. ``till`` marks a till roll (narrow paper), ``hand``
    a form filled in by hand.
    """

    label: str
    language: str
    blocks: tuple[Block, ...]
    fields: dict[str, tuple[str, str]]
    till: bool = False
    hand: bool = False
    lines: tuple[tuple[str, str, str, str], ...] = ()


def _lines(block: Block) -> Iterator[str]:  # noqa: C901 - one flat table of kinds
    match block.kind:
        case "meta" | "totals" | "fields" | "mailhead":
            for label, value in block.rows:
                yield f"{label} {value}".strip()
        case "table":
            yield " ".join(block.head)
            for row in block.rows:
                yield " ".join(row)
        case "checks":
            for mark, text in block.rows:
                yield f"{mark} {text}".strip()
        case "numbered":
            for number, (text,) in enumerate(block.rows, 1):
                yield from wrap(f"{number}. {text}", 88)
        case "list":
            for (text,) in block.rows:
                yield from wrap(f"- {text}", 88)
        case "mono":
            yield from block.text.split("\n")
        case "break":
            return
        case _:
            for part in (block.text, *(cell for row in block.rows for cell in row)):
                for line in part.split("\n"):
                    yield from wrap(line, 88)


def plain_text(draft: Draft) -> str:
    """The document's text as a reader would say it, line by line, without layout."""
    return "\n".join(line for block in draft.blocks for line in _lines(block) if line)
