"""How the register uses PostgreSQL's connections: few at a time, never a dead one, no secret told."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections
from tenacity import Retrying, retry_if_exception_type, stop_after_delay

from domain.errors import Unavailable, Usage
from infra.database import connect, disconnect
from infra.database import server as server_described
from infra.services import account
from infra.services import postgresql as postgresql_server
from infra.services.object_store import Tls
from infra.services.postgresql import PostgreSQL
from infra.settings import load_settings
from register.models import Batch, Counter
from register.numbers import take_next
from register.session import asking, write
from tests.databases import copy_of, settings
from tests.register.filings import open_batch


@pytest.fixture
def server(server_homes: Path, tmp_path: Path) -> Iterator[PostgreSQL]:
    """A server of the test's own, to be killed."""
    with postgresql_server.start(server_homes / tmp_path.name, options={"max_connections": "12"}) as server:
        yield server
        disconnect()


@pytest.fixture
def postgres(postgresql: PostgreSQL, register_template: str, tmp_path: Path) -> Iterator[str]:
    """A register on PostgreSQL with at most four connections; gives its address."""
    with copy_of(postgresql, register_template) as url:
        connect(tmp_path, settings(url, connections=4))
        yield url
        disconnect()


def in_thread(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def take_two(between: Callable[[], None]) -> None:
    """A transaction to which something happens."""
    with write():
        take_next("IN", 2026)
        between()
        take_next("IN", 2026)


def test_forty_threads_use_four_connections(postgres: str) -> None:
    """Threads that end without a word, and those that do other things in between, keep none."""
    most, ended = [0], threading.Event()

    def count() -> None:
        with psycopg.connect(postgres, autocommit=True, application_name="the test") as watch:
            while not ended.wait(0.005):
                found = watch.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'postroom'"
                ).fetchone()
                assert found
                most[0] = max(most[0], found[0])

    together = threading.Barrier(40)

    def work() -> None:
        together.wait()
        for _ in range(5):
            with write():
                take_next("IN", 2026)
            assert Batch.objects.count() == 0
            time.sleep(0.05)
        together.wait()  # all of them have used the database, and none has ended

    threads = [threading.Thread(target=work) for _ in range(40)]
    with ThreadPoolExecutor(1) as counting:
        counted = counting.submit(count)
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        ended.set()
        counted.result()
    assert Counter.objects.get().last == 200
    assert 1 <= most[0] <= 4


def test_who_waits_too_long_for_a_connection_is_told(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.settings_dict["OPTIONS"]["lender"], "_patience", 0.1)
    rows = [Batch.objects.iterator() for _ in range(4)]
    batch = open_batch()
    del rows
    held, done = threading.Barrier(5), threading.Event()

    def hold() -> None:
        with write():
            Batch.objects.count()
            held.wait()
            done.wait()

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(hold)
        held.wait()
        try:
            with pytest.raises(Unavailable, match="all 4 connections of this process were in use"):
                asking(Batch.objects.count)
        finally:
            done.set()
    assert list(Batch.objects.all()) == [batch]


def test_rows_read_bit_by_bit_keep_their_connection_until_the_end(postgres: str) -> None:
    made = [open_batch(f"{number}").pk for number in range(5)]
    rows = Batch.objects.order_by("id").iterator(chunk_size=2)
    found = [next(rows).pk]
    assert Batch.objects.count() == 5
    assert connection.connection is not None
    found += [row.pk for row in rows]
    assert found == made
    assert connection.connection is None


def test_a_session_is_as_we_need_it_whatever_the_server_thinks(postgres: str, tmp_path: Path) -> None:
    odd = {
        "synchronous_commit": "off",
        "default_transaction_isolation": "serializable",
        "timezone": "America/Bogota",
        "statement_timeout": "0",
    }
    with psycopg.connect(postgres, autocommit=True) as owner:
        for name, value in odd.items():
            owner.execute(f"ALTER DATABASE {owner.info.dbname} SET {name} = '{value}'".encode())
    connect(tmp_path, settings(postgres))
    wanted = {
        "synchronous_commit": "on",
        "transaction_isolation": "read committed",
        "timezone": "UTC",
        "statement_timeout": "10min",
        "lock_timeout": "30s",
        "idle_in_transaction_session_timeout": "1min",
    }
    with write(), connection.cursor() as cursor:
        found = {name: cursor.execute(f"SHOW {name}").fetchone()[0] for name in wanted}
    assert found == wanted


def test_a_restarted_server_is_used_again_at_once(server: PostgreSQL, tmp_path: Path) -> None:
    connect(tmp_path, settings(server.create_database("register")))
    idle = threading.Barrier(3)

    def busy() -> None:
        with write():
            idle.wait()  # three connections lie idle afterwards
            take_next("IN", 2026)

    with ThreadPoolExecutor(3) as threads:
        for one in [threads.submit(busy) for _ in range(3)]:
            one.result()
        server.kill()
        server = server.restart()
        with write():
            assert take_next("IN", 2026) == 4
        assert [threads.submit(asking, Batch.objects.count).result() for _ in range(6)] == [0] * 6
        server.stop()
        server = server.restart()
        assert [threads.submit(asking, Batch.objects.count).result() for _ in range(6)] == [0] * 6
    server.stop()


