"""File: make each document's objects, store them, then enter the document in the register."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePath

from archive.keys import document_key, manifest_key
from archive.manifest import Content, Manifest, Original, Rendition, Run, to_json
from capture.media import media_type
from capture.pool import Pool
from capture.tools.tesseract import probe
from domain.document import Cut, Signature
from domain.errors import Refused
from domain.wire import from_json
from flows.alarms import alarms_of
from flows.children import MadeDocument, MadeObject, make_document
from flows.reading import Readings, outcome, page_folder
from infra.wiring import Services
from models.classify import Classifier, classify
from register import batches, filing
from register.models import Batch, Claim, Document
from register.numbering import entry_of, is_own, is_reserved

_DOCUMENTS = uuid.UUID("6f7f2a4e-5a0b-4a59-9d38-0f1d3f0c6b7e")
_ACTOR = "intake"
# Asked for before there are threads: amid their imports a package that is there was not found, once in
# dozens of starts, and the batch crashed.
_PACKAGES = {
    name: version(name)
    for name in (
        "postroom", "ocrmypdf", "tesserocr", "pikepdf", "pypdfium2", "pdfplumber", "img2pdf", "pillow",
        "opencv-python-headless", "zxing-cpp", "pyzbar", "scikit-learn",
    )
}  # fmt: skip


def document_id(batch: Batch, ordinal: int) -> str:
    """The document's id: the same whenever this cut of this attempt is filed."""
    return str(uuid.uuid5(_DOCUMENTS, f"{batch.key}/{batch.attempt}/{ordinal}"))


def file_documents(
    services: Services,
    batch: Batch,
    pool: Pool,
    model: Callable[[], Classifier],
    readings: Readings,
    cuts: Sequence[tuple[int, Cut]],
) -> list[Document]:
    """File these documents, each with its place in the batch. One that cannot be made is refused."""
    left = [one for one in cuts if not filing.document_filed(document_id(batch, one[0]))]
    made = _made(services, batch, pool, left)
    filed = []
    for ordinal, cut in cuts:
        try:
            if ordinal in made:
                document = outcome(made[ordinal], f"batch {batch.pk} document {ordinal}")
                filed.append(_file(services, batch, model(), ordinal, cut, document))
        except Refused as refusal:
            readings.refuse_document(cut.pages, refusal)
        _forget(services, batch, ordinal)
    return filed


def prepare_documents(
    services: Services,
    batch: Batch,
    pool: Pool,
    model: Callable[[], Classifier],
    cuts: Sequence[tuple[int, Cut]],
) -> list[filing.Filing]:
    """Make these documents and put them into the archive, ready to be filed together.

    Raises:
        Refused: one of them cannot be made.
    """
    made = _made(services, batch, pool, cuts)
    ready = []
    for ordinal, cut in cuts:
        document = outcome(made[ordinal], f"batch {batch.pk} document {ordinal}")
        ready.append(_filing(services, batch, model(), ordinal, cut, document))
        _forget(services, batch, ordinal)
    return ready


def _made(
    services: Services, batch: Batch, pool: Pool, cuts: Sequence[tuple[int, Cut]]
) -> dict[int, Future[MadeDocument]]:
    return {
        ordinal: pool.run(
            make_document,
            tuple(page_folder(services, batch, source) / f"{page:06}.json" for source, page in cut.pages),
            _out(services, batch, ordinal),
            batch.received_at,
            services.settings.capture,
            pages=max(1, len(cut.pages)),
        )
        for ordinal, cut in cuts
    }


def _out(services: Services, batch: Batch, ordinal: int) -> Path:
    return services.work / batch.key / f"document-{batch.attempt}-{ordinal:06}"


def _forget(services: Services, batch: Batch, ordinal: int) -> None:
    """It is in the archive now: the disk holds one copy of what is still to be filed, no more."""
    shutil.rmtree(_out(services, batch, ordinal), ignore_errors=True)


def _file(
    services: Services, batch: Batch, model: Classifier, ordinal: int, cut: Cut, made: MadeDocument
) -> Document:
    said = filing.attachment_of(batch)
    attach_to, reserved = (said.entry, "") if said else _place(cut.label)
    ready = _filing(services, batch, model, ordinal, cut, made)
    alarms = tuple(alarms_of(batch, cut, made, ready.verdict))
    ready = replace(ready, attach_to=attach_to, reserved=reserved, alarms=alarms)
    actor = said.by if said else _ACTOR
    return filing.file_document(batch, ready, zone=services.settings.zone, actor=actor, at=datetime.now(UTC))


