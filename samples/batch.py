"""One batch of the sample: composes its documents, scans them, writes its file and its truth."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from letters.typeset import Typeset, compile_pdf
from samples.compose import compose
from samples.containers import break_file, jpeg_bytes, write_pdf, write_tiff
from samples.draft import Draft
from samples.layout import typeset
from samples.scanner import Faults, Feed, Image, Mode, draw_faults, render, scan, turn_stamp
from samples.sheets import patch_sheet, separator_sheet, stamp_source
from samples.style import draw_style
from samples.values import stock

MODES: tuple[Mode, ...] = ("bilevel", "grey", "colour")
SINGLE = ("receipt", "receipt", "form", "invoice")
LIMIT = 8


@dataclass(frozen=True, slots=True)
class Member:
    """What to build: batch ``number`` of ``station`` below ``folder``, drawn from ``rng``."""

    folder: Path
    station: str
    number: int
    rng: Random
    broken: bool


@dataclass(slots=True)
class Batch:
    """What was built: paths of the files and rows of the truth."""

    files: list[Path] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One side of a sheet in the feeder. ``document`` is -1 for all but document pages."""

    fate: str
    pdf: bytes = b""
    page: int = 0
    text: str = ""
    document: int = -1
    language: str | None = None
    barcodes: tuple[tuple[str, str], ...] = ()
    faint: tuple[bytes, int] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A document of the batch, typeset."""

    draft: Draft
    typeset: Typeset
    label: str


def build(member: Member, deck: Iterator[tuple[str, str]]) -> Batch:
    """Builds and writes one batch."""
    rng = member.rng
    if member.station == "frontdesk" and not member.broken and rng.random() < 0.5:
        return _born_digital(member, deck)
    leaves, documents = _leaves(member, deck)
    mode: Mode = rng.choices(MODES, (50, 28, 22))[0]
    if member.station == "folders":
        mode = rng.choice(("grey", "colour"))
    feed = Feed(rng.choice((200, 240, 300, 300)), mode, rng.random() ** 2)
    images, faults = [], []
    for leaf in leaves:
        others = [other for other in leaves if other.pdf and other is not leaf and other.fate == "document"]
        image, fault = _scan(leaf, others, feed, rng)
        images.append(image)
        faults.append(fault)
    batch = Batch()
    sources = _write(member, batch, images, feed)
    if member.broken:
        batch.rows.append({
            "kind": "page", "station": member.station, "source": sources[0], "page": 1, "fate": "refused",
            "document": None, "position": None, "rotation": 0, "skew": 0.0, "language": None, "text": "",
            "barcodes": [], "dpi": None, "mode": None, "faults": ["broken"],
        })  # fmt: skip
        return batch
    series = len(sources) > 1 or member.station == "folders"
    _truth(member, batch, leaves, documents, faults, feed, sources, series=series)
    return batch


def _written(member: Member, label: str, language: str, *, tag: str = "", pages: int = LIMIT) -> Written:
    """A typeset document of at most ``pages`` pages."""
    while True:
        draft = compose(member.rng, label, language)
        done = typeset(draft, draw_style(member.rng), member.rng, label=tag)
        # Rarely a line breaks within a hyphenated name and Spanish repeats the hyphen: draw another.
        if len(done.texts) <= pages and not missing_fields(draft, done):
            return Written(draft, done, tag)


def missing_fields(draft: Draft, done: Typeset) -> list[str]:
    """Names of the fields that cannot be found in the typeset text, whatever the line breaks."""
    text = "".join("".join(done.texts).split())
    return [name for name, (_, shown) in draft.fields.items() if "".join(shown.split()) not in text]


def _leaves(member: Member, deck: Iterator[tuple[str, str]]) -> tuple[list[Leaf], list[Written]]:
    rng, station = member.rng, member.station
    count = {"frontdesk": 1, "folders": 1, "receipts": rng.randint(3, 4)}.get(station, rng.choice((2, 3, 3)))
    documents: list[Written] = []
    leaves: list[Leaf] = []
    for index in range(count):
        label, language = next(deck)
        tag = f"DOC-{rng.randint(2024, 2026)}-{rng.randrange(10**6):06d}" if station == "labels" else ""
        single = station == "receipts"
        if single and label not in SINGLE:
            label = rng.choice(SINGLE)
        written = _written(member, label, language, tag=tag, pages=1 if single else 4)
        sheet = _separator(station, rng)
        if sheet is not None and (index or rng.random() < 0.3):
            leaves.append(sheet)
            if station == "duplex":
                leaves.append(Leaf("blank", faint=(sheet.pdf, 0)))
        leaves += _sides(written, index, duplex=station == "duplex", rng=rng)
        documents.append(written)
    return leaves, documents


def _separator(station: str, rng: Random) -> Leaf | None:
    if station in {"batch", "duplex"}:
        done = compile_pdf(patch_sheet(rng, "T"))
        return Leaf("separator", done.pdf, 0, done.texts[0], barcodes=(("PatchT", "T"),))
    if station == "barcode":
        source, form, text = separator_sheet(rng)
        done = compile_pdf(source)
        return Leaf("separator", done.pdf, 0, done.texts[0], barcodes=((form, text),))
    return None


def _sides(written: Written, index: int, *, duplex: bool, rng: Random) -> Iterator[Leaf]:
    """The sides of a document's sheets; with ``duplex`` either printed on both sides or with blank backs."""
    both_sides = rng.random() < 0.4
    texts = written.typeset.texts
    for page, text in enumerate(texts):
        codes = (("Code128", written.label),) if written.label and page == 0 else ()
        yield Leaf("document", written.typeset.pdf, page, text, index, written.draft.language, codes)
        if duplex and (not both_sides or (page == len(texts) - 1 and page % 2 == 0)):
            yield Leaf("blank", faint=(written.typeset.pdf, page))


