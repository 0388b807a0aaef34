"""A PostgreSQL register as it stood at a time, from a base backup and the write-ahead log since."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay

from domain.errors import Unavailable, Usage
from flows.behind import not_behind
from flows.publish import publish
from flows.rebuild import rebuild
from infra.database import connect, disconnect
from infra.services import account, postgresql
from infra.services.postgresql import PostgreSQL
from infra.wiring import Services, open_services
from register import account as books
from register import history
from register.models import Entry
from register.numbers import format_number
from tests.databases import settings
from tests.register.filings import file_one, open_batch


def _file(services: Services, *names: str) -> None:
    for name in names:
        batch = open_batch(name, received_at=datetime.now(UTC))
        file_one(batch, 0, ((0, 1),), manifest=f"documents/{batch.key}/manifest.json")
    publish(services)


def _now(server: PostgreSQL, url: str) -> datetime:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT clock_timestamp()").fetchone()
    assert found
    at: datetime = found[0]
    return at.astimezone(UTC)


def test_the_register_as_it_stood_at_a_time(
    server_homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = account.give(server_homes / f"wal-{tmp_path.name}")
    first, second = (server_homes / f"{name}-{tmp_path.name}" for name in ("first", "second"))
    kept = {"archive_mode": "on", "archive_command": f"test ! -f {log}/%f && cp %p {log}/%f"}
    with postgresql.start(first, options=kept) as server:
        url = server.create_database("postroom")
        monkeypatch.setenv("POSTROOM_DATABASE__URL", url)
        services = open_services(tmp_path)
        _file(services, "before")
        base = account.give(server_homes / f"base-{tmp_path.name}") / "data"
        command: list[str | Path] = [*account.prefix(), postgresql.binaries() / "pg_basebackup"]
        command += ["--pgdata", base, "--checkpoint", "fast", "--dbname", url]
        subprocess.run(command, check=True, cwd=log, capture_output=True)
        _file(services, "after the base", "the last good one")
        then = _now(server, url)
        _file(services, "the mistake")
        assert Entry.objects.count() == 4
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
        disconnect()
    assert list(log.iterdir())

    # The machine is gone: what is left is the base and the log.
    account.give(second)
    shutil.move(base, second / "data")
    shutil.copy2(first / "password", second / "password")
    (second / "data" / "recovery.signal").touch()
    account.own(second / "data" / "recovery.signal")
    shutil.rmtree(first)
    back = {
        "restore_command": f"cp {log}/%f %p",
        "recovery_target_time": then.isoformat(),
        "recovery_target_action": "promote",
    }
    with postgresql.start(second, options=back) as server:
        for attempt in Retrying(stop=stop_after_delay(120), retry=retry_if_exception_type(Unavailable)):
            with attempt:  # until it has got there it only lets read
                connect(tmp_path, settings(server.url("postroom")))
        assert Entry.objects.count() == 3
        assert list(books.number_gaps()) == []
        assert list(history.breaks()) == []
        # The archive knows of a fourth number, so this register gives none any more.
        number = format_number("IN", then.year, 4)
        with pytest.raises(Usage, match=f"the archive holds {number}.* rebuild --from-archive"):
            not_behind(services)
        monkeypatch.setenv("POSTROOM_DATABASE__URL", server.create_database("anew"))
        anew = open_services(tmp_path)
        rebuild(anew)
        assert Entry.objects.count() == 4
        not_behind(anew)
        _file(anew, "the mistake, rightly")
        assert Entry.objects.latest("sequence").number == format_number("IN", then.year, 5)
        disconnect()