def _place(label: str | None) -> tuple[str, str]:
    """The entry that a label names, or the number that it bears and that was reserved; "" for neither."""
    if not label or not is_own(label):
        return "", ""
    if is_reserved(label):
        return "", label
    if entry := entry_of(label):
        return entry, ""
    raise Refused(
        f"the label {label} names an entry that is not in the register, nor was it reserved",
        "Check the label. Correct it and scan the pages again, or retry once the entry is there.",
    )


def _filing(
    services: Services, batch: Batch, model: Classifier, ordinal: int, cut: Cut, made: MadeDocument
) -> filing.Filing:
    """The document with its objects put into the archive; for an entry of its own."""
    key = document_id(batch, ordinal)
    (verdict,) = classify(model, [made.evidence])
    contents = [_store(services, key, one) for one in made.objects]
    manifest = to_json(_manifest(services, batch, key, cut, made, contents))
    digest = hashlib.sha256(manifest).hexdigest()
    stored = services.archive.put(manifest_key(key, digest), manifest, media_type="application/json")
    used = {source for source, _ in cut.pages}
    files = [one for one in batches.claims_of(batch) if one.ordinal in used]
    originals = [filing.Kept(one.original, one.sha256, one.size, "original") for one in files]
    signed = [
        (one.source, from_json(Signature, json.dumps(plain))) for one in files for plain in one.signatures
    ]
    return filing.Filing(
        key=key,
        ordinal=ordinal,
        pages=cut.pages,
        barcode=cut.label or "",
        candidates=cut.candidates,
        attach_to="",
        verdict=verdict,
        language=made.language,
        subject=made.headline.subject,
        sender=made.headline.sender,
        recipient=made.headline.recipient,
        reference=made.headline.reference,
        fields=made.fields,
        lines=made.lines,
        pdfa=made.pdfa,
        manifest=stored.key,
        objects=(
            *(filing.Kept(one.key, one.sha256, one.size, one.role) for one in contents),
            filing.Kept(stored.key, stored.sha256, stored.size, "manifest"),
            *originals,
        ),
        signatures=tuple(signed),
        department=cut.cover.department,
        register=cut.cover.register,
        named=cut.cover.name,
        blind=_drawn(services, key) if verdict.label else 0,
    )


def _drawn(services: Services, key: str) -> int:
    """How many people class the document without seeing the guess: drawn by its id, the same each time."""
    chosen = services.settings.classifier
    digest = hashlib.sha256(f"blind review {key}".encode()).digest()
    first, second = (int.from_bytes(digest[at : at + 8]) / 2**64 for at in (0, 8))
    return 0 if first >= chosen.blind_share else 2 if second < chosen.blind_second else 1


def _store(services: Services, document: str, made: MadeObject) -> Content:
    key = document_key(document, made.path.name, made.sha256)
    stored = services.archive.put(key, made.path, media_type=made.media_type)
    return Content(made.role, stored.key, stored.sha256, stored.size, made.media_type)


def _manifest(
    services: Services, batch: Batch, document: str, cut: Cut, made: MadeDocument, contents: Sequence[Content]
) -> Manifest:
    claims = {one.ordinal: one for one in batches.claims_of(batch)}
    used = sorted({source for source, _ in cut.pages})
    return Manifest(
        document=document,
        number=None,
        received_at=batch.received_at,
        station=batch.station,
        batch=batch.key,
        originals=tuple(_original(services, claims[source]) for source in used),
        objects=tuple(contents),
        pdfa=made.pdfa,
        pdfa_reason=made.pdfa_reason,
        lineage=tuple(_runs(cut, made.rotations, {source: one.original for source, one in claims.items()})),
        tools=_tools(services.settings.capture.tessdata),
    )


def _original(services: Services, claim: Claim) -> Original:
    rendition = None
    if claim.rendition:
        size = services.archive.stat(claim.rendition).size
        kind = media_type(PurePath(claim.rendition).suffix[1:])
        rendition = Rendition(claim.rendition, claim.rendition_sha256, size, kind)
    return Original(
        key=claim.original,
        sha256=claim.sha256,
        size=claim.size,
        media_type=media_type(claim.media),
        name=claim.source,
        pages=claim.pages,
        inside=claim.inside.original if claim.inside else None,
        rendition=rendition,
    )


def _runs(cut: Cut, rotations: Sequence[int], originals: dict[int, str]) -> list[Run]:
    """The document's pages as runs of consecutive pages of one file."""
    runs: list[Run] = []
    for (source, page), rotation in zip(cut.pages, rotations, strict=True):
        last = runs[-1] if runs else None
        if last and last.source == originals[source] and last.last == page - 1:
            runs[-1] = replace(last, last=page, rotations=(*last.rotations, rotation))
        else:
            runs.append(Run(originals[source], page, page, (rotation,)))
    return runs


@cache
def _tools(tessdata: Path) -> dict[str, str]:
    return {"tesseract": probe(tessdata).version, **_PACKAGES}