def _scan(leaf: Leaf, others: list[Leaf], feed: Feed, rng: Random) -> tuple[Image, Faults]:
    faults = draw_faults(rng, feed, plain=leaf.fate != "document")
    colour = feed.mode == "colour"
    if leaf.fate == "blank":
        size = (round(297 / 25.4 * feed.dpi), round(210 / 25.4 * feed.dpi))
        clean: Image = np.full((*size, 3) if colour else size, 255, np.uint8)
        back = None
        if leaf.faint and rng.random() < 0.5:
            back = render(*leaf.faint, feed.dpi, colour=colour)
            faults = _with_bleed(faults, rng)
        return scan(clean, feed, faults, rng, back=back), faults
    clean = render(leaf.pdf, leaf.page, feed.dpi, colour=colour)
    back = None
    if faults.bleed and others:
        other = rng.choice(others)
        back = render(other.pdf, other.page, feed.dpi, colour=colour)
    elif faults.bleed:
        faults = replace(faults, bleed=0.0, names=tuple(name for name in faults.names if name != "bleed"))
    stamp = _stamp(leaf, feed.dpi, rng) if faults.stamp else None
    return scan(clean, feed, faults, rng, back=back, stamp=stamp), faults


def _with_bleed(faults: Faults, rng: Random) -> Faults:
    return replace(faults, bleed=rng.uniform(0.03, 0.08), names=tuple(sorted({*faults.names, "bleed"})))


def _stamp(leaf: Leaf, dpi: int, rng: Random) -> Image:
    words = stock(leaf.language or "en")["words"]["stamp"]
    done = compile_pdf(stamp_source(rng, rng.choice(words)))
    return turn_stamp(render(done.pdf, 0, dpi, colour=True), rng.choice((-1, 1)) * rng.uniform(0, 14))


