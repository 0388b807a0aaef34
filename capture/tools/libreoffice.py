"""LibreOffice: where it is, and office files printed to PDF by it, headless and shut in."""

import errno
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pikepdf

from capture.tools import confined
from domain.errors import Refused

PACKAGES = "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
INSTALL = f"apt-get install --no-install-recommends {PACKAGES}"

_PLACES = (Path("/usr/lib/libreoffice/program"), Path("/opt/libreoffice/program"))
_ROOM = 16 << 20  # bytes of disk; with less left it fails in ways of its own, whatever the file
_AGAIN = 81  # it has just made its profile, and asks to be started once more
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.Office.{path}">'
    '<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SETTINGS = (
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Load", "UpdateDocMode", "0"),
    ("Writer/Content/Update", "Link", "2"),
    ("Calc/Content/Update", "Link", "2"),
    ("Common/Misc", "FirstRun", "false"),
)  # never: links of a document are not followed, its macros and embedded objects not run


@dataclass(frozen=True, slots=True)
class LibreOffice:
    """Its program, and its version as it says itself; "" when it does not say."""

    program: Path
    version: str


def find() -> Path | None:
    """The program, as Debian's packages or a download of LibreOffice's own install it; None: not there."""
    command = shutil.which("soffice")
    places = (*([Path(command).resolve().parent] if command else []), *_PLACES)
    return next((place / "soffice.bin" for place in places if (place / "soffice.bin").is_file()), None)


@cache
def probe() -> LibreOffice | None:
    """What is installed; None: nothing is."""
    program = find()
    if program is None:
        return None
    environment = _environment("/")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, env=environment)
    version = re.search(r"\d+(\.\d+)+", said.stdout)
    return LibreOffice(program, version.group() if version else "")


def to_pdf(path: Path, media: str, out: Path, *, seconds: float, memory_mb: int) -> Path:
    """The office file as ``rendition.pdf`` in the folder ``out``. Same file and version, same bytes.

    It runs without network, macros, links and embedded programs, in a profile of its own, and sees of the
    disk only its own files and ``out``, as far as the kernel can see to that (``capture.tools.confined``).

    Args:
        path: the file.
        media: its kind, as ``capture.media.sniff`` names it.
        out: an empty folder.
        seconds: wall time that it may take.
        memory_mb: address space that it may use.

    Raises:
        Refused: LibreOffice is not installed, or cannot open the file within these limits.
        OSError: the disk is full.
    """
    program = find()
    if program is None:
        raise Refused(
            "LibreOffice is not installed here, and office files need it",
            f"{INSTALL}; then: postroom exceptions retry ID",
        )
    home = out / "home"
    (home / "user").mkdir(parents=True)
    items = "\n".join(_ITEM.format(path=at, name=name, value=value) for at, name, value in _SETTINGS)
    (home / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items), "utf-8")
    copy = out / f"original.{media}"  # its true kind for an ending, and a name without surprises
    shutil.copyfile(path, copy)
    command = [
        sys.executable, "-I", "-S", confined.__file__, str(memory_mb), str(out), "--",
        str(program), f"-env:UserInstallation={home.as_uri()}", "--headless", "--norestore", "--nolockcheck",
        "--nodefault", "--nofirststartwizard", "--convert-to", "pdf", "--outdir", str(out), str(copy),
    ]  # fmt: skip
    try:
        for _ in range(2):
            done = subprocess.run(
                command, env=_environment(str(home)), cwd=out, capture_output=True, timeout=seconds
            )
            if done.returncode != _AGAIN:
                break
    except subprocess.TimeoutExpired as error:
        raise Refused(
            f"LibreOffice was not done with it after {seconds:g} seconds", "send it as PDF"
        ) from error
    made = out / "original.pdf"
    if not made.exists():
        if shutil.disk_usage(out).free < _ROOM:
            raise OSError(errno.ENOSPC, "no room for LibreOffice to print the file", str(out))
        raise Refused(f"LibreOffice cannot open it: {_why(done)}", "open it, and send it as PDF")
    shutil.rmtree(home)
    copy.unlink()
    return _plain(made, out / "rendition.pdf")


def _environment(home: str) -> dict[str, str]:
    return {"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": home} | (
        {"FONTCONFIG_FILE": os.environ["FONTCONFIG_FILE"]} if "FONTCONFIG_FILE" in os.environ else {}
    )


def _why(done: "subprocess.CompletedProcess[bytes]") -> str:
    if done.returncode < 0:
        return f"it ended by signal {-done.returncode}"
    if b"could not be loaded" in done.stderr + done.stdout:
        return "it is damaged, or needs a password"
    return f"it ended with code {done.returncode}"


def _plain(made: Path, target: Path) -> Path:
    """The PDF without the moment and the random number that LibreOffice writes into it."""
    with pikepdf.open(made) as pdf:
        for name in ("/CreationDate", "/ModDate"):
            if name in pdf.docinfo:
                del pdf.docinfo[name]
        if "/Metadata" in pdf.Root:
            del pdf.Root.Metadata
        for name in ("/ID", "/DocChecksum"):
            if name in pdf.trailer:
                del pdf.trailer[name]
        pdf.save(target, deterministic_id=True)
    made.unlink()
    return target
