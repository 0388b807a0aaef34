"""A MinIO server, an S3 for trials and tests: loopback only, its own folder, HTTP or TLS, a key for SSE."""

import base64
import secrets
import shutil
from pathlib import Path

from infra.services import account, process
from infra.services.health import over_http
from infra.services.object_store import USER, ObjectStore, Tls
from infra.services.server import bare_environment, kept_secret, pinned, program

KMS_KEY = "postroom-key"
_HEALTH = "/minio/health/ready"


def version() -> str:
    """The version that ``make tools`` gets; the program itself does not know."""
    return pinned("minio")


def secret_key(home: Path) -> str:
    """The key of the account that may do everything; made at first use."""
    return kept_secret(home / "secret-key")


def answers(home: Path, port: int) -> bool:
    """Whether the server on loopback ``port``, without TLS, is ready."""
    return process.answers(port, _HEALTH)


def start(
    home: Path,
    port: int | None = None,
    timeout: float = 60,
    *,
    tls: Tls | None = None,
    outlive: process.Outlive | None = None,
) -> ObjectStore:
    """Start a server whose objects, secrets and log live in ``home``; return once it answers: 1 s.

    Objects may ask for ``AES256`` or ``aws:kms`` with ``KMS_KEY``; a customer's key needs TLS.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        tls: certificate for 127.0.0.1; None: plain HTTP.
        outlive: do not end it with us; told its process id and port at once.

    Raises:
        Unavailable: it is not installed or does not come up; the message ends with its last words.
        Usage: we are root and nobody cannot get to ``home``.
    """
    home = home.resolve()
    binary = program("minio")
    account.give(home)
    secret = secret_key(home)
    certificates = account.give(home / "certs")
    if tls:
        for source, name in ((tls.certificate, "public.crt"), (tls.key, "private.key")):
            shutil.copyfile(source, certificates / name)
            (certificates / name).chmod(0o600)
            account.own(certificates / name)
    env = {
        "MINIO_ROOT_USER": USER,
        "MINIO_ROOT_PASSWORD": secret,
        "MINIO_KMS_SECRET_KEY": f"{KMS_KEY}:{kept_secret(home / 'kms-key', _kms_key)}",
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }

    def command(port: int) -> list[str | Path]:
        listen = ["--address", f"{process.HOST}:{port}"]
        return [binary, "server", "--quiet", "--certs-dir", certificates, *listen, home / "data"]

    running = process.start(
        "MinIO",
        command,
        home=home,
        env=bare_environment(home) | env,
        health=over_http(_HEALTH, tls.authority) if tls else _HEALTH,
        port=port,
        timeout=timeout,
        unprivileged=True,
        outlive=outlive,
    )
    return ObjectStore(running, secret, tls.authority if tls else None)


def _kms_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
