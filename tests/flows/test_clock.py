"""The clock beside the intake, as a Prefect flow, and after a rebuild: what is due is brought about once."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from prefect.client.orchestration import SyncPrefectClient

from domain.correspondence import Details, Direction
from domain.errors import Unavailable
from domain.office import Closure, Deadline, Department, Post, Role, Rule, User
from flows import clock, deployed
from flows.file_batch import Tools
from flows.follow import desk
from flows.intake import intake
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.serve import clock_if_due
from infra.database import disconnect
from infra.wiring import Services, open_services
from register import entries, extending, following, marks, office, unheld
from register.acts import Act
from register.models import Clock, Entry, Event, Firing, Notice
from tests.register.dump import dump

LETTER = Details(subject="Noise", senders=("Ada",))
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def put(kind: str, value: Any, at: datetime = MONDAY) -> None:
    office.put(kind, value, Act("owner", at))


def enter(services: Services, at: datetime = MONDAY, **more: Any) -> Entry:
    return entries.enter(Direction.INCOMING, LETTER, Act("eva", at), zone=services.settings.zone, **more)


def hours(count: float) -> datetime:
    return MONDAY + timedelta(hours=count)


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    found = open_services(register)
    put("department", Department("works"))
    put("user", User("ann", posts=(Post(Role.REGISTRAR),)))
    put("user", User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)))
    put("deadline", Deadline("answer", hours=16, remind=(8,), escalate="/ann"))
    yield found
    found.index.close()


def fired() -> list[tuple[str, str]]:
    return list(Firing.objects.order_by("pk").values_list("clock__name", "what"))


def test_there_is_nothing_to_do_where_nothing_was_decided(register: Path) -> None:
    found = open_services(register)
    enter(found)
    assert not clock.due(found)
    clock.tick_if_due(found)
    assert marks.last("holders") is None
    found.index.close()


def test_the_intake_looks_at_the_clocks(services: Services) -> None:
    enter(services, department="works", person="ben")
    drop = services.home / "drop"
    drop.mkdir()
    with time_machine.travel(hours(25), tick=True):
        done = intake(services, drop, once=True, stop=threading.Event())
    assert done.failures == []
    assert fired() == [("answer", "reminder 8")]
    assert marks.last("holders") is not None


def test_as_a_flow_when_something_is_due(services: Services, prefect: SyncPrefectClient) -> None:
    def runs() -> int:
        flows = {one.id for one in prefect.read_flows() if one.name == "clock"}
        return len([one for one in prefect.read_flow_runs() if one.flow_id in flows])

    enter(services, department="works", person="ben")
    with time_machine.travel(hours(1), tick=False):
        clock.tick(services)
    assert not clock.due(services, hours(1.5))
    before = runs()
    marks.note("holders", datetime.now(UTC))
    assert clock.due(services)
    clock_if_due(services)
    assert (fired(), runs() - before) == ([("answer", "passed")], 1)
    clock_if_due(services)  # the clock's own event is looked at
    clock_if_due(services)
    assert runs() - before == 2
    broken: Any = None
    enter(services, department="works")
    with deployed.working_with(Tools(services, broken, broken)):
        assert deployed.clock() == 1
        assert deployed.clock() == 0
    assert deployed.DEPLOYMENTS["clock"] == (deployed.clock, "index")


def test_a_changed_office_makes_it_due(services: Services) -> None:
    enter(services)
    clock.tick(services, hours(1))
    assert not clock.due(services, hours(1.5))
    put("closure", Closure("storm", MONDAY.date(), MONDAY.date()), hours(1.5))
    assert clock.due(services, hours(1.5))
    clock.tick(services, hours(1.5))
    assert not clock.due(services, hours(1.5))
    assert Clock.objects.get().due_at == datetime(2026, 3, 4, 17, tzinfo=UTC)
    assert clock.due(services, hours(2))  # an hour is over


def test_an_archive_that_does_not_answer_stops_no_clock(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = enter(services, department="works", person="ben")
    clock.tick(services, hours(1))
    put("rule", Rule("text", 1, "has_words(text, 'eviction')", {"priority": "high"}))
    unknown = enter(services, hours(2))

    def silent(*_: object) -> str:
        raise Unavailable("the archive does not answer")

    with monkeypatch.context() as patch:
        patch.setattr("flows.follow.text_of", silent)
        with pytest.raises(Unavailable, match="the archive does not answer"):
            clock.tick(services, hours(72))
    assert list(Firing.objects.values_list("clock__entry", flat=True)) == [known.pk]
    assert [one.number for one in clock.tick(services, hours(72)).fired] == [unknown.number]


def test_once_an_hour_of_all_machines_one_looks_for_holders(services: Services) -> None:
    entry = enter(services, person="ben")
    assert clock.tick(services, hours(1)).brought_back == []
    office.change("user", "ben", {"active": False}, Act("owner", hours(1)))
    assert clock.tick(services, hours(1.9)).brought_back == []
    (back,) = clock.tick(services, hours(2)).brought_back
    assert (back.number, back.why) == (entry.number, "ben has left")
    assert unheld.without_holder(desk(services).office, MONDAY.date(), desk(services).states) == []
    assert list(Notice.objects.filter(kind="brought back").values_list("to", flat=True)) == ["ann"]


def test_after_a_rebuild_the_clocks_stand_as_they_stood(services: Services, tmp_path: Path) -> None:
    """Of history and decisions alone; and nothing is brought about or told again."""
    put("deadline", Deadline("law", days=10, legal=True, remind=(4,)))
    put("deadline", Deadline("quick", hours=4, by_rule=True))
    put("rule", Rule("noise", 1, "has_words(subject, 'noise')", {"deadline": "quick"}))
    made = [enter(services, department="works", person="ben") for _ in range(4)]
    clock.tick(services, hours(2))
    for number, state, at in (
        (0, "in progress", 2), (0, "waiting", 3), (1, "closed", 5), (0, "in progress", 26),
    ):  # fmt: skip
        entries.move(made[number].number, state, Act("ben", hours(at), "so it is"))
    put("closure", Closure("storm", hours(48).date(), hours(48).date()), hours(47))
    clock.tick(services, hours(27))
    clock.tick(services, hours(72))
    entries.strike(made[2].number, Act("ann", hours(73), "twice"))
    office.change("user", "ben", {"active": False}, Act("owner", hours(73)))
    clock.tick(services, hours(74))
    for name in ("law", "quick"):
        more = Act("ann", hours(74), "they asked")
        clock.catch_up(services, more.at)
        extending.extend(made[3].number, name, more, desk(services).calendar, days=5)
    clock.tick(services, hours(74.5))
    deliver(services)
    before, count = dump(), Event.objects.count()
    assert len(before["Clock"]) == 12
    assert {one["what"] for one in before["Firing"]} == {"passed", "reminder 8"}
    assert Event.objects.filter(kind="brought back").count() == 2
    disconnect()

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("POSTROOM_DATABASE__URL", raising=False)
        shutil.copytree(services.home / "archive", tmp_path / "new" / "archive")
        new = open_services(tmp_path / "new")
        assert rebuild(new)["differences"] == []
        done = clock.tick(new, hours(74.5))
        assert (list(done.fired), list(done.brought_back)) == ([], [])
        assert following.behind() == 0
        after = dump()
        for table in ("Clock", "Firing", "Event", "Entry"):
            assert after[table] == before[table], table
        assert Event.objects.count() == count
        assert Notice.objects.filter(kind__startswith="deadline").count() == 0
        assert len(clock.tick(new, hours(24 * 30)).fired) > 0
        new.index.close()
    disconnect()
