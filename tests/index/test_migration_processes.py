"""Migrations in processes of their own: killed, and of a later version than what publishes meanwhile."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.entry import Query
from domain.errors import Unavailable
from flows.migrate import migrate, status
from flows.publish import publish, publishing
from infra.wiring import Services
from register import account
from tests.index.office import COUNT, another_mapping, file_many, held, total

ROOT = Path(__file__).resolve().parents[2]


class Migrating:
    """One that stops after each step."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def step(self) -> str:
        """The next step that it has made; "" at its end."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        """Let it make another."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def until(self, name: str) -> None:
        """Stop after the step of this name."""
        while (step := self.step()) != name:
            assert step
            self.go_on()


@contextmanager
def migrating(office: Services, *how: str) -> Iterator[Migrating]:
    command = [sys.executable, "-m", "tests.index.migrating", str(office.home), *how]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as made:
        try:
            yield Migrating(made)
        finally:
            made.kill()


@pytest.mark.parametrize("step", ["put", "levelled", "swapped"])
def test_killed(office: Services, step: str) -> None:
    with migrating(office) as other:
        other.until(step)
        with publishing() as (free, _):
            assert free == (step == "put")  # otherwise it held the lease
        other.process.send_signal(signal.SIGKILL)
        other.process.wait()
    assert total(office) == COUNT
    file_many(office, 1)
    publish(office)  # and the lease is void
    assert total(office) == COUNT + 1
    before = status(office)
    assert before["due"] == (step != "swapped")
    if step == "put":
        assert before["next"]["entries"] == 5
    done = migrate(office)
    assert done["put"] == {"put": COUNT + 1 - 5, "levelled": 1, "swapped": 0}[step]
    assert done["index"].endswith("-v3-000002")
    assert total(office) == COUNT + 1
    assert held(office) == account.index_should_hold()


def test_an_older_version_publishes_meanwhile(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the migration of the new version, then the indexers are started anew: nothing waits till then."""
    lost: list[set[str]] = []
    over = threading.Event()
    searches = 0

    def look() -> None:
        nonlocal searches
        seen: set[str] = set()
        while not over.is_set():
            now = {hit.number for hit in office.index.search(Query("page", limit=1_000)).hits}
            if seen - now:
                lost.append(seen - now)
            seen |= now
            searches += 1

    searching = threading.Thread(target=look)
    searching.start()
    published: list[str] = []
    free = True
    try:
        with migrating(office, "later") as other:
            for name in iter(other.step, ""):
                if free:
                    file_many(office, 1, f"while{len(published)}")
                    publish(office)
                    published.append(f"while{len(published)}")
                free = free and name != "filled"
                if name == "levelled":
                    file_many(office, 1, "held")
                    assert publish(office) == 0  # it waits for the lease
                assert [total(office, word) for word in published] == [1] * len(published), name
                other.go_on()
            assert other.process.wait() == 0
    finally:
        over.set()
        searching.join()
    assert len(published) > 4
    assert lost == []
    assert searches > len(published)
    with pytest.raises(Unavailable, match="another version of Postroom"):
        publish(office)
    assert total(office, "held") == 0
    another_mapping(monkeypatch)  # the indexer is started anew
    publish(office)
    assert total(office, "held") == 1
    assert held(office) == account.index_should_hold()
