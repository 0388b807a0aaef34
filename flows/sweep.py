"""Sweep: takes away what runs left behind and nobody will ask for again."""

import shutil

from infra.wiring import Services
from register.batches import unfinished_keys

_OLD = 2 * 86400.0  # seconds after which a half-written object, perhaps of another machine, has no writer


def sweep(services: Services) -> None:
    """Remove readings and locks of batches that are done, and half-written objects of the archive."""
    sweep_work(services)
    locks = list((services.home / "locks").glob("*"))
    needed = unfinished_keys()
    for lock in locks:
        if lock.name not in needed:
            lock.unlink(missing_ok=True)
    services.archive.sweep_temporary(_OLD)


def sweep_work(services: Services) -> None:
    """Remove this home's readings of batches that are done, also by other workers."""
    # Listed before the batches are asked for: new ones come meanwhile.
    folders = list(services.work.iterdir()) if services.work.is_dir() else []
    needed = unfinished_keys()
    for folder in folders:
        if folder.name not in needed:
            shutil.rmtree(folder, ignore_errors=True)
