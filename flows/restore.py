"""Restore: an instance from a backup that was first found undamaged."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.errors import Unavailable, Usage
from flows.backup import SETTINGS
from flows.behind import refuse_older
from infra import dumps
from infra.copies import compare, copy, files, read
from infra.database import connect, disconnect, known_migrations
from infra.settings import Settings, load_settings
from infra.wiring import open_archive
from register.numbers import HISTORY, OFFICE

_FOLDERS = ("spool", "models", "archive", "index")


def restore(home: Path, folder: Path, *, replace: bool, files_only: bool = False) -> dict[str, Any]:
    """Make the instance in ``home`` from a backup, every file of which is first compared with its hash.

    With ``replace`` what is in the way is moved aside, into ``before_restore_...`` in the home and, in
    PostgreSQL, a schema of that name; an archive only for one that the backup brings. Settings and
    stations' profiles that are in the home stay. With ``files_only`` the register is left as it is: it was
    not lost, or is rebuilt from the archive; and so is an archive that is there. What can be known before is
    looked at before anything is changed.

    Raises:
        Usage: it is no backup, is from a newer Postroom or another kind of database than the settings
            name, its register is older than the archive, PostgreSQL's programs are not there, or something
            is in the way.
        Unavailable: the backup is damaged, the database or the archive does not answer, or Postroom is at
            work.
    """
    about = read(folder)
    if unknown := sorted(set(about["migrations"]) - set(known_migrations())):
        raise Usage(f"{folder} is from a newer Postroom, with {unknown[-1]}. Install that one to restore it.")
    compare(folder, about["files"])
    home.mkdir(parents=True, exist_ok=True)
    settings = load_settings(home if (home / SETTINGS).exists() else folder)
    register = dumps.name(about["database"])
    if about["database"] != (named := dumps.kind(settings.database)) and not files_only:
        raise Usage(
            f"the backup holds a register of {about['database']}, the settings name {named}. "
            "Set or unset database.url (POSTROOM_DATABASE__URL); see docs/database.md"
        )
    brought = [one.path for one in about["files"] if one.path != register]
    if files_only and any(files(home / "archive")):
        brought = [path for path in brought if not _of_archive(path)]
    with _no_intake(home):
        if not files_only:
            _check_register(home, settings, folder / register)
        taken = not files_only and not dumps.is_empty(home, settings.database)
        there = [name for name in _FOLDERS if name != "archive" or any(map(_of_archive, brought))]
        moved = _make_room(home, settings, there, taken, replace=replace)
        for path in brought:
            if not (path.endswith(".toml") and (home / path).exists()):
                copy(folder / path, home / path)
        if not files_only:
            dumps.restore(home, settings.database, folder / register)
            connect(home, settings.database)
        os.sync()
    return {
        "home": str(home),
        "database": about["database"],
        "created_at": about["created_at"],
        "files": len(brought) + (not files_only),
        "moved_to": moved,
    }


def _of_archive(path: str) -> bool:
    return path.startswith("archive/")


def _check_register(home: Path, settings: Settings, source: Path) -> None:
    """See that the register can be restored, and may be: nobody uses it, and the archive is not newer."""
    counters = dumps.counters(settings.database, source)
    last = {place: given for place, given in counters.items() if place[1] != HISTORY}
    disconnect()
    if found := dumps.users(settings.database):
        raise Unavailable(f"Postroom is at work on this database: {'; '.join(found)}. Stop it there first.")
    year = datetime.now(UTC).astimezone(settings.zone).year
    decided = counters.get((OFFICE, HISTORY), 0)
    refuse_older(open_archive(settings, home), lambda: last, lambda: decided, (), year)


def _make_room(
    home: Path, settings: Settings, folders: list[str], taken: bool, *, replace: bool
) -> str | None:
    """See that these folders are empty and no register ``taken``, or make it so; where what was is now."""
    there = [name for name in folders if any(files(home / name))]
    if not there and not taken:
        return None
    if not replace:
        found = ", ".join([*(f"{name}/" for name in there), *(["a register"] if taken else [])])
        raise Usage(
            f"there is {found} already. Restore to a home and database that are empty, or add --replace"
        )
    aside = home / f"before_restore_{datetime.now(UTC):%Y%m%d_%H%M%S_%f}"
    aside.mkdir()
    for name in there:
        (home / name).rename(aside / name)
    if taken:
        dumps.set_aside(home, settings.database, aside)
    return aside.name


@contextmanager
def _no_intake(home: Path) -> Iterator[None]:
    with (home / "intake.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"an intake works on {home}. Stop it first.") from None
        yield
