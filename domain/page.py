"""A page as it was read: where it came from, its words, its barcodes, the line items of its tables.

Boxes are ``(x0, y0, x1, y1)`` as fractions 0-1 of the *archived upright page*, origin top left.
"""

from dataclasses import dataclass
from itertools import groupby

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Word:
    """One word as read. ``confidence`` is 0-1; ``line`` numbers the text lines of its page from 0."""

    text: str
    box: Box
    confidence: float
    line: int


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code found on a page.

    ``format`` is the zxing-cpp name without separators (``Code128``, ``QRCode``, ``DataMatrix``,
    ``PDF417``, ``EAN13`` ...) or ``PatchT``, ``Patch2`` ... for a patch code, whose ``text`` is its letter.
    """

    format: str
    text: str
    box: Box
    engine: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read from one source file.

    Attributes:
        number: position in its source file, from 1.
        width, height: of the archived upright page, in points (1/72 inch).
        dpi: resolution of the scan; 0 for a page without an image.
        rotation: degrees (0, 90, 180, 270) the scan was turned clockwise to stand upright.
        skew: degrees the upright page leans clockwise; corrected for reading only.
        blank: nothing on it that a person would keep.
        born_digital: the words are the file's own, not from OCR.
        language: ISO 639-1 of the text, or None when there is too little to tell.
        words: in reading order.
        attempts: the full readings by OCR, in order, each by its name (docs/formats.md).
        reading: the name of the one that counts; empty where nothing was read by OCR.
    """

    number: int
    width: float
    height: float
    dpi: float
    rotation: int = 0
    skew: float = 0.0
    blank: bool = False
    born_digital: bool = False
    language: str | None = None
    words: tuple[Word, ...] = ()
    barcodes: tuple[Barcode, ...] = ()
    attempts: tuple[str, ...] = ()
    reading: str = ""

    @property
    def lines(self) -> tuple[tuple[Word, ...], ...]:
        """The words grouped into text lines, in reading order."""
        return tuple(tuple(words) for _, words in groupby(self.words, key=lambda word: word.line))

    @property
    def text(self) -> str:
        """The page's text, one text line a line."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines)

    @property
    def mean_confidence(self) -> float | None:
        """Mean word confidence 0-1; None for a page without words."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of an invoice's table.

    Numbers are as ``1234.5``, in the document's currency, "" where none stands.

    Attributes:
        description: as it stands on the page, its lines joined by blanks.
        quantity, unit_price, amount: of the line; a credit is negative.
        page: page of the document, from 1.
        box: around the words of the line.
        confidence: 0-1.
        valid: True if quantity times unit price is the amount, or the lines add up to the net or the total;
            False if they do not; None where nothing tells.
    """

    description: str
    quantity: str
    unit_price: str
    amount: str
    page: int
    box: Box
    confidence: float
    valid: bool | None = None


@dataclass(frozen=True, slots=True)
class PageFile:
    """Where the reading of one page lies in the work folder.

    Attributes:
        page: what was read.
        image: one-page PDF holding the archived upright page, without a text layer of ours.
        thumbnail: small JPEG of the upright page; both "" of a blank page that is not kept.
        lines: line items of its tables, where it is born-digital.
    """

    page: Page
    image: str
    thumbnail: str
    lines: tuple[LineItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a batch: the ``source``-th file (from 0) and what was read there."""

    source: int
    page: Page
