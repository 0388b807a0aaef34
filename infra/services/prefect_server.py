"""A local Prefect server with its UI: loopback only, its own folder, quiet, telling nobody.

The server runs as its own process; Prefect is not imported here.
"""

import os
import sys
from pathlib import Path

from infra.services import process
from infra.services.process import Running

HEALTH = "/api/health"


def start(home: Path, port: int | None = None, timeout: float = 180) -> Running:
    """Start a server whose database and log live in ``home``; return once it answers.

    A first start makes the database and unpacks the UI: about 25 s, then 12 s. ``Running.url`` is
    the UI's address, ``api_url`` the API's. Stop it with ``process.stop`` or a ``with`` block.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.

    Raises:
        Unavailable: it does not come up; the message ends with its last words.
    """
    home = home.resolve()

    def command(port: int) -> list[str]:
        listen = ["--host", process.HOST, "--port", str(port)]
        return [sys.executable, "-m", "prefect", "server", "start", *listen]

    # Settings of another Prefect in the caller's environment must not reach this server.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return process.start(
        "Prefect server",
        command,
        home=home,
        env=inherited | environment(home),
        health=HEALTH,
        port=port,
        timeout=timeout,
    )


def api_url(running: Running) -> str:
    """The address that flows talk to, for ``environment``."""
    return f"{running.url}/api"


def environment(home: Path, api_url: str | None = None) -> dict[str, str]:
    """The variables that a process must have before it imports Prefect, as the server or its client.

    They keep Prefect in ``home``, off the network beyond loopback, and from asking or chattering.
    Without ``api_url`` a client would start a short-lived server of its own.
    """
    settings = {
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_API_HOST": process.HOST,
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Else it unpacks the UI among the installed packages, which may be read-only.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
    }
    return settings | ({"PREFECT_API_URL": api_url} if api_url else {})
