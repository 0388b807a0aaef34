"""Sweep: takes away what killed runs left behind and nobody will ask for again."""

import shutil

from infra.wiring import Services
from register.batches import unfinished

_OLD = 3600.0  # seconds after which a half-written object has no writer any more


def sweep(services: Services) -> None:
    """Remove readings and locks of batches that are done, and half-written objects of the archive."""
    needed = {batch.key for batch in unfinished()}
    if services.work.is_dir():
        for folder in services.work.iterdir():
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)
    for lock in (services.home / "locks").glob("*"):
        if lock.name not in needed:
            lock.unlink(missing_ok=True)
    services.archive.sweep_temporary(_OLD)
