"""Scratch: readings that workers on several machines leave each other in the archive's ``work/``."""

import uuid
import zipfile
from collections.abc import Collection

from archive.keys import WORK, work_key, work_prefix
from flows import taking
from flows.reading import page_folder
from infra.wiring import Services
from register.batches import unfinished_keys
from register.models import Batch

_FILES = (".json", ".pdf", ".jpg")


def leave(services: Services, batch: Batch, name: str, pages: Collection[tuple[int, int]]) -> str:
    """Put the readings of these pages into one object; returns its key. Refused pages have none."""
    packed = services.work / batch.key / name
    packed.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for source, page in sorted(pages):
            for suffix in _FILES:
                file = page_folder(services, batch, source) / f"{page:06}{suffix}"
                if file.exists():
                    archive.write(file, _inside(source, page, suffix))
    key = work_key(batch.key, name)
    services.archive.put(key, packed, media_type="application/zip")
    packed.unlink()
    return key


def fetch(services: Services, batch: Batch, key: str, pages: Collection[tuple[int, int]]) -> None:
    """Bring the readings of these pages from the object into the work folder."""
    missing = [
        (source, page, suffix)
        for source, page in sorted(pages)
        for suffix in _FILES
        if not (page_folder(services, batch, source) / f"{page:06}{suffix}").exists()
    ]
    if not missing:
        return
    packed = services.work / batch.key / f"{uuid.uuid4().hex}.zip"
    packed.parent.mkdir(parents=True, exist_ok=True)
    taking.fetch(services, key, packed)
    with zipfile.ZipFile(packed) as archive:
        for source, page, suffix in missing:
            file = page_folder(services, batch, source) / f"{page:06}{suffix}"
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
            try:
                partial.write_bytes(archive.read(_inside(source, page, suffix)))
            except KeyError:
                continue  # a refused page has no reading
            partial.rename(file)
    packed.unlink()


def remove(services: Services, batch_key: str) -> None:
    """Remove all that was left for this batch.

    Raises:
        Unavailable: the archive does not answer; some of it may be gone.
    """
    for key in list(services.archive.list(work_prefix(batch_key))):
        services.archive.delete(key)


def sweep(services: Services) -> None:
    """Remove what stragglers left for batches that have ended meanwhile."""
    # Listed before the batches are asked for: new ones come meanwhile.
    found = {key.split("/")[1] for key in services.archive.list(WORK)}
    for batch_key in found - unfinished_keys():
        remove(services, batch_key)


def _inside(source: int, page: int, suffix: str) -> str:
    return f"{source:06}/{page:06}{suffix}"
