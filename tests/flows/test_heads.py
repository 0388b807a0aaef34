"""Heads: published once a day under lock, and what was rewritten afterwards is told by them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.port import Locked
from domain.chain import Before
from domain.errors import Usage
from domain.office import Department
from flows import heads
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.verify import verify
from infra.wiring import Services, open_services
from register import decisions, history
from register import heads as chains
from register.models import Decision, Event, StoredObject
from register.records import write_record
from tests.register.officers import decide, enter
from tests.register.tampering import cut_off, past_the_guards, rewrite

DAY = datetime(2026, 3, 4, 9, tzinfo=UTC)


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    found = open_services(register)
    yield found
    found.index.close()


@pytest.fixture
def three_days(services: Services) -> list[heads.Published]:
    """Two entries a day; the heads of each day."""
    made = []
    decide(Department("works"))
    for day in range(3):
        for _ in range(2):
            enter()
        deliver(services)
        made.append(heads.export(services, DAY + timedelta(days=day))[0])
    return made


def told(day: str, sequence: int, problem: str, register: str = "IN") -> dict[str, Any]:
    number = chains.number_of(register, sequence)
    return {"day": day, "register": register, "sequence": sequence, "number": number, "problem": problem}


REWRITTEN = "the chain was rewritten: the event has another hash than then"


def test_each_day_has_its_heads_once(services: Services, three_days: list[heads.Published]) -> None:
    assert [one.heads.day for one in three_days] == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert [[(one.register, one.sequence) for one in some.heads.chains] for some in three_days] == [
        [("IN", last), ("office", 1), ("parties", 1)] for last in (2, 4, 6)
    ]
    first, second, third = three_days
    assert first.heads.previous is None
    assert third.heads.previous == Before("2026-03-05", second.sha256)
    enter()
    again, new = heads.export(services, DAY + timedelta(days=2, hours=5))
    assert (again, new) == (third, False)
    assert heads.due(services, DAY + timedelta(days=2)) is False
    assert heads.due(services, DAY + timedelta(days=3)) is True
    with pytest.raises(
        Usage, match="has heads of 2026-03-06, and today is 2026-03-04: set this machine's clock"
    ):
        heads.export(services, DAY)
    assert list(heads.published(services.archive, [])) == three_days
    assert heads.check(services.archive) == []
    kept = StoredObject.objects.filter(role="heads").order_by("key").values_list("key", "sha256")
    assert list(kept) == [(f"office/heads/{one.heads.day}.json", one.sha256) for one in three_days]


def test_they_are_locked_as_long_as_records_are(services: Services) -> None:
    enter()
    archive = services.settings.archive.model_copy(update={"retention_days": 30})
    kept = replace(services, settings=services.settings.model_copy(update={"archive": archive}))
    now = datetime.now(UTC)
    made, _ = heads.export(kept, now)
    until = services.archive.stat(made.kept.key).locked_until
    assert until is not None
    assert timedelta(0) <= until - (now + timedelta(days=30)) < timedelta(seconds=1)
    with pytest.raises(Locked):
        services.archive.delete(made.kept.key)


def test_a_chain_that_was_rewritten_as_a_whole_is_told(
    services: Services, three_days: list[heads.Published]
) -> None:
    assert verify(services)["ok"]
    rewrite("IN", 3, actor="eve")
    assert list(history.breaks()) == []
    found = verify(services)
    assert not found["ok"]
    assert found["wrong"]["heads_differing"] == [told("2026-03-05", 4, REWRITTEN)]
    number = chains.number_of("IN", 3)
    altered = "the event was altered: its actor differs from its record in the archive"
    assert found["first_altered"] == [{"register": "IN", "sequence": 3, "number": number, "problem": altered}]


def test_without_heads_the_archive_tells_which_of_two_was_altered(services: Services) -> None:
    for _ in range(3):
        enter()
    deliver(services)
    last = Event.objects.get(sequence=3)
    rewrite("IN", 2, kind="moved")
    with past_the_guards():
        Event.objects.filter(sequence=3).update(previous=last.previous, hash=last.hash)
    found = verify(services)
    assert [one["sequence"] for one in found["wrong"]["history_breaks"]] == [3]
    assert [(one["sequence"], one["problem"]) for one in found["first_altered"]] == [
        (2, "the event was altered: its kind differs from its record in the archive")
    ]


def test_a_chain_that_was_cut_off_is_told(services: Services, three_days: list[heads.Published]) -> None:
    cut_off("IN", 5)
    assert list(history.breaks()) == []
    found = heads.check(services.archive)
    assert found == [told("2026-03-06", 6, "the chain ends at event 5, and had 6 then")]
    assert [
        (one["sequence"], one["problem"]) for one in heads.first_altered(services.archive, [], found)
    ] == [(6, "event 6 is missing")]


def test_decisions_of_the_office_are_guarded_too(
    services: Services, three_days: list[heads.Published]
) -> None:
    with past_the_guards():
        one = Decision.objects.get()
        one.actor = "eve"
        Decision.objects.update(actor="eve", hash=decisions.link(one))
    assert list(decisions.breaks()) == []
    found = heads.check(services.archive)
    assert found == [told("2026-03-04", 1, REWRITTEN, "office")]
    assert heads.first_altered(services.archive, [], found) == [
        {"register": "office", "sequence": 1, "number": "", "problem": REWRITTEN}
    ]


def test_a_decision_that_cannot_be_read_is_told(
    services: Services, three_days: list[heads.Published]
) -> None:
    with past_the_guards():
        one = Decision.objects.get()
        one.body = "{"
        Decision.objects.update(body=one.body, hash=decisions.link(one))
    (told,) = verify(services)["wrong"]["history_breaks"]
    assert (told["register"], told["problem"]) == ("office", "the decision cannot be read")
    with pytest.raises(Usage, match=r"decision 1 \(department works\) cannot be read.*postroom verify"):
        decisions.office()


def test_heads_that_were_altered_themselves_are_told(
    services: Services, three_days: list[heads.Published]
) -> None:
    middle = services.home / "archive" / three_days[1].kept.key
    content = json.loads(middle.read_bytes())
    middle.chmod(0o600)
    middle.write_bytes(middle.read_bytes().replace(b'"sequence": 4', b'"sequence": 3'))
    assert [(one["day"], one["problem"]) for one in heads.check(services.archive)] == [
        ("2026-03-05", "the record was altered: its SHA-256 is another")
    ]
    content["heads"]["chains"][0]["sequence"] = 3
    middle.write_text(write_record({"heads": content["heads"]}))
    assert [(one["day"], one["problem"]) for one in heads.check(services.archive)] == [
        ("2026-03-06", "they follow those of 2026-03-05, as those were not"),
        ("2026-03-05", REWRITTEN),
    ]
    assert [one["key"] for one in verify(services)["wrong"]["mismatches"]] == [three_days[1].kept.key]
    middle.unlink()
    assert [(one["day"], one["problem"]) for one in heads.check(services.archive)] == [
        ("2026-03-06", "the heads of 2026-03-05, which they follow, are gone")
    ]


def test_heads_that_somebody_kept_are_compared_with(
    services: Services, three_days: list[heads.Published]
) -> None:
    """Whoever could write to the archive too is told by the copy of somebody else."""
    kept = heads.read("kept", services.archive.read(three_days[2].kept.key))
    for one in three_days:
        services.archive.delete(one.kept.key)
    rewrite("IN", 5, actor="eve")
    assert heads.check(services.archive) == []
    assert heads.check(services.archive, [kept]) == [told("2026-03-06", 6, REWRITTEN)]
    for data in (b"", b"{}", b"[1]", write_record({"heads": 1}).encode(), write_record({}).encode()):
        with pytest.raises(Usage, match=r"heads|record"):
            heads.read("kept", data)


def test_they_come_back_with_the_register(
    services: Services, three_days: list[heads.Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(StoredObject.objects.filter(role="heads").values_list("key", "sha256", "size"))
    monkeypatch.delenv("POSTROOM_DATABASE__URL", raising=False)
    home = tmp_path / "anew"
    (home).mkdir()
    (services.home / "archive").rename(home / "archive")
    other = open_services(home)
    assert rebuild(other)["differences"] == []
    assert sorted(StoredObject.objects.filter(role="heads").values_list("key", "sha256", "size")) == before
    assert verify(other)["ok"]
    other.index.close()


def test_a_rebuild_tells_of_events_that_the_heads_had(
    services: Services, three_days: list[heads.Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTROOM_DATABASE__URL", raising=False)
    home = tmp_path / "anew"
    home.mkdir()
    (services.home / "archive").rename(home / "archive")
    number = chains.number_of("IN", 6)
    for record in (home / "archive" / "register" / number).iterdir():
        record.unlink()
    other = open_services(home)
    assert {
        "key": "office/heads/2026-03-06.json",
        "problem": "IN 6: the chain ends at event 5, and had 6 then",
    } in (rebuild(other)["differences"])
    other.index.close()
