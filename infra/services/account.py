"""The account that servers run under when we are root, whom PostgreSQL and Elasticsearch refuse."""

import os
import subprocess
from pathlib import Path

from domain.errors import Usage

NOBODY = 65534  # Debian's nobody and nogroup
_BECOME = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")


def become() -> tuple[str, ...]:
    """Options of ``setpriv`` that leave root for nobody; none when we are not root."""
    return _BECOME if os.geteuid() == 0 else ()


def prefix() -> tuple[str, ...]:
    """What to put before a command that a server's program must not run as root; may be empty."""
    return ("setpriv", *_BECOME, "--") if os.geteuid() == 0 else ()


def give(folder: Path) -> Path:
    """Make ``folder`` where it is missing and give it to the account, closed to all others.

    What lies in it already keeps its owner.

    Raises:
        Usage: the account cannot get there, as below root's own home.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
    own(folder)
    check_reach(folder)
    return folder


def own(path: Path) -> None:
    """Make a file or folder the account's."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def check_reach(path: Path) -> None:
    """See that the account can enter a folder, or run a program.

    Raises:
        Usage: it cannot; says which folder is closed to it.
    """
    if os.geteuid() != 0 or _reaches(path):
        return
    closed = next((folder for folder in reversed(path.parents) if not _reaches(folder)), path)
    raise Usage(
        f"servers run as nobody, who cannot get to {path}: {closed} is closed to others. "
        "Choose a home outside of it (--home), or open that folder (chmod o+x)."
    )


def _reaches(path: Path) -> bool:
    return subprocess.run([*prefix(), "test", "-x", path]).returncode == 0