def _write(member: Member, batch: Batch, images: list[Image], feed: Feed) -> list[str]:
    """Writes the images as the station's files; their paths below the sample's folder, one or one a page."""
    rng = member.rng
    home = member.folder / member.station
    if member.station == "folders":
        folder = home / f"job-{member.number:04d}"
        folder.mkdir()
        for page, image in enumerate(images, 1):
            path = folder / f"page-{page:04d}.jpg"
            path.write_bytes(jpeg_bytes(image, feed.dpi, rng.choice((70, 82, 90))))
            batch.files.append(path)
        return [path.relative_to(member.folder).as_posix() for path in batch.files]
    stem = rng.choice(("scan", "SCN", "img", "batch", "stapel", "lote"))
    kind = rng.choice(("pdf", "tiff"))
    path = home / f"{stem}_{member.number:04d}.{'pdf' if kind == 'pdf' else rng.choice(('tif', 'tiff'))}"
    if kind == "pdf":
        write_pdf(path, images, feed.dpi, feed.mode)
    else:
        compression = rng.choice(("group4", "group4", "tiff_lzw")) if feed.mode == "bilevel" else "jpeg"
        write_tiff(path, images, feed.dpi, feed.mode, compression)
    if member.broken:
        break_file(path, kind)
    batch.files.append(path)
    return [path.relative_to(member.folder).as_posix()]


def _born_digital(member: Member, deck: Iterator[tuple[str, str]]) -> Batch:
    label, language = next(deck)
    written = _written(member, label, language)
    name = (
        member.rng.choice(("document", "Anhang", "attachment", "fichier", "doc"))
        + f"-{member.number:04d}.pdf"
    )
    path = member.folder / member.station / name
    path.write_bytes(written.typeset.pdf)
    leaves = [
        Leaf("document", written.typeset.pdf, page, text, 0, language)
        for page, text in enumerate(written.typeset.texts)
    ]
    batch = Batch([path])
    source = path.relative_to(member.folder).as_posix()
    faults = [Faults() for _ in leaves]
    _truth(member, batch, leaves, [written], faults, None, [source], series=False)
    return batch


def _truth(member: Member, batch: Batch, leaves: list[Leaf], documents: list[Written], faults: list[Faults],
           feed: Feed | None, sources: list[str], *, series: bool) -> None:  # fmt: skip
    ids = [f"{member.number:05d}-{index + 1}" for index in range(len(documents))]
    places: dict[int, list[int]] = {}
    for number, (leaf, fault) in enumerate(zip(leaves, faults, strict=True), 1):
        inside = leaf.fate == "document"
        position = None
        hand = ("handwriting",) if inside and documents[leaf.document].draft.hand else ()
        if inside:
            places.setdefault(leaf.document, []).append(number)
            position = len(places[leaf.document])
        batch.rows.append({
            "kind": "page",
            "station": member.station,
            "source": sources[number - 1] if series else sources[0],
            "page": 1 if series else number,
            "fate": leaf.fate,
            "document": ids[leaf.document] if inside else None,
            "position": position,
            "rotation": (360 - fault.turn) % 360,
            "skew": fault.skew,
            "language": leaf.language,
            "text": leaf.text,
            "barcodes": [{"format": form, "text": text} for form, text in leaf.barcodes],
            "dpi": feed.dpi if feed else None,
            "mode": feed.mode if feed else None,
            "faults": sorted({*fault.names, *hand}),
        })  # fmt: skip
    for index, (name, written) in enumerate(zip(ids, documents, strict=True)):
        first, last = places[index][0], places[index][-1]
        batch.rows.append({
            "kind": "document",
            "id": name,
            "station": member.station,
            "source": Path(sources[0]).parent.as_posix() if series else sources[0],
            "page_range": [first, last],
            "class": written.draft.label,
            "language": written.draft.language,
            "born_digital": feed is None,
            "fields": {key: value for key, (value, _) in sorted(written.draft.fields.items())},
            "lines": [
                dict(zip(("description", "quantity", "unit_price", "amount"), line, strict=True))
                for line in written.draft.lines
            ],
            "label": written.label or None,
        })  # fmt: skip
