"""Fixtures: real servers, each started once when a test first asks for it, and gone at the end."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from infra.services import elasticsearch as elasticsearch_server
from infra.services import minio as minio_server
from infra.services import postgresql as postgresql_server
from infra.services import tools
from infra.services import versitygw as versitygw_server
from infra.services.elasticsearch import Elasticsearch
from infra.services.object_store import ObjectStore, Tls
from infra.services.postgresql import PostgreSQL
from infra.services.process import HOST


@pytest.fixture(scope="session")
def server_homes() -> Iterator[Path]:
    """A folder for the servers' homes, where the account that they run under gets too."""
    folder = Path(tempfile.mkdtemp(prefix="postroom-servers-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql(server_homes: Path) -> Iterator[PostgreSQL]:
    """PostgreSQL; ``fresh_database`` makes a database of a test's own."""
    # A killed process loses nothing without it; only a power cut would.
    with postgresql_server.start(server_homes / "postgresql", options={"fsync": "off"}) as server:
        yield server


@pytest.fixture(scope="session")
def minio(server_homes: Path) -> Iterator[ObjectStore]:
    """MinIO over HTTP."""
    tools.install("minio")
    with minio_server.start(server_homes / "minio") as server:
        yield server


@pytest.fixture(scope="session")
def minio_tls(server_homes: Path, tls_files: Tls) -> Iterator[ObjectStore]:
    """MinIO over TLS, with an authority that nobody else knows."""
    tools.install("minio")
    with minio_server.start(server_homes / "minio-tls", tls=tls_files) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw(server_homes: Path) -> Iterator[ObjectStore]:
    """The Versity gateway, the other S3."""
    tools.install("versitygw")
    with versitygw_server.start(server_homes / "versitygw") as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch(server_homes: Path) -> Iterator[Elasticsearch]:
    """Elasticsearch, without a password. Name indexes by ``fresh_name``."""
    tools.install("elasticsearch")
    with elasticsearch_server.start(server_homes / "elasticsearch") as server:
        yield server


@pytest.fixture(scope="session")
def tls_files(server_homes: Path) -> Tls:
    """A certificate for loopback, its key, and the authority that signed it."""
    files = Tls(*(server_homes / name for name in ("server.pem", "server.key", "authority.pem")))
    authority = trustme.CA()
    issued = authority.issue_cert(HOST, "localhost")
    authority.cert_pem.write_to_path(str(files.authority))
    issued.private_key_pem.write_to_path(str(files.key))
    for chained in issued.cert_chain_pems:
        chained.write_to_path(str(files.certificate), append=True)
    return files


def fresh_name(prefix: str = "test") -> str:
    """A name that no other test has: lower-case letters, digits and hyphens."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def fresh_database(server: PostgreSQL) -> str:
    """Make an empty database of its own; gives its url."""
    return server.create_database(fresh_name())


def fresh_bucket_name() -> str:
    """A name for a bucket that is not there yet."""
    return fresh_name("bucket")
