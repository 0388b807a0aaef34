"""Each real server starts, does its work, is killed, comes back with the same data, and stops."""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg
import pytest
from botocore.exceptions import SSLError
from elasticsearch import AuthenticationException
from elasticsearch import Elasticsearch as Client

from domain.errors import Unavailable, Usage
from infra.services import account, elasticsearch, minio, postgresql, process, server, versitygw
from infra.services.object_store import ObjectStore, Tls
from infra.services.postgresql import PostgreSQL
from infra.services.server import Server
from tests.servers import fresh_bucket_name, fresh_database, fresh_name

ACCOUNT = account.NOBODY if os.geteuid() == 0 else os.getuid()


def family(running: Server) -> list[psutil.Process]:
    parent = psutil.Process(running.pid)
    return [parent, *parent.children(recursive=True)]


def owners(processes: list[psutil.Process]) -> set[int]:
    """Who they run as; what ended meanwhile, as a closed connection's process does, is nobody's."""
    found = set()
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            found.add(one.uids().real)
    return found


def s3(store: ObjectStore, **options: Any) -> Any:
    trusted = {"verify": str(store.certificates)} if store.certificates else {}
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        region_name=store.region,
        **{**trusted, **options},
    )


def killed_and_stopped(running: Server, holds: Callable[[], bool]) -> None:
    """See that it runs as it should, and keeps what it holds through a kill and a stop."""
    with running:
        assert holds()
        before = family(running)
        assert owners(before) == {ACCOUNT}
        running.kill()
        assert not any(process.alive(one) for one in before)
        assert not process.answers(running.port)
        again = running.restart()
    with again:
        assert (again.port, again.pid != running.pid) == (running.port, True)
        assert holds()
        last = family(again)
    assert not any(process.alive(one) for one in last)
    assert not process.answers(running.port)
    again.stop()
    again.kill()


def test_postgresql(server_homes: Path) -> None:
    home = server_homes / fresh_name("postgresql")
    options = {"max_connections": "7"}
    running = postgresql.start(home, options=options)
    url = running.create_database("letters")
    assert running.create_database("letters") == url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE letter AS SELECT 'für María' AS subject")

    def holds() -> bool:
        with psycopg.connect(url) as connection:
            limit = connection.execute("SHOW max_connections").fetchone()
            return connection.execute("SELECT subject FROM letter").fetchall() == [("für María",)] and (
                limit == ("7",)
            )

    killed_and_stopped(running, holds)
    # The folder alone is enough to go on, as after a new start of everything.
    with postgresql.start(home, running.port, options=options) as another:
        assert another.url("letters") == url
        assert holds()
        another.drop_database("letters")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            holds()


def test_postgresql_comes_back_though_its_killed_process_is_not_cleared_away(server_homes: Path) -> None:
    home = server_homes / fresh_name("postgresql")
    with postgresql.start(home) as killed:
        ended = psutil.Process(killed.pid)
        ended.kill()
        assert process.until(lambda: not process.alive(ended), 30)
        clearing = threading.Timer(1, killed.running.process.wait)
        clearing.start()
        with postgresql.start(home) as again:
            assert not psutil.pid_exists(killed.pid)
            assert postgresql.answers(home, again.port)
        clearing.join()


def test_postgresql_lets_nobody_in_without_the_password(postgresql: PostgreSQL) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postroom:guess@127.0.0.1:{postgresql.port}/postgres")


def test_databases_do_not_touch_each_other(postgresql: PostgreSQL) -> None:
    one, two = fresh_database(postgresql), fresh_database(postgresql)
    for url in (one, two):
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE letter (number int)")


def keeps_versions(store: ObjectStore) -> Callable[[], bool]:
    client, bucket = s3(store), fresh_bucket_name()
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    for body in (b"first", b"second"):
        client.put_object(Bucket=bucket, Key="letter.pdf", Body=body)

    def holds() -> bool:
        versions = client.list_object_versions(Bucket=bucket)["Versions"]
        found = [
            client.get_object(Bucket=bucket, Key="letter.pdf", VersionId=one["VersionId"])["Body"].read()
            for one in versions
        ]
        return found == [b"second", b"first"]

    return holds


def test_minio(server_homes: Path) -> None:
    running = minio.start(server_homes / fresh_name("minio"))
    client, bucket = s3(running), fresh_bucket_name()
    client.create_bucket(Bucket=bucket)
    client.put_object(
        Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=minio.KMS_KEY
    )
    versions = keeps_versions(running)

    def holds() -> bool:
        head = client.head_object(Bucket=bucket, Key="k")
        # Read again after a restart: the same key must be there.
        body = client.get_object(Bucket=bucket, Key="k")["Body"].read()
        return (head["ServerSideEncryption"], body) == ("aws:kms", b"x") and versions()

    killed_and_stopped(running, holds)