def test_a_server_that_dies_amid_a_transaction(server: PostgreSQL, tmp_path: Path) -> None:
    connect(tmp_path, settings(server.create_database("register")))
    with write():
        assert take_next("IN", 2026) == 1
    for end in (PostgreSQL.kill, PostgreSQL.stop):
        with pytest.raises(Unavailable, match="does not answer") as told:
            take_two(partial(end, server))
        assert server.password not in str(told.value)
        with pytest.raises(Unavailable, match="refused") as told:
            asking(Batch.objects.count)
        assert server.password not in str(told.value)
        with pytest.raises(Unavailable, match="refused"):
            connect(tmp_path, settings(server.url("register")))
        server = server.restart()
        assert asking(Batch.objects.count) == 0
        assert Counter.objects.get().last == 1
    server.stop()


def test_a_session_that_the_server_ended_is_not_used_again(postgres: str) -> None:
    def end() -> None:
        with psycopg.connect(postgres, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'postroom' AND datname = current_database()"
            )

    with pytest.raises(Unavailable, match="terminating connection"):
        take_two(end)
    with write():
        assert take_next("IN", 2026) == 1


def test_a_server_out_of_connections_is_unavailable_until_there_are_some(
    server: PostgreSQL, tmp_path: Path
) -> None:
    url = server.create_database("register")
    connect(tmp_path, settings(url))
    disconnect()
    with ExitStack() as others:
        for _ in range(12):
            others.enter_context(psycopg.connect(url))
        with pytest.raises(Unavailable, match="too many clients"):
            asking(Batch.objects.count)
    for attempt in Retrying(stop=stop_after_delay(10), retry=retry_if_exception_type(Unavailable)):
        with attempt:  # the server ends what is closed a moment later
            assert asking(Batch.objects.count) == 0


def test_a_lock_is_not_waited_for_without_end(postgres: str, tmp_path: Path) -> None:
    with write():
        take_next("IN", 2026)
    connect(tmp_path, settings(f"{postgres}?options=-c%20lock_timeout%3D100"))
    with psycopg.connect(postgres) as other:
        other.execute("SELECT 1 FROM register_counter FOR UPDATE")
        with pytest.raises(Unavailable, match="lock timeout"), write():
            take_next("IN", 2026)
    with write():
        assert take_next("IN", 2026) == 2


def test_a_holder_that_hangs_loses_its_lock(postgres: str, tmp_path: Path) -> None:
    connect(tmp_path, settings(f"{postgres}?options=-c%20idle_in_transaction_session_timeout%3D100"))
    with pytest.raises(Unavailable):
        take_two(partial(time.sleep, 0.5))
    with write():
        assert take_next("IN", 2026) == 1


def test_a_standby_is_unavailable(postgres: str, tmp_path: Path) -> None:
    connect(tmp_path, settings(postgres))

    def demote() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")

    with pytest.raises(Unavailable, match="takes no changes now"):
        take_two(demote)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postroom:geheim@127.0.0.1:5432",
        "postgresql://postroom:geheim/x@127.0.0.1:5432/register",
        "mysql://postroom:geheim@127.0.0.1/register",
        "host=127.0.0.1 password=geheim dbname=register",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"database\.url") as told:
        connect(tmp_path, settings(url))
    assert "geheim" not in str(told.value)


def test_a_wrong_password_is_not_repeated(postgres: str, tmp_path: Path) -> None:
    password = psycopg.conninfo.conninfo_to_dict(postgres)["password"]
    wrong = postgres.replace(str(password), "geheim")
    with pytest.raises(Unavailable, match="password authentication failed") as told:
        connect(tmp_path, settings(wrong))
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize(
    "line",
    [
        'database = "postgresql://u:geheim@h/d"',
        "[database]\nurl = ['postgresql://u:geheim@h/d']",
        "[database]\npasword = 'geheim'",
    ],
)
def test_a_misplaced_address_is_not_repeated(line: str, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(line)
    with pytest.raises(Usage, match="database") as told:
        load_settings(tmp_path)
    assert "geheim" not in str(told.value)


def test_all_threads_share_one_stock(postgres: str) -> None:
    in_thread(Batch.objects.count)
    lender = connections.databases["default"]["OPTIONS"]["lender"]
    in_thread(Batch.objects.count)
    assert len(lender._idle) == 1


def test_an_encrypted_connection_is_checked_and_used_again(
    server_homes: Path, tls_files: Tls, tmp_path: Path
) -> None:
    home = account.give(server_homes / tmp_path.name)
    key = Path(shutil.copy(tls_files.key, home / "server.key"))
    key.chmod(0o600)
    account.own(key)
    options = {"ssl": "on", "ssl_cert_file": str(tls_files.certificate), "ssl_key_file": str(key)}
    with postgresql_server.start(home, options=options) as server:
        encrypted = f"?sslmode=verify-full&sslrootcert={tls_files.authority}"
        connect(tmp_path, settings(server.create_database("register") + encrypted))
        asked = "SELECT pg_backend_pid(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        seen = set()
        for _ in range(5):
            with connection.cursor() as cursor:
                seen.add(cursor.execute(asked).fetchone())
        assert [ssl for _, ssl in seen] == [True]
        disconnect()


def test_the_server_is_described_with_what_is_unsafe(postgres: str) -> None:
    version = postgresql_server.version()
    assert server_described() == f"{version}, fsync OFF: a power cut may cost registered letters"
