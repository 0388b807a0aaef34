import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from domain.document import Fate, FateKind
from infra.services.postgresql import PostgreSQL
from register import history
from register.filing import close
from register.models import Entry, Event, PageFate
from tests.databases import empty
from tests.register.filings import file_one, open_batch

CONNECT = """
import sys
from pathlib import Path
from infra.database import connect
from infra.settings import load_settings
home = Path(sys.argv[1])
connect(home, load_settings(home).database)
"""


def guarded() -> bool:
    """Whether the triggers are there: what they refuse leaves everything as it was."""
    for change in (
        lambda: Event.objects.update(actor="somebody else"),
        lambda: Event.objects.all()._raw_delete("default"),
        lambda: PageFate.objects.all().delete(),
        lambda: close(open_batch("uneven"), [], []),
    ):
        try:
            with transaction.atomic():
                change()
        except IntegrityError:
            continue
        return False
    return True


def test_migrations_go_back_and_forth_with_data(register: Path) -> None:
    batch = open_batch(pages=2)
    number = file_one(batch, 0, ((0, 1),)).entry.number
    close(batch, [Fate(0, 2, FateKind.BLANK)], [])
    assert guarded()
    call_command("migrate", "register", "0001", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE register_event SET actor = actor")  # no guard is left
        cursor.execute("SELECT count(*) FROM register_outbox")
        assert cursor.fetchone() == (1,)  # those of batches cannot be held there
    call_command("migrate", verbosity=0)
    assert guarded()
    assert [entry.number for entry in Entry.objects.all()] == [number]
    assert list(history.breaks()) == []


def test_migrations_go_back_to_nothing_and_forth(register: Path) -> None:
    call_command("migrate", "register", "zero", verbosity=0)
    assert [name for name in connection.introspection.table_names() if name.startswith("register_")] == []
    call_command("migrate", verbosity=0)
    batch = open_batch(pages=1)
    close(batch, [Fate(0, 1, FateKind.BLANK)], [])
    file_one(open_batch("b"), 0, ((0, 1),))
    assert guarded()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_start_at_once_upgrade_once(kind: str, postgresql: PostgreSQL, tmp_path: Path) -> None:
    with empty(postgresql) as url:
        environment = os.environ | {"POSTROOM_DATABASE__URL": url if kind == "postgresql" else ""}
        command = [sys.executable, "-c", CONNECT, str(tmp_path)]
        started = [subprocess.Popen(command, env=environment) for _ in range(4)]
        assert [process.wait() for process in started] == [0, 0, 0, 0]


@pytest.mark.parametrize("register", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["register_event", "register_entry"])
def test_history_cannot_be_emptied_at_once(register: Path, table: str) -> None:
    file_one(open_batch(), 0, ((0, 1),))
    with (
        pytest.raises(IntegrityError, match="append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert Event.objects.count() == 1
