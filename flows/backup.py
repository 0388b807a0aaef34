"""Backup: an instance's register, spool, models and settings into a folder.

The archive is copied only on request: it is as large as all that was ever filed, and a bucket keeps
its own versions and copies. The index is never copied, for it can be made anew.
"""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archive.keys import HEADS
from domain.errors import Usage
from domain.numbers import read
from flows.taking import spooled
from infra import dumps
from infra.copies import copy, files, link, seal
from infra.database import applied_migrations
from infra.discreet import without_secrets
from infra.settings import Settings
from infra.wiring import Services
from register import batches
from register.models import Batch
from register.numbers import HISTORY, OFFICE

_FORMAT = 1
SETTINGS = "postroom.toml"


def back_up(services: Services, folder: Path, *, archive: bool) -> dict[str, Any]:
    """Write a backup to ``folder``, which appears whole or not at all; says what is in it and what is not.

    An intake may go on meanwhile: a file that this host has claimed is in it, or is in the archive when
    this ends. A file that was only dropped is not.

    Raises:
        Usage: the folder is there already, or the archive to be copied is a bucket.
        Unavailable: the database does not answer.
    """
    settings, home = services.settings, services.home
    if folder.exists():
        raise Usage(f"{folder} is there already. Name one that is not: a backup never changes another.")
    if archive and settings.archive.bucket:
        raise Usage(
            f"the archive is the bucket {settings.archive.bucket}; see docs/database.md. Leave out --archive"
        )
    kind = dumps.kind(settings.database)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    partial.mkdir(mode=0o700, parents=True)
    try:
        # What the register's copy names and the archive does not hold yet lies in the spool before or
        # after it, or still in the drop folder.
        _copy_all(services.spool, partial / "spool")
        heads = set(files(home / "archive" / HEADS))  # those taken later tell of events that the copy lacks
        known = dumps.dump(home, settings.database, partial / dumps.name(kind))
        _copy_claimed(services, partial / "spool")
        _copy_all(services.spool, partial / "spool")
        for batch in (partial / "spool").glob("*"):
            if batch.name not in known:  # claimed or released in these very moments
                shutil.rmtree(batch)
        _copy_all(services.models, partial / "models")
        copy(home / "host", partial / "host")
        for profile in services.drop.glob("*/station.toml"):
            copy(profile, partial / profile.relative_to(home))
        secrets = _copy_settings(home / SETTINGS, partial / SETTINGS, settings)
        if archive:  # after the register: what it names is in the archive before
            last = dumps.counters(settings.database, partial / dumps.name(kind))
            for path in files(home / "archive"):
                inside = path.relative_to(home)
                later = _is_later(inside, last) or (HEADS in f"{inside}" and path not in heads)
                if ".tmp" not in inside.parts and not later:
                    link(path, partial / inside)
        about = {
            "version": _FORMAT,
            "postroom": version("postroom"),
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": kind,
            "migrations": applied_migrations(),
        }
        items = seal(partial, about)
        partial.rename(folder)
        os.sync()
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return {
        "backup": str(folder),
        "database": kind,
        "files": len(items),
        "bytes": sum(one.size for one in items),
        "spooled": sum(one.path.startswith("spool/") for one in items),
        "left_out": [*_left_out(settings, archive), *secrets],
    }


def _is_later(path: Path, last: Mapping[tuple[str, int], int]) -> bool:
    """Whether this is the record of a number, event or decision that was given after the register was copied.

    It is given anew where that copy is put back.
    """
    if path.parts[1:3] == ("office", "decisions") and path.stem.isdecimal():
        return int(path.stem) > last.get((OFFICE, HISTORY), 0)
    if path.parts[1:2] != ("register",) or not path.stem.isdecimal():
        return False
    place = read(path.parts[2])
    if place is None:
        return False
    given = last.get((place.register, place.year), 0), last.get((place.register, HISTORY), 0)
    return place.sequence > given[0] or int(path.stem) > given[1]


def _copy_all(source: Path, target: Path) -> None:
    for path in files(source):
        copy(path, target / path.relative_to(source))


def _copy_claimed(services: Services, spool: Path) -> None:
    """Copy files that are claimed and not taken yet as if they had been."""
    for batch in batches.unfinished(services.host):
        for one in batches.claims_of(batch) if batch.state == Batch.State.CLAIMED else ():
            target = spool / spooled(services, batch, one).relative_to(services.spool)
            if not target.exists():
                copy(batches.path_of(one), target)


def _copy_settings(source: Path, target: Path, settings: Settings) -> list[str]:
    """Copy the settings but for what is secret in them; returns what was left out, for people."""
    if not source.exists():
        return []
    text = source.read_text("utf-8")
    plain = without_secrets(text, settings)
    if plain is None:
        return [f"{source.name}: its secrets stand in a form that cannot be taken out; keep a copy yourself"]
    target.write_text(plain, "utf-8")
    return [f"the secrets in {source.name}"] if plain != text else []


def _left_out(settings: Settings, archive: bool) -> list[str]:
    left = ["the index: it is made anew"]
    if settings.archive.bucket:
        left.append("the archive: its bucket keeps versions and copies of its own")
    elif not archive:
        left.append("the archive: copy it yourself, or add --archive")
    if settings.database.url.get_secret_value():
        left.append("the spools of other hosts: they lie on those")
    return left