def test_versitygw(server_homes: Path) -> None:
    running = versitygw.start(server_homes / fresh_name("versitygw"))
    killed_and_stopped(running, keeps_versions(running))


def test_minio_over_tls(minio_tls: ObjectStore) -> None:
    assert minio_tls.url.startswith("https://127.0.0.1:")
    assert keeps_versions(minio_tls)()
    with pytest.raises(SSLError):
        s3(minio_tls, verify=True).list_buckets()


def test_credentials_by_the_standard_chain(
    minio: ObjectStore, minio_tls: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for store in (minio, minio_tls):
        for name, value in store.environment().items():
            monkeypatch.setenv(name, value)
        # A session of its own: the shared one keeps the first store's credentials.
        assert boto3.Session().client("s3", endpoint_url=store.url).list_buckets()["Owner"]


def test_elasticsearch_with_password_and_tls(server_homes: Path, tls_files: Tls) -> None:
    running = elasticsearch.start(
        server_homes / fresh_name("elasticsearch"), secured=True, tls=tls_files, heap_mb=400
    )

    def client(password: str) -> Client:
        return Client(
            running.url,
            basic_auth=(running.user, password),
            ca_certs=str(running.certificates),
            request_timeout=30,
        )

    with client(running.password) as known, client("guess") as stranger:
        known.index(index="letters", id="1", document={"subject": "Rechnung"}, refresh=True)

        def holds() -> bool:
            with pytest.raises(AuthenticationException):
                stranger.info()
            found = known.search(index="letters", query={"match": {"subject": "rechnung"}})
            return bool(found["hits"]["total"]["value"] == 1)

        killed_and_stopped(running, holds)
    log = running.running.log.read_text()
    assert running.password not in log


STARTER = """
import json, sys, time
from pathlib import Path
import psutil
from infra.services import elasticsearch, minio, postgresql
home = Path(sys.argv[1])
kinds = (elasticsearch, minio, postgresql)
running = [kind.start(home / kind.__name__.rpartition(".")[2]) for kind in kinds]
started = [psutil.Process(one.pid) for one in running]
families = [[one, *one.children(recursive=True)] for one in started]
print(json.dumps([[member.pid for member in family] for family in families]), flush=True)
time.sleep(600)
"""


def test_they_die_with_a_starter_that_is_killed(server_homes: Path) -> None:
    place = server_homes / fresh_name("starter")
    with subprocess.Popen([sys.executable, "-c", STARTER, place], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        families = json.loads(starter.stdout.readline())
        pids = {pid for family in families for pid in family}
        started = [one for one in psutil.process_iter() if one.pid in pids]
        assert {family[0] for family in families} <= {one.pid for one in started}
        # Elasticsearch is a launcher and the server proper, PostgreSQL a postmaster and its workers.
        assert [len(family) > 1 for family in families] == [True, False, True]
        starter.kill()
    assert process.until(lambda: not any(process.alive(one) for one in started), 30)


def test_a_home_that_the_account_cannot_reach(server_homes: Path) -> None:
    closed = server_homes / fresh_name("closed")
    closed.mkdir(mode=0o700)
    home = closed / "minio"
    if os.geteuid() != 0:
        minio.start(home).stop()
        return
    with pytest.raises(Usage) as raised:
        minio.start(home)
    assert str(raised.value) == (
        f"servers run as nobody, who cannot get to {home}: {closed} is closed to others. "
        "Choose a home outside of it (--home), or open that folder (chmod o+x)."
    )


def test_what_is_not_installed_is_named(
    server_homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TOOLS", tmp_path)
    monkeypatch.setattr(elasticsearch, "TOOLS", tmp_path)
    monkeypatch.setattr(postgresql, "_VERSIONS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    for kind in (elasticsearch, minio, postgresql, versitygw):
        with pytest.raises(Unavailable, match=r"is not installed\. Run: make tools"):
            kind.start(server_homes / "never")
    assert not (server_homes / "never").exists()


def test_secrets_are_not_printed(postgresql: PostgreSQL, minio: ObjectStore) -> None:
    assert postgresql.password not in repr(postgresql)
    assert minio.secret_key not in repr(minio)


def test_a_secret_is_kept_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "home" / "password"
    first = server.kept_secret(file)
    assert server.kept_secret(file) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert server.kept_secret(tmp_path / "other") != first


def test_elasticsearch_answers_at_its_root(elasticsearch: elasticsearch.Elasticsearch) -> None:
    with urllib.request.urlopen(elasticsearch.url, timeout=30) as reply:
        assert reply.headers["X-Elastic-Product"] == "Elasticsearch"
        page = json.load(reply)
    assert (page["version"]["number"], page["tagline"]) == ("8.19.21", "You Know, for Search")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{elasticsearch.url}/no-such-index", timeout=30)
