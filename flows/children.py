"""What runs in the reading processes: one page, one document. Results that are large go to files."""

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from capture.assemble import assemble
from capture.beginnings import beginnings
from capture.fields import Headline, checked, extract_fields, summary
from capture.read import ReadOptions, read_page
from capture.settings import CaptureSettings
from domain.document import DocumentText, Field, Role
from domain.evidence import Evidence
from domain.page import LineItem, Page, PageFile
from domain.wire import from_json, to_json
from models.evidence import of_pages


def read_lightly(path: Path, number: int, options: ReadOptions, settings: CaptureSettings, out: Path) -> Page:
    """Reads a page into ``out`` and returns it without its words, which stand in the file there."""
    return replace(read_page(path, number, options, settings, out).page, words=())


@dataclass(frozen=True, slots=True)
class MadeObject:
    """A content object of a document, still in the work folder."""

    role: Role
    path: Path
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class MadeDocument:
    """All that filing needs to know of a document; ``evidence`` is for the classifier.

    ``beginnings`` are the places of pages that look like the first of another document.
    """

    objects: tuple[MadeObject, ...]
    pdfa: bool
    pdfa_reason: str
    fields: tuple[Field, ...]
    lines: tuple[LineItem, ...]
    headline: Headline
    language: str | None
    evidence: Evidence
    rotations: tuple[int, ...]
    beginnings: tuple[int, ...]


def make_document(
    pages: tuple[Path, ...], out: Path, created: datetime, settings: CaptureSettings
) -> MadeDocument:
    """Makes PDF/A, ``text.json`` and thumbnail of the pages whose readings stand in these files."""
    out.mkdir(parents=True, exist_ok=True)
    files = [_reading(path) for path in pages]
    read = [replace(file.page, number=position) for position, file in enumerate(files, start=1)]
    fields = extract_fields(read, received=created.date())
    head = summary(fields, read)
    lines = [replace(one, page=page) for page, file in enumerate(files, start=1) for one in file.lines]
    rendition = assemble(files, out / "document.pdf", title=head.subject, created=created, settings=settings)
    (out / "text.json").write_bytes(to_json(DocumentText(1, tuple(read))))
    shutil.copyfile(files[0].thumbnail, out / "thumbnail.jpg")
    return MadeDocument(
        objects=(
            _made("pdfa" if rendition.pdfa else "pdf", rendition.path, "application/pdf"),
            _made("text", out / "text.json", "application/json"),
            _made("thumbnail", out / "thumbnail.jpg", "image/jpeg"),
        ),
        pdfa=rendition.pdfa,
        pdfa_reason=rendition.reason,
        fields=fields,
        lines=checked(lines, fields),
        headline=head,
        language=_main_language(read),
        evidence=of_pages(read, Path(files[0].thumbnail).read_bytes()),
        rotations=tuple(page.rotation for page in read),
        beginnings=beginnings(read),
    )


def _reading(path: Path) -> PageFile:
    """The reading, with its files where they lie now: another machine may have made them."""
    made = from_json(PageFile, path.read_bytes())
    return replace(made, image=str(path.with_suffix(".pdf")), thumbnail=str(path.with_suffix(".jpg")))


def _made(role: Role, path: Path, media_type: str) -> MadeObject:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return MadeObject(role, path, digest, path.stat().st_size, media_type)


def _main_language(pages: list[Page]) -> str | None:
    counts = Counter[str]()
    for page in pages:
        if page.language:
            counts[page.language] += len(page.words)
    return counts.most_common(1)[0][0] if counts else None
