"""What a document's class is told from: its lines, where they stand, and what its first page looks like."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        text: its words, joined by blanks.
        left, top: where it begins, as fractions of its page; pages after the first count on, so that a line
            in the middle of page 2 has ``top`` 1.5. Where only the text is known, ``top`` goes by the order.
        height: of its words as a fraction of the page; 0 where only the text is known.
    """

    text: str
    left: float
    top: float
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document as the classifier sees it.

    Attributes:
        lines: those of its beginning, in reading order.
        pages: how many it has.
        barcodes: how many stand on them.
        language: ISO 639-1, or None when it is not known.
        ink: how dark the fields of an 8 × 8 grid over its first page are, 0-1, row by row; empty where only
            the text is known.
    """

    lines: tuple[Line, ...]
    pages: int = 1
    barcodes: int = 0
    language: str | None = None
    ink: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Example:
    """A document whose class a person told.

    Attributes:
        key: the same for the same document, whatever is said of it.
        label: its class.
    """

    key: str
    evidence: Evidence
    label: str
