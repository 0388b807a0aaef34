"""Gets the servers that no Debian package brings: ``infra/setup/tools.sh``, which ``make tools`` runs."""

import subprocess
from pathlib import Path

from domain.errors import Unavailable

_SCRIPT = Path(__file__).resolve().parents[1] / "setup" / "tools.sh"


def install(*names: str) -> None:
    """Get these servers of ``infra/setup/servers`` where they are missing. Minutes at first, then 50 ms.

    Raises:
        Unavailable: one cannot be had; the message has the installer's last words.
    """
    done = subprocess.run(["bash", _SCRIPT, *names], capture_output=True, text=True, errors="replace")
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or [""]
        raise Unavailable(f"{', '.join(names)}: not installed. It said: {words[-1]}. See: make tools")
