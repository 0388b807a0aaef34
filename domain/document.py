"""Documents: the cuts of a batch, the fate of every page, fields and verdicts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.page import Box, Page

CLASSES = (
    "letter",
    "invoice",
    "form",
    "contract",
    "complaint",
    "official_notice",
    "receipt",
    "email_print",
)


Role = Literal["pdfa", "pdf", "text", "thumbnail"]
"""What an object made of a document's pages is for."""


class FateKind(StrEnum):
    """What became of a scanned page. Each page has exactly one."""

    DOCUMENT = "document"
    SEPARATOR = "separator"
    BLANK = "blank"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fate:
    """The fate of page ``page`` (from 1) of the batch's ``source``-th file (from 0).

    ``document`` (from 0, order in the batch) and ``position`` (from 1, page of that document) are
    set for ``FateKind.DOCUMENT`` only; ``reason`` for ``DUPLICATE`` (of what) and ``REFUSED``.
    """

    source: int
    page: int
    kind: FateKind
    document: int | None = None
    position: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """What a separator sheet says of the document behind it; "" where it says nothing.

    ``name`` is a class; ``register`` the code of the register that numbers the document.
    """

    name: str = ""
    department: str = ""
    register: str = ""


NO_COVER = Cover()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A barcode that could have been a document's label: where it is, whether it was taken, and why.

    ``source`` and ``page`` are those of the batch's file; ``box`` lies on the archived upright page.
    """

    text: str
    format: str
    source: int
    page: int
    box: Box
    chosen: bool
    why: str


@dataclass(frozen=True, slots=True)
class Cut:
    """One document of a batch: its pages as ``(source, page)`` and the label barcode on it, if any.

    ``cover`` is what the separator sheet in front of it says.
    ``candidates`` are all barcodes on its pages, the label among them.
    """

    pages: tuple[tuple[int, int], ...]
    label: str | None = None
    cover: Cover = NO_COVER
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Separation:
    """How a batch was cut: the documents and the fate of every page; alarms are for the operator."""

    documents: tuple[Cut, ...]
    fates: tuple[Fate, ...]
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted value.

    Attributes:
        name: ``date``, ``due_date``, ``reference``, ``sender``, ``sender_address``, ``recipient``,
            ``subject``, ``amount``, ``iban``, ``vat_id``, ``tax_id``, ``phone``, ``email``.
        value: normalised: dates ISO 8601, amounts ``1234.50 EUR``, identifiers compact, phone E.164.
        page: page of the document, from 1.
        box: around the words the value was read from.
        confidence: 0-1.
        valid: False for an identifier whose check digits are wrong; None where there are none.
        text: as it stands on the page.
    """

    name: str
    value: str
    page: int
    box: Box
    confidence: float
    valid: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """An electronic signature in a PDF, as it was found when the file was received.

    Attributes:
        name: of its field.
        signer: whom its certificate names.
        signed_at: ISO 8601; by the time stamp if there is a good one (``stamped``), else as the signer says.
        stamped: whether a time-stamping authority vouches for the time.
        intact: what was signed is as it was, and the signature is of the certificate's key.
        trusted: its certificate is vouched for by those that the machine, or the setting, trusts.
        whole: it covers the whole file; what was added later is not covered.
        altered: the file was altered after signing, beyond what the signer allows.
        problem: what is wrong, in words; "" where all of it is good.
    """

    name: str
    signer: str
    signed_at: str | None
    stamped: bool
    intact: bool
    trusted: bool
    whole: bool
    altered: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the classifier says of a document.

    ``label`` is None when it abstains; ``guess`` is its best class either way, with ``probability``;
    ``alternatives`` are all classes, best first; ``model`` names the model version; ``why`` says why a
    person must look, "" where nobody must.
    """

    label: str | None
    guess: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]
    model: str
    why: str = ""

    @property
    def abstained(self) -> bool:
        """Whether a person must look."""
        return self.label is None


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The words and boxes of a document's pages, numbered from 1 in the document: ``text.json``."""

    version: int
    pages: tuple[Page, ...]
