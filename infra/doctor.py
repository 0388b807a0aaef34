"""The doctor: what is in use, what answers, what is missing and the command that mends it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from capture.tools.libreoffice import INSTALL
from capture.tools.libreoffice import probe as probe_libreoffice
from capture.tools.tesseract import CODES, probe
from domain.entry import Query
from domain.errors import PostroomError
from infra.settings import Settings, load_settings

_PACKAGES = (
    "ocrmypdf", "tesserocr", "pdfplumber", "scikit-learn", "pyzbar", "zxing-cpp", "opencv-python-headless",
    "django", "psycopg", "boto3", "elasticsearch", "tantivy", "prefect",
)  # fmt: skip
_LANGUAGES = ("en", "es", "fr", "de")
_LOW_DISK_GB = 2.0
_PROBE = "work/doctor/probe"  # where every role may write and remove


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``needed``: without it the main job cannot run."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True


def examine(home: Path) -> dict[str, Any]:
    """All checks of the instance in ``home``; ``ok`` when the main job can run."""
    checks = list(_checks(home))
    return {
        "ok": all(check.ok for check in checks if check.needed),
        "version": version("postroom"),
        "home": str(home),
        "checks": [asdict(check) for check in checks],
    }


def _checks(home: Path) -> Iterator[Check]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("Python", sys.version_info >= (3, 11), python, "Install Python 3.11 or later.")
    yield from (_package(name) for name in _PACKAGES)
    yield _zbar()
    yield _sandbox()
    yield _home(home)
    try:
        settings = load_settings(home)
    except PostroomError as error:
        yield Check("settings", False, str(error), "Correct the setting as it says.")
        return
    yield Check("settings", True, f"{settings.processes} processes, time zone {settings.timezone}")
    yield from _tesseract(settings)
    yield _command("tesseract", "the comparison in: postroom bench capture", "apt-get install tesseract-ocr")
    yield _libreoffice()
    yield from _services(home, settings)
    yield _disk(home)


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed", "make setup")


def _zbar() -> Check:
    from capture.barcode_engines import zbar_missing

    missing = zbar_missing()
    return Check("libzbar", not missing, missing or "found", "apt-get install libzbar0" if missing else "")


def _sandbox() -> Check:
    from capture.sandbox import try_out

    wrong = try_out()
    if not wrong:
        return Check("sandbox", True, "reading processes have no network")
    missing = "libseccomp2" in wrong
    fix = "apt-get install libseccomp2" if missing else "Allow seccomp filters: docs/operations.md"
    return Check("sandbox", False, f"reading processes have a network: {wrong}", fix, needed=False)


def _home(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = os.access(place, os.W_OK)
    return Check("home", writable, str(home), "" if writable else f"chown {os.getuid()} {place}")


def _tesseract(settings: Settings) -> Iterator[Check]:
    engine = probe(settings.capture.tessdata)
    built = "built for this processor" if engine.built_here else "from PyPI: make engine builds a faster one"
    yield Check("OCR engine", True, f"Tesseract {engine.version}, in process, {built}")
    for code in _LANGUAGES:
        there = code in engine.languages
        found = str(engine.tessdata) if there else f"no data in {engine.tessdata}"
        fix = "" if there else f"apt-get install tesseract-ocr-{CODES[code]}"
        yield Check(f"reading {code}", there, found, fix, needed=code == "en")


def _libreoffice() -> Check:
    found = probe_libreoffice()
    if found is None:
        return Check("LibreOffice", False, "missing; office files are refused without it", INSTALL, False)
    return Check("LibreOffice", True, f"{found.version}, {found.program}", "", False)


def _command(name: str, purpose: str, fix: str) -> Check:
    path = shutil.which(name)
    return Check(
        f"{name} command",
        path is not None,
        path or f"missing; only for {purpose}",
        "" if path else fix,
        False,
    )


def _services(home: Path, settings: Settings) -> Iterator[Check]:
    from infra.wiring import open_services

    def database() -> str:
        open_services(home)
        if settings.database.url.get_secret_value():
            from infra.database import server

            return f"PostgreSQL {server()}, at most {settings.database.connections} connections a process"
        return f"SQLite, {home / 'register.sqlite3'}"

    def index() -> str:
        held = open_services(home, database=False).index.search(Query("", limit=0)).total
        place = settings.index.url or home / "index"
        return f"{'Elasticsearch' if settings.index.url else 'Tantivy'}, {place}, {held} entries"

    def archive() -> str:
        store = open_services(home, database=False).archive
        store.put(_PROBE, b"written by postroom doctor")
        store.delete(_PROBE)
        bucket, endpoint = settings.archive.bucket, settings.archive.endpoint
        return f"bucket {bucket} at {endpoint or 'AWS'}" if bucket else f"folder, {home / 'archive'}"

    def mail() -> str:
        from infra.wiring import open_mail

        return open_mail(open_services(home, database=False)).check()

    yield _answers("register", database)
    yield _answers("archive", archive)
    yield _answers("index", index)
    yield replace(_answers("mail", mail), needed=False)
    champion = home / "models" / "champion"
    model = (
        champion.read_text().strip() if champion.exists() else "none yet; trained on sample mail at first use"
    )
    yield Check("classifier", True, model)
    yield Check(
        "Prefect server", True, settings.prefect_api_url or "its own on loopback while `postroom up` runs"
    )


def _answers(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, True, ask())
    except PostroomError as error:
        return Check(name, False, str(error), "Do as it says.")
    except Exception as error:
        return Check(
            name, False, f"{type(error).__name__}: {error}", "Restore it from the backup: docs/operations.md"
        )


def _disk(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= _LOW_DISK_GB
    return Check(
        "free disk", enough, f"{free:.1f} GB", "" if enough else f"Free space on the disk of {place}."
    )
