"""An Elasticsearch server: the core distribution with our analysis plugin; loopback only, its own folder."""

import base64
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import Unavailable
from infra.services import account, process
from infra.services.health import over_http
from infra.services.object_store import Tls
from infra.services.server import TOOLS, Server, bare_environment, kept_secret, pinned

PLUGIN = "postroom-analysis"
USER = "postroom"
# Red until the indexes that were there before are back.
_HEALTH = "/_cluster/health?wait_for_status=yellow&timeout=1s"
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%consoleException%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


@dataclass(frozen=True, slots=True)
class Elasticsearch(Server):
    """A running server.

    Attributes:
        user: for basic authentication; "" when anybody on this machine may do everything.
        password: of that user.
        certificates: the authority's file that clients must trust, with TLS; else None.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    certificates: Path | None = None

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"{'https' if self.certificates else 'http'}://{process.HOST}:{self.port}"


def version() -> str:
    """The version that ``start`` starts."""
    return pinned("elasticsearch")


def distribution() -> Path:
    """The server's folder, as ``make tools`` put it in place, with our plugin in it.

    Raises:
        Unavailable: it or a Java runtime is not there.
    """
    folder = (TOOLS / f"elasticsearch-{version()}").resolve()
    if not (folder / "plugins" / PLUGIN).is_dir():
        raise Unavailable("Elasticsearch is not installed. Run: make tools")
    return folder


def password(home: Path) -> str:
    """What a server that is ``secured`` asks for; made at first use."""
    return kept_secret(home / "password")


def answers(home: Path, port: int) -> bool:
    """Whether the ``secured`` server on loopback ``port``, without TLS, is ready."""
    return process.answers(port, over_http(_HEALTH, None, USER, password(home)))


def start(
    home: Path,
    port: int | None = None,
    timeout: float = 180,
    *,
    secured: bool = False,
    tls: Tls | None = None,
    heap_mb: int = 512,
    options: Mapping[str, str | int | bool] | None = None,
    outlive: process.Outlive | None = None,
) -> Elasticsearch:
    """Start a server whose indexes, settings, secrets and log live in ``home``; return once it answers.

    That takes about 16 s. It needs some 250 MB beside its heap.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        secured: ask for a user and a password.
        tls: certificate for 127.0.0.1; needs ``secured``. None: plain HTTP.
        heap_mb: megabytes of heap.
        options: further settings of ``elasticsearch.yml``.
        outlive: do not end it with us; told its process id and port at once.

    Raises:
        Unavailable: it is not installed or does not come up; the message ends with its last words.
        Usage: we are root and nobody cannot get to ``home``.
    """
    home = home.resolve()
    server = distribution()
    java = _java()
    account.give(home)
    folders = {name: account.give(home / name) for name in ("data", "tmp", "snapshots", "config")}
    secret = password(home) if secured else ""
    authority = tls.authority if tls else None
    configuration: dict[str, object] = {
        "cluster.name": "postroom",
        "node.name": "postroom",
        "network.host": process.HOST,
        "transport.port": "0",
        "discovery.type": "single-node",
        "path.data": str(folders["data"]),
        "path.logs": str(home),
        "path.repo": str(folders["snapshots"]),
        "cluster.routing.allocation.disk.threshold_enabled": False,
        "xpack.security.enabled": secured,
    }
    if tls:
        configuration |= _certify(folders["config"], tls)
    _configure(folders["config"], configuration | dict(options or {}), secret, heap_mb)
    env = {
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(folders["config"]),
        "ES_TMPDIR": str(folders["tmp"]),
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1",
    }
    running = process.start(
        "Elasticsearch",
        lambda port: [server / "bin" / "elasticsearch", "-E", f"http.port={port}"],
        home=home,
        env=bare_environment(home) | env,
        health=over_http(_HEALTH, authority, USER if secured else "", secret),
        port=port,
        timeout=timeout,
        unprivileged=True,
        outlive=outlive,
    )
    return Elasticsearch(running, USER if secured else "", secret, authority)


def _java() -> Path:
    java = shutil.which("java")
    if java is None:
        raise Unavailable(
            "Elasticsearch needs Java 17. Run: make tools (or: apt-get install default-jdk-headless)"
        )
    return Path(java).resolve().parents[1]


def _configure(folder: Path, configuration: Mapping[str, object], password: str, heap_mb: int) -> None:
    """Write what the server reads at its start."""
    # JSON is YAML too.
    write = {
        "elasticsearch.yml": json.dumps(configuration, indent=1),
        "log4j2.properties": _LOGGING,
        "jvm.options": "\n".join(
            (
                f"-Xms{heap_mb}m",
                f"-Xmx{heap_mb}m",
                "-XX:-AlwaysPreTouch",
                # The first compiler only: it starts in 16 s, not 26 to 44.
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.io.tmpdir=${ES_TMPDIR}",
                "",
            )
        ),
    }
    if password:
        write |= {"users": f"{USER}:{_hashed(password)}\n", "users_roles": f"superuser:{USER}\n"}
    for name, content in write.items():
        file = folder / name
        file.touch(0o600)
        file.write_text(content, "utf-8")
        account.own(file)


def _certify(folder: Path, tls: Tls) -> dict[str, object]:
    """Copy certificate and key to where the server may read them; gives the settings that name them."""
    for source, name in ((tls.certificate, "http.pem"), (tls.key, "http.key")):
        shutil.copyfile(source, folder / name)
        (folder / name).chmod(0o600)
        account.own(folder / name)
    return {
        "xpack.security.http.ssl.enabled": True,
        "xpack.security.http.ssl.certificate": "http.pem",
        "xpack.security.http.ssl.key": "http.key",
    }


def _hashed(password: str) -> str:
    """As Elasticsearch's file of users wants it: PBKDF2 with HMAC-SHA-512, cost, salt and key of 32 bytes."""
    cost, salt = 10_000, secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, cost, 32)
    return f"{{PBKDF2}}{cost}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
