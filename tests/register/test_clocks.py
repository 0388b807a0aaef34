"""Clocks: begun, paused and ended by what happens to entries; what they bring about, each once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.correspondence import Details, Direction, Priority, Relation
from domain.document import Verdict
from domain.office import Closure, Deadline, Department, Office, Post, Role, Rule, User
from domain.states import USUAL, States
from domain.working_time import Calendar
from register import (
    clock_views,
    clocks,
    decisions,
    entries,
    firing,
    history,
    office,
    relations,
    review,
    views,
)
from register.acts import Act
from register.followers import FOLLOWERS
from register.following import Desk, behind, follow
from register.models import Clock, Entry, Event, Firing, Mark, Notice
from tests.register.filings import file_one, open_batch
from tests.register.officers import LETTER

ZONE = ZoneInfo("Europe/Madrid")
HOUR = 3600.0


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=ZONE)


FIRST = local("02T09:00")  # a Monday


def act(text: str, reason: str = "x") -> Act:
    return Act("eva", local(text), reason)


def desk(states: States = USUAL) -> Desk:
    now = decisions.office()
    calendar = Calendar(ZONE).closed(now.closures.values())
    return Desk(now, ZONE, states, calendar=calendar)


def run(text: str, states: States = USUAL) -> list[tuple[str, str]]:
    """Look at what has happened, then bring about what is due by this moment."""
    while follow(desk(states), FOLLOWERS):
        pass
    clocks.settle(desk(states))
    return [(one.deadline, one.what) for one in firing.fire(desk(states), local(text))]


def put(*some: Any, at: datetime = FIRST) -> None:
    kinds = {Deadline: "deadline", Closure: "closure", Department: "department", User: "user", Rule: "rule"}
    for one in some:
        office.put(kinds.get(type(one), "delegation"), one, Act("owner", at))


def enter(text: str, details: Details = LETTER, **more: Any) -> Entry:
    return entries.enter(more.pop("direction", Direction.INCOMING), details, act(text), zone=ZONE, **more)


def row(entry: Entry, name: str = "answer") -> tuple[Any, ...]:
    """Whether it runs, the working hours used, when it is due, how it ended."""
    one = Clock.objects.get(entry=entry, name=name)
    return one.resumed_at is not None, one.used / HOUR, one.due_at, one.outcome


def told() -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(kind__startswith="deadline").values_list("to", "kind"))


@pytest.fixture
def works(register: Path) -> Path:
    put(
        Department("works"),
        Department("board"),
        User("ann", posts=(Post(Role.REGISTRAR),)),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("cleo", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("dan", posts=(Post(Role.APPROVER, "works"), Post(Role.APPROVER, "board"))),
    )
    return register


pytestmark = pytest.mark.usefixtures("works")
ANSWER = Deadline("answer", hours=16, remind=(8,), escalate="board")


def test_a_clock_on_its_way() -> None:
    put(ANSWER)
    entry = enter("02T10:00", department="works", person="ben")
    assert run("02T10:00") == []
    assert row(entry) == (True, 0.0, local("04T10:00"), "")
    entries.move(entry.number, "in progress", act("02T12:00"))
    entries.move(entry.number, "waiting", act("02T13:00"))
    assert run("20T09:00") == []  # paused: nothing comes of it, however long it takes
    assert row(entry) == (False, 3.0, None, "")
    entries.move(entry.number, "in progress", act("20T09:00"))
    assert run("20T14:00") == [("answer", "reminder 8")]
    assert run("20T14:00") == []
    assert row(entry) == (True, 3.0, local("23T14:00"), "")
    answer = enter("20T15:00", replace(LETTER, recipients=("Ada",)), direction=Direction.OUTGOING)
    relations.relate(answer.number, Relation.ANSWERS, entry.number, act("20T15:00"))
    for state in ("for approval", "approved"):
        entries.move(answer.number, state, act("20T15:00"))
    entries.move(entry.number, "answered", act("20T15:00"))
    assert run("30T14:00") == [("answer", "passed")]  # the draft has the deadline too: it is of no direction
    assert row(entry) == (False, 9.0, None, "in time")
    # Whom it is escalated to may not know of the draft: then those hear of it who look after the queue.
    assert told() == [("ann", "deadline passed"), ("ben", "deadline soon")]
    assert behind() == 1  # what the clock wrote itself
    assert list(history.breaks()) == []


def test_what_has_passed_is_told_and_stands_in_the_history() -> None:
    put(ANSWER)
    entry = enter("02T10:00", department="works")
    assert run("04T11:00") == [("answer", "passed")]  # a reminder is of no use any more
    event = views.show(entry.number)["history"][-1]
    assert (event["kind"], event["actor"], event["at"]) == (
        "deadline passed", "clock", local("04T11:00").astimezone(UTC).isoformat(),
    )  # fmt: skip
    assert event["content"] == {
        "deadline": "answer",
        "what": "passed",
        "moment": "2026-03-04T09:00:00+00:00",
        "due_at": "2026-03-04T09:00:00+00:00",
        "legal": False,
        "told": ["ben", "cleo"],
        "escalate": "board",
        "escalated": ["dan"],
    }
    assert told() == [(name, "deadline passed") for name in ("ben", "cleo", "dan")]
    notice = Notice.objects.get(to="dan")
    assert (notice.entry, notice.told) == (
        entry,
        {"number": entry.number, "deadline": "answer", "due_at": "2026-03-04T09:00:00+00:00"},
    )
    entries.move(entry.number, "closed", act("05T10:00"))
    assert run("09T10:00") == []
    assert row(entry)[3] == "late"


def test_what_was_due_while_nothing_ran_is_brought_about_next() -> None:
    put(ANSWER)
    passed, in_time, paused = (enter("02T10:00") for _ in range(3))
    entries.move(passed.number, "closed", act("04T10:01"))
    entries.move(in_time.number, "closed", act("04T09:59"))
    entries.move(paused.number, "in progress", act("02T10:00"))
    entries.move(paused.number, "waiting", act("04T11:00"))
    assert clock_views.missed(local("30T10:00")) == []  # nobody has looked at anything
    found = run("30T10:00")
    assert found == [("answer", "passed"), ("answer", "passed")]
    assert set(Firing.objects.values_list("clock__entry__number", flat=True)) == {
        passed.number,
        paused.number,
    }
    assert [row(one)[3] for one in (passed, in_time, paused)] == ["late", "in time", ""]
    assert (clock_views.missed(local("30T10:00")), clock_views.fired_twice()) == ([], [])


def test_nothing_is_brought_about_of_what_was_not_looked_at() -> None:
    """Of an entry that was answered a moment ago, its clock does not know yet."""
    put(ANSWER)
    entry = enter("02T10:00")
    run("02T10:00")
    entries.move(entry.number, "closed", act("03T10:00"))
    assert firing.fire(desk(), local("30T10:00")) == []
    assert clock_views.missed(local("30T10:00")) == [f"{entry.number} answer"]
    assert run("30T10:00") == []
    assert clock_views.missed(local("30T10:00")) == []


def test_by_class_priority_and_direction() -> None:
    put(
        Deadline("invoice", days=10, label="invoice"),
        Deadline("urgent", hours=4, priority="urgent"),
        Deadline("out", hours=8, direction="outgoing", until=("dispatched",)),
    )
    bill = enter("02T10:00", replace(LETTER, label="invoice"))
    quick = enter("02T10:00", replace(LETTER, priority=Priority.URGENT))
    enter("02T10:00")
    draft = enter("02T10:00", replace(LETTER, recipients=("Ada",)), direction=Direction.OUTGOING)
    run("02T10:00")
    found = list(Clock.objects.order_by("pk").values_list("entry__number", "name"))
    assert found == [(bill.number, "invoice"), (quick.number, "urgent"), (draft.number, "out")]
    entries.amend(bill.number, lambda one: replace(one, label="letter"), act("03T10:00"), zone=ZONE)
    entries.amend(quick.number, lambda one: replace(one, priority=Priority.LOW), act("02T12:00"), zone=ZONE)
    assert run("30T10:00") == [("out", "passed")]
    assert [row(one, name)[3] for one, name in ((bill, "invoice"), (quick, "urgent"))] == [
        "dropped",
        "dropped",
    ]
    # It is urgent after all: it has been since it came.
    entries.amend(
        quick.number, lambda one: replace(one, priority=Priority.URGENT), act("30T10:00"), zone=ZONE
    )
    assert run("30T10:00") == [("urgent", "passed")]
    assert row(quick, "urgent") == (True, 0.0, local("02T14:00"), "")


def test_a_scan_has_the_deadline_of_its_class_since_it_came() -> None:
    put(Deadline("letters", hours=16, label="letter"), at=datetime(2026, 3, 2, tzinfo=UTC))
    received = local("02T09:00")
    batch = open_batch(received_at=received)
    document = file_one(batch, 0, ((0, 1), (0, 2)), verdict=Verdict(None, "letter", 0.5, (), "v1"))
    run("04T09:00")
    assert Clock.objects.count() == 0
    review.label(document.key, "letter", actor="eva", at=local("05T09:00"), today={"letter": "letter"})
    assert run("05T10:00") == [("letters", "passed")]
    assert row(document.entry, "letters") == (True, 0.0, local("03T17:00"), "")


def test_one_that_begins_in_a_state() -> None:
    put(Deadline("approve", hours=2, state="for approval", until=("approved",)))
    draft = enter("02T10:00", replace(LETTER, recipients=("Ada",)), direction=Direction.OUTGOING)
    run("02T12:00")
    assert Clock.objects.count() == 0
    entries.move(draft.number, "for approval", act("03T10:00"))
    assert run("03T10:00") == []
    assert row(draft, "approve")[2] == local("03T12:00")
    entries.move(draft.number, "draft", act("03T11:00"))
    assert run("03T11:30") == []
    entries.move(draft.number, "for approval", act("03T11:30"))
    entries.move(draft.number, "approved", act("03T11:45"))
    assert run("04T12:00") == []
    assert row(draft, "approve")[3] == "in time"


def test_a_rule_gives_one() -> None:
    put(
        Deadline("quick", hours=4, by_rule=True),
        Deadline("work", hours=4, by_rule=True, state="in progress"),
        Rule("noise", 1, "has_words(subject, 'noise')", {"deadline": "quick", "tags": ("noise",)}),
        Rule("work", 2, "subject == 'Work'", {"deadline": "work"}),
    )
    noise, work, other = (
        enter("02T10:00"),
        enter("02T10:00", replace(LETTER, subject="Work")),
        enter("02T10:00", replace(LETTER, subject="Silence")),
    )
    run("02T10:00")
    assert row(noise, "quick")[2] == local("02T14:00")
    assert Clock.objects.count() == 1
    for one in (work, other):
        entries.move(one.number, "in progress", act("02T12:00"))
    assert run("02T15:00") == [("quick", "passed")]
    assert row(work, "work")[2] == local("02T16:00")
    assert Clock.objects.count() == 2
    entries.amend(noise.number, lambda one: replace(one, label="invoice"), act("02T15:00"), zone=ZONE)
    run("02T15:00")
    assert row(noise, "quick")[3] == ""  # a rule gave it, whatever its class


def test_it_counts_from_receipt_and_only_since_it_was_decided() -> None:
    before = enter("02T10:00")
    put(ANSWER, at=local("03T10:00"))
    later = enter("04T10:00", received_at=local("03T16:00"))
    entries.move(before.number, "in progress", act("04T10:00"))
    run("04T10:00")
    assert list(Clock.objects.values_list("entry__number", flat=True)) == [later.number]
    assert row(later)[2] == local("05T16:00")


def test_what_runs_keeps_its_terms() -> None:
    put(ANSWER)
    entry = enter("02T10:00", department="works", person="ben")
    run("02T10:00")
    put(replace(ANSWER, hours=4, remind=(), escalate=""), at=local("02T11:00"))
    late = enter("02T12:00")
    run("02T12:00")
    assert [row(one)[2] for one in (entry, late)] == [local("04T10:00"), local("02T16:00")]
    office.take_away("deadline", "answer", Act("owner", local("02T13:00")))
    assert run("30T10:00") == [("answer", "passed"), ("answer", "passed")]
    assert ("dan", "deadline passed") in told()
    enter("30T11:00")
    assert run("30T11:00") == []
    assert Clock.objects.count() == 2


def test_a_changed_calendar_moves_what_is_due() -> None:
    put(ANSWER, Deadline("law", days=1, legal=True))
    entry, ended = enter("02T10:00"), enter("02T10:00")
    entries.move(ended.number, "closed", act("02T12:00"))
    run("02T12:00")
    assert (row(entry)[2], row(entry, "law")[2]) == (local("04T10:00"), local("04T00:00"))
    put(Closure("storm", date(2026, 3, 3), date(2026, 3, 3)), at=local("04T09:00"))
    assert run("04T09:30") == []
    assert (row(entry)[2], row(entry, "law")[2]) == (local("05T10:00"), local("05T00:00"))
    assert row(ended) == (False, 2.0, None, "in time")
    assert not Mark.objects.filter(name="calendar of the clocks", at__lt=FIRST).exists()
    office.take_away("closure", "storm", Act("owner", local("04T09:30")))
    assert sorted(run("04T09:30")) == [("answer", "reminder 8"), ("law", "passed")]


def test_a_void_entry_waits_for_nothing() -> None:
    put(ANSWER)
    entry = enter("02T10:00")
    run("02T10:00")
    entries.strike(entry.number, act("03T10:00"))
    assert run("30T10:00") == []
    assert row(entry)[3] == "void"


def test_a_class_with_states_of_its_own_ends_where_nothing_follows() -> None:
    own = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})
    put(ANSWER)
    bill = entries.enter(
        Direction.INCOMING, replace(LETTER, label="invoice"), act("02T10:00"), zone=ZONE, office=own
    )
    entries.move(bill.number, "paid", act("02T11:00"), office=own)
    assert run("30T10:00", own) == []
    assert row(bill)[3] == "in time"


def test_followed_again_nothing_is_otherwise() -> None:
    put(ANSWER, Deadline("law", days=30, legal=True), Deadline("urgent", hours=2, priority="urgent"))
    made = [enter("02T10:00", department="works") for _ in range(3)]
    entries.move(made[0].number, "in progress", act("02T12:00"))
    entries.move(made[0].number, "waiting", act("02T13:00"))
    run("03T12:00")
    entries.move(made[1].number, "closed", act("03T13:00"))
    entries.amend(
        made[2].number, lambda one: replace(one, priority=Priority.URGENT), act("03T13:00"), zone=ZONE
    )
    run("05T12:00")
    run("05T12:00")

    def state() -> list[list[tuple[Any, ...]]]:
        fields = [one.name for one in Clock._meta.concrete_fields if one.name != "id"]
        rows = Clock.objects.order_by("entry", "name").values_list(*fields)
        fired = Firing.objects.order_by("clock__entry", "clock__name", "what")
        return [list(rows), list(fired.values_list("clock__name", "what", "due_at", "at"))]

    before, events = state(), Event.objects.count()
    assert len(before[1]) == 4
    Firing.objects.all().delete()
    Clock.objects.all().delete()
    Mark.objects.all().delete()
    assert run("05T12:00") == []
    assert state() == before
    assert Event.objects.count() == events


def _unlucky(calls: list[str]) -> Callable[..., None]:
    def tell(key: str, to: str, kind: str, *_: Any, **__: Any) -> None:
        calls.append(to)
        if len(calls) == 2:
            raise RuntimeError("it died here")

    return tell


def test_of_what_fails_half_way_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    put(ANSWER)
    first, second = (enter("02T10:00", department="works") for _ in range(2))
    run("02T10:00")
    with monkeypatch.context() as patch:
        patch.setattr(firing, "tell", _unlucky([]))
        assert run("04T12:00") == [("answer", "passed")]
    assert list(Firing.objects.values_list("clock__entry", flat=True)) == [second.pk]
    assert Event.objects.filter(entry=first, kind="deadline passed").count() == 0
    assert run("04T12:00") == [("answer", "passed")]
    assert Firing.objects.count() == Event.objects.filter(kind="deadline passed").count() == 2


def test_what_runs_goes_on_when_nothing_is_decided_any_more() -> None:
    """Of an office that has taken its only deadline away, events are still looked at."""
    assert not Desk(Office(), ZONE).busy
    assert Desk(Office(version=1, deadlines={"answer": ANSWER}), ZONE).busy
    assert Desk(Office(version=2), ZONE).busy
