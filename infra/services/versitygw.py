"""A Versity S3 gateway over a folder, the second S3 of the tests: loopback only, its own folder."""

from pathlib import Path

from infra.services import account, process
from infra.services.object_store import USER, ObjectStore
from infra.services.server import bare_environment, kept_secret, pinned, program

_HEALTH = "/-/health"  # no bucket's name, so it hides none


def version() -> str:
    """The version that ``make tools`` gets; the program itself does not know."""
    return pinned("versitygw")


def start(
    home: Path, port: int | None = None, timeout: float = 60, *, outlive: process.Outlive | None = None
) -> ObjectStore:
    """Start a server whose objects, secret and log live in ``home``; return once it answers: 1 s.

    It keeps versions and locks. It ignores a request for encryption without a word and does not sync
    what it writes: for tests only.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        outlive: do not end it with us; told its process id and port at once.

    Raises:
        Unavailable: it is not installed or does not come up; the message ends with its last words.
        Usage: we are root and nobody cannot get to ``home``.
    """
    home = home.resolve()
    binary = program("versitygw")
    account.give(home)
    secret = kept_secret(home / "secret-key")
    data, versions, users = (account.give(home / name) for name in ("data", "versions", "users"))

    def command(port: int) -> list[str | Path]:
        listen = ["--port", f"{process.HOST}:{port}", "--health", _HEALTH]
        return [binary, *listen, "--quiet", "--iam-dir", users, "posix", "--versioning-dir", versions, data]

    running = process.start(
        "Versity gateway",
        command,
        home=home,
        env=bare_environment(home) | {"ROOT_ACCESS_KEY": USER, "ROOT_SECRET_KEY": secret},
        health=_HEALTH,
        port=port,
        timeout=timeout,
        unprivileged=True,
        outlive=outlive,
    )
    return ObjectStore(running, secret)
