"""The composition root: the only place that picks implementations."""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archive.local import LocalArchive
from archive.port import Archive
from domain.errors import Unavailable, Usage
from index.embedded import EmbeddedIndex
from index.port import Index
from infra.settings import Settings, load_settings

if TYPE_CHECKING:
    from infra.mail import Outgoing


@dataclass(frozen=True, slots=True)
class Services:
    """What the flows and commands of one instance work with, and where its files lie.

    ``host`` names this home among those that share a register; ``mirror`` is the archive's second copy.
    """

    home: Path
    settings: Settings
    archive: Archive
    index: Index
    host: str
    mirror: Archive | None = None

    @property
    def drop(self) -> Path:
        """The drop folder used when none is named."""
        return self.home / "drop"

    @property
    def spool(self) -> Path:
        """Files taken from drop folders and not released yet, ``<batch key>/<ordinal>``."""
        return self.home / "spool"

    @property
    def work(self) -> Path:
        """Readings and documents in the making, ``<batch key>/``. May be thrown away at any time."""
        return self.home / "work"

    @property
    def models(self) -> Path:
        """The classifier's models."""
        return self.home / "models"


def with_max_error(services: Services, max_error: float | None) -> Services:
    """The services with this share that may be wrong of what is filed by machine, for all classes."""
    if max_error is None:
        return services
    asked = {"max_error": max_error, "max_error_by_class": {}}
    settings = services.settings
    classifier = settings.classifier.model_copy(update=asked)
    return replace(services, settings=settings.model_copy(update={"classifier": classifier}))


def open_services(home: Path, *, database: bool = True) -> Services:
    """The services of the instance in ``home``, which is made if it is not there.

    Without ``database`` the register stays untouched, which is quicker.

    Raises:
        Usage: the home or a setting cannot be.
    """
    settings = load_settings(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"cannot make the home {home}: {error.strerror}. Choose another with --home") from error
    services = Services(
        home=home,
        settings=settings,
        archive=open_archive(settings, home),
        index=_index(settings, home),
        host=_host(home),
        mirror=_mirror(settings),
    )
    if database:
        from infra.database import connect

        connect(home, settings.database)
    return services


# The servers' clients cost a third of a second each to import: only for those who use them.


def _host(home: Path) -> str:
    """The name of this home among all that share a register: made once, kept with the spool."""
    file = home / "host"
    if not file.exists():
        partial = home / f".host.{os.getpid()}"
        partial.write_text(f"{socket.gethostname()[:64]}-{secrets.token_hex(4)}\n", "utf-8")
        with suppress(FileExistsError):
            os.link(partial, file)
        partial.unlink()
    return file.read_text("utf-8").strip()


def open_archive(settings: Settings, home: Path) -> Archive:
    """The archive of the instance in ``home``. Connects to nothing."""
    if not settings.archive.bucket:
        return LocalArchive(home / "archive")
    from archive.s3 import S3Archive

    return S3Archive(settings.archive)


def _mirror(settings: Settings) -> Archive | None:
    mirror = settings.archive.of_mirror()
    if mirror is None:
        return None
    from archive.s3 import S3Archive

    return S3Archive(mirror)


def _index(settings: Settings, home: Path) -> Index:
    if not settings.index.url:
        return EmbeddedIndex(home / "index")
    from index.elastic import ElasticIndex

    return ElasticIndex(settings.index)


def open_mail(services: Services) -> "Outgoing":
    """Where mail goes out. Connects to nothing."""
    from infra.mail import Folder, Smtp

    mail = services.settings.mail
    return Smtp(mail) if mail.host else Folder(services.home / "mail")


@contextmanager
def sole_intake(services: Services) -> Iterator[None]:
    """Keep a second intake off this home while the block runs.

    Raises:
        Unavailable: another process holds it.
    """
    with _locked(services.home / "intake.lock") as (free, holder):
        if not free:
            raise Unavailable(
                f"another intake (process {holder or '?'}) works on {services.home}. "
                "Wait for it, stop it, or use another --home."
            )
        yield


@contextmanager
def sole_worker(services: Services, batch_key: str) -> Iterator[bool]:
    """Keep other processes off a batch while the block runs; yields whether it was free."""
    folder = services.home / "locks"
    folder.mkdir(exist_ok=True)
    with _locked(folder / batch_key) as (free, _):
        yield free


@contextmanager
def _locked(path: Path) -> Iterator[tuple[bool, str]]:
    """Yields whether the lock was free, and otherwise the process that holds it. It dies with its process."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            yield False, lock.read().strip()
            return
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield True, ""
