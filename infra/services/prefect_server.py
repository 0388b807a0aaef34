"""A local Prefect server with its UI: loopback only, its own folder, with a password, quiet, telling nobody.

The server runs as its own process; Prefect is not imported here.
"""

import base64
import os
import secrets
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from infra.services import process
from infra.services.server import Server, kept_secret

HEALTH = "/api/health"  # answers without the password
_USER = "postroom"


@dataclass(frozen=True, slots=True)
class PrefectServer(Server):
    """A running server. ``auth`` is ``user:password``, which its API and its pages ask for."""

    auth: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where people open it."""
        return self.running.url

    @property
    def headers(self) -> dict[str, str]:
        """What a request to the API carries."""
        return {"Authorization": f"Basic {base64.b64encode(self.auth.encode()).decode()}"}


def version() -> str:
    """The version that ``start`` starts."""
    return metadata.version("prefect")


def auth(home: Path) -> str:
    """What the server asks for, ``user:password``; made at first use."""
    return kept_secret(home / "auth", lambda: f"{_USER}:{secrets.token_urlsafe(24)}")


def answers(home: Path, port: int) -> bool:
    """Whether the server on loopback ``port`` is ready."""
    return process.answers(port, HEALTH)


def start(
    home: Path,
    port: int | None = None,
    timeout: float = 180,
    *,
    database_url: str = "",
    outlive: process.Outlive | None = None,
) -> PrefectServer:
    """Start a server whose database, password and log live in ``home``; return once it answers.

    A first start makes the database and unpacks the UI: about 25 s, then 12 s.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        database_url: a PostgreSQL database of its own, as ``postgresql://``; "" for SQLite in ``home``.
        outlive: do not end it with us; told its process id and port at once.

    Raises:
        Unavailable: it does not come up; the message ends with its last words.
    """
    home = home.resolve()
    secret = auth(home)

    def command(port: int) -> list[str]:
        listen = ["--host", process.HOST, "--port", str(port)]
        return [sys.executable, "-m", "prefect", "server", "start", *listen]

    # Settings of another Prefect in the caller's environment must not reach this server.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    # The server is a client of its own too.
    own = {"PREFECT_SERVER_API_AUTH_STRING": secret, "PREFECT_API_AUTH_STRING": secret}
    if database_url:
        address = database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
        own["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = address
    running = process.start(
        "Prefect server",
        command,
        home=home,
        env=inherited | environment(home) | own,
        health=HEALTH,
        port=port,
        timeout=timeout,
        outlive=outlive,
    )
    return PrefectServer(running, secret)


def api_url(server: PrefectServer) -> str:
    """The address that flows talk to, for ``environment``."""
    return f"{server.url}/api"


def environment(home: Path, api_url: str | None = None, auth: str = "") -> dict[str, str]:
    """The variables that a process must have before it imports Prefect, as the server or its client.

    They keep Prefect in ``home``, off the network beyond loopback, and from asking or chattering.
    Without ``api_url`` a client would start a short-lived server of its own. ``auth`` is what the
    API asks for, ``user:password``; "" when it asks for nothing.
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
    client = {"PREFECT_API_URL": api_url or "", "PREFECT_API_AUTH_STRING": auth}
    return settings | {name: value for name, value in client.items() if value}
