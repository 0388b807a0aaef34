"""How a batch stands after it was filed, and how an operator wants it to stand."""

from dataclasses import dataclass

from domain.document import FateKind, Separation

Place = tuple[int, int]
"""A page of a batch: the file, from 0, and the page there, from 1."""


@dataclass(frozen=True, slots=True)
class StandingPage:
    """A page of a batch as the register has it.

    Attributes:
        place: where it was scanned.
        kind: its fate, with the ``reason`` where there is one.
        document: id of the document that has it; None without one.
        position: its place there, from 1.
        number: register number of the document's entry.
        barcode: on the page that bears it the label of its document; else "".
        rotation: degrees clockwise that the scan stands turned; None where nobody knows.
    """

    place: Place
    kind: FateKind
    reason: str = ""
    document: str | None = None
    position: int | None = None
    number: str | None = None
    barcode: str = ""
    rotation: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a batch.

    Attributes:
        separation: the documents to file, and the fate of each page whose fate changes.
        rotations: of pages, degrees clockwise that the scan is to stand turned.
        replaced: ids of the documents whose pages these are now.
    """

    separation: Separation
    rotations: tuple[tuple[Place, int], ...] = ()
    replaced: tuple[str, ...] = ()
