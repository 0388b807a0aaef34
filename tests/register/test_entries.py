"""Entries that people make: numbers, states, holders, relations, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.correspondence import Channel, Details, Direction, Priority, Relation
from domain.errors import PostroomError, Usage
from domain.states import States
from register import entries, history, holding, numbers, relations, views
from register.acts import Act
from register.models import Entry, Event, Outbox, Party
from register.session import borrowed
from tests.register.filings import ALL, AT, file_one, open_batch

ZONE = ZoneInfo("Europe/Madrid")
ACT = Act("eva", AT)
LETTER = Details(subject="The noise at night", senders=("Ada Ltd",))


def enter(details: Details = LETTER, direction: Direction = Direction.INCOMING, **more: Any) -> Entry:
    return entries.enter(direction, details, more.pop("act", ACT), zone=ZONE, **more)


def told(entry: Entry) -> list[tuple[str, dict[str, Any]]]:
    """What its history says."""
    return [(one["kind"], one["content"]) for one in views.show(entry.number)["history"]]


def now(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def test_what_a_person_enters_is_an_entry_like_those_of_scans(register: Path) -> None:
    scanned = file_one(open_batch(), 0, ((0, 1), (0, 2))).entry
    made = enter(ALL, department="works", person="ben")
    assert [scanned.sequence, made.sequence] == [1, 2]
    assert numbers.is_number(made.number)
    assert entries.details_of(made) == ALL
    shown = views.show(made.number)
    assert {name: shown[name] for name in ("direction", "status", "department", "person", "documents")} == {
        "direction": "incoming",
        "status": "assigned",
        "department": "works",
        "person": "ben",
        "documents": [],
    }
    assert shown["parties"] == [
        {"role": "sender", "name": "Ada Ltd", "party": "P-000001-1"},
        {"role": "sender", "name": "Bob", "party": "P-000003-8"},
        {"role": "recipient", "name": "Town Hall", "party": "P-000002-0"},
    ]
    (kind, content), given = told(made)
    assert (kind, content["status"]) == ("entered", "registered")
    assert given == ("moved", {"from": "registered", "to": "assigned", "reason": ""})
    assert (content["dated"], content["senders"], content["tags"]) == (
        "2026-03-01", ["Ada Ltd", "Bob"], ["noise", "night"],
    )  # fmt: skip
    assert Outbox.objects.filter(entry=made).count() == 2
    assert list(history.breaks()) == []


def test_each_direction_has_a_register_and_a_first_state(register: Path) -> None:
    made = [enter(LETTER, one) for one in Direction]
    assert [(one.register, one.sequence, one.status) for one in made] == [
        ("IN", 1, "registered"), ("OUT", 1, "draft"), ("INT", 1, "registered"),
    ]  # fmt: skip
    assert enter(register="DESK2").number.startswith("DESK2-2026-000001-")


def test_the_year_is_that_of_receipt_in_the_offices_zone(register: Path) -> None:
    late = Act("eva", datetime(2027, 1, 2, 9, tzinfo=UTC))
    new_year = enter(act=late, received_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))  # 0:30 in Madrid
    old_year = enter(act=late, received_at=datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    assert [(one.year, one.sequence) for one in (new_year, old_year)] == [(2027, 1), (2026, 1)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"senders": ()}, "sender is missing: name who sent it, or write: unknown"),
        ({"senders": ("  ",)}, "sender is missing"),
        ({"subject": " "}, "subject is missing: say in a few words what it is about"),
        ({"dated": date(2026, 3, 5)}, "dated is 2026-03-05, which is yet to come"),
        ({"language": "english"}, "language is 'english': give two letters"),
        ({"label": "novel"}, "no class 'novel'"),
    ],
)
def test_what_cannot_be_takes_no_number(register: Path, change: dict[str, Any], problem: str) -> None:
    def known(label: str) -> None:
        if label != "letter":
            raise Usage(f"There is no class {label!r}")

    made = enter(known=known)
    attempts: tuple[Callable[[], Entry], ...] = (
        lambda: enter(replace(ALL, **change), known=known),
        lambda: entries.amend(
            made.number, lambda before: replace(before, **change), ACT, zone=ZONE, known=known
        ),
    )
    for attempt in attempts:
        with pytest.raises(Usage, match=problem):
            attempt()
    assert [one.pk for one in Entry.objects.all()] == [made.pk]
    assert numbers.counters() == {("IN", 2026): 1}
    assert Event.objects.count() == 1


def test_times_to_come_and_wrong_registers_are_refused(register: Path) -> None:
    with pytest.raises(Usage, match=r"received_at is .* yet to come"):
        enter(received_at=AT + timedelta(seconds=1))
    for code in ("in", "1N", "", "A" * 17, "IN-1"):
        if code:
            with pytest.raises(Usage, match="register is "):
                enter(register=code)
    assert not Entry.objects.exists()


def test_the_date_of_today_is_the_offices(register: Path) -> None:
    """It is tomorrow already in Madrid when UTC still has today."""
    late = Act("eva", datetime(2026, 3, 4, 23, 30, tzinfo=UTC))
    assert enter(replace(LETTER, dated=date(2026, 3, 5)), act=late).dated == date(2026, 3, 5)


def test_amending_keeps_what_was_said_before(register: Path) -> None:
    made = enter()
    act = replace(ACT, actor="ben", reason="misread")
    after = entries.amend(
        made.number,
        lambda before: replace(before, senders=("ADA LTD", "Bob"), priority=Priority.URGENT),
        act,
        zone=ZONE,
    )
    # A name that differs in case only is the same party, as it is written from now on.
    assert entries.details_of(after).senders == ("ADA LTD", "Bob")
    assert Party.objects.count() == 2
    assert told(made)[1] == (
        "amended",
        {
            "before": {"senders": ["Ada Ltd"], "priority": "normal"},
            "after": {"senders": ["ADA LTD", "Bob"], "priority": "urgent"},
            "reason": "misread",
        },
    )
    with pytest.raises(Usage, match="nothing is changed"):
        entries.amend(made.number, lambda before: before, ACT, zone=ZONE)


def test_what_scanning_left_open_need_not_be_said_to_amend_something_else(register: Path) -> None:
    scanned = file_one(open_batch(), 0, ((0, 1), (0, 2)), sender="", subject="").entry
    assert scanned.status == "received"
    done = entries.amend(scanned.number, lambda one: replace(one, location="shelf"), ACT, zone=ZONE)
    assert done.location == "shelf"
    with pytest.raises(Usage, match=r"cannot become registered: it has no sender.*amend NUMBER --sender"):
        entries.move(scanned.number, "registered", ACT)
    entries.amend(scanned.number, lambda one: replace(one, senders=("Ada",)), ACT, zone=ZONE)
    assert entries.move(scanned.number, "registered", ACT).status == "registered"


def test_a_letter_goes_its_way(register: Path) -> None:
    letter = enter()
    holding.assign(letter.number, ACT, department="works", person="ben")
    entries.move(letter.number, "in progress", ACT)
    with pytest.raises(Usage, match=r"no entry answers it.*relate ANSWER answers NUMBER"):
        entries.move(letter.number, "answered", ACT)
    answer = enter(Details(subject="Our answer"), Direction.OUTGOING)
    with pytest.raises(Usage, match="it has no recipient"):
        entries.move(answer.number, "for approval", ACT)
    entries.amend(answer.number, lambda one: replace(one, recipients=("Ada Ltd",)), ACT, zone=ZONE)
    for state in ("for approval", "approved", "signed", "dispatched", "delivered"):
        entries.move(answer.number, state, ACT)
    relations.relate(answer.number, Relation.ANSWERS, letter.number, ACT)
    assert now(letter).relations == [{"relation": "is answered by", "number": answer.number}]
    assert now(answer).relations == [{"relation": "answers", "number": letter.number}]
    entries.move(letter.number, "answered", ACT)
    assert entries.move(letter.number, "closed", ACT).status == "closed"
    moved = [content for kind, content in told(letter) if kind == "moved"]
    assert [(one["from"], one["to"]) for one in moved] == [
        ("assigned", "in progress"), ("in progress", "answered"), ("answered", "closed"),
    ]  # fmt: skip
    assert list(history.breaks()) == []


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("answered", r"is registered, and cannot become answered: it may become assigned, in progress"),
        ("registered", "is registered already"),
        ("signed", r"no state 'signed' for IN-.*The states are: received, registered"),
        ("rejected", "Say why .* becomes rejected: give the reason"),
        ("assigned", r"nobody holds it.*entry assign NUMBER --department"),
    ],
)
def test_a_wrong_transition_says_what_may_follow(register: Path, to: str, problem: str) -> None:
    made = enter()
    with pytest.raises(Usage, match=problem):
        entries.move(made.number, to, ACT)
    assert (now(made).status, len(told(made))) == ("registered", 1)


def test_going_back_takes_a_reason(register: Path) -> None:
    made = enter()
    entries.move(made.number, "closed", ACT)
    with pytest.raises(Usage, match="Say why"):
        entries.move(made.number, "in progress", ACT)
    again = replace(ACT, reason="she wrote again")
    assert entries.move(made.number, "in progress", again).status == "in progress"
    entries.move(made.number, "withdrawn", again)
    with pytest.raises(Usage, match="cannot become closed: it stays so"):
        entries.move(made.number, "closed", ACT)


def test_a_class_goes_its_own_way_whoever_said_it(register: Path) -> None:
    office = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})
    by_hand = enter(replace(LETTER, label="invoice"), office=office)
    assert by_hand.status == "new"
    assert entries.move(by_hand.number, "paid", ACT, office=office).status == "paid"
    scanned = file_one(open_batch(), 0, ((0, 1), (0, 2))).entry
    Entry.objects.filter(pk=scanned.pk).update(label="invoice")
    # Its state is none of the class's: it may go into any of them.
    assert entries.move(scanned.number, "paid", ACT, office=office).status == "paid"


def test_it_goes_from_hand_to_hand_and_back(register: Path) -> None:
    made = enter()
    with pytest.raises(Usage, match="Say who is to have"):
        holding.assign(made.number, ACT)
    with pytest.raises(Usage, match="is with the registry: nobody gave it"):
        holding.give_back(made.number, replace(ACT, reason="not ours"))
    assert holding.assign(made.number, ACT, department="works").status == "assigned"
    with pytest.raises(Usage, match=r"works has IN-.* already"):
        holding.assign(made.number, ACT, department="works")
    holding.assign(made.number, ACT, department="works", person="ben")
    with pytest.raises(Usage, match=r"Say why .* goes back"):
        holding.give_back(made.number, ACT)
    back = holding.give_back(made.number, replace(ACT, reason="on leave"))
    assert (back.department, back.person, back.status) == ("works", "", "assigned")
    assert told(made)[-1][1]["reason"] == "on leave"
    entries.move(made.number, "closed", ACT)
    with pytest.raises(Usage, match="is closed: reopen it first"):
        holding.assign(made.number, ACT, department="tax")


def test_what_came_to_nobody_goes_back_to_the_registry(register: Path) -> None:
    made = enter()
    holding.assign(made.number, ACT, department="works")
    back = holding.give_back(made.number, replace(ACT, reason="not ours"))
    assert (back.department, back.person, back.status) == ("", "", "registered")


def test_a_queue_is_worked_off(register: Path) -> None:
    made = enter(department="works")
    taken = holding.claim(made.number, Act("ben", AT))
    assert (taken.department, taken.person, taken.status) == ("works", "ben", "assigned")
    with pytest.raises(Usage, match=r"ben has IN-.*take it over"):
        holding.claim(made.number, ACT)
    back = holding.give_back(made.number, replace(ACT, reason="on leave"))
    assert (back.department, back.person) == ("works", "")
    assert holding.claim(enter().number, ACT).person == "eva"


def test_what_goes_on_to_somebody_outside_is_a_new_entry(register: Path) -> None:
    made = enter(ALL, department="works")
    with pytest.raises(Usage, match=r"Say to whom .* goes: name a recipient"):
        relations.forward(made.number, [" "], ACT, zone=ZONE)
    sent = relations.forward(made.number, ["The county"], ACT, zone=ZONE)
    assert (sent.direction, sent.status, sent.department) == ("outgoing", "draft", "works")
    assert entries.details_of(sent) == replace(
        ALL, senders=(), recipients=("The county",), channel=Channel.POST, dated=None, location=""
    )
    assert sent.relations == [{"relation": "forwards", "number": made.number}]
    assert now(made).relations == [{"relation": "is forwarded by", "number": sent.number}]
    seen = entries.last_event(made).sequence
    entries.move(made.number, "closed", ACT)
    with pytest.raises(Usage, match="changed meanwhile: moved by eva"):
        relations.forward(made.number, ["The county"], replace(ACT, seen=seen), zone=ZONE)
    assert numbers.counters() == {("IN", 2026): 1, ("OUT", 2026): 1}
    assert list(history.breaks()) == []


def test_relations_that_cannot_be(register: Path) -> None:
    one, other, gone = enter(), enter(), enter()
    entries.strike(gone.number, replace(ACT, reason="typed twice"))
    with pytest.raises(Usage, match="cannot be related to itself"):
        relations.relate(one.number, Relation.CONCERNS, one.number, ACT)
    with pytest.raises(Usage, match="is void: typed twice"):
        relations.relate(one.number, Relation.CONCERNS, gone.number, ACT)
    with pytest.raises(Usage, match="There is no entry IN-1999"):
        relations.relate(one.number, Relation.CONCERNS, "IN-1999-000001-1", ACT)
    relations.relate(one.number, Relation.CONCERNS, other.number, ACT)
    with pytest.raises(Usage, match="already"):
        relations.relate(other.number, Relation.CONCERNS, one.number, ACT)


def test_a_void_entry_stays_as_it_is(register: Path) -> None:
    made, other = enter(), enter()
    with pytest.raises(Usage, match="Say why"):
        entries.strike(made.number, ACT)
    for instead in ("IN-1999-000001-1", made.number):
        with pytest.raises(Usage, match="cannot take the place of"):
            entries.strike(made.number, replace(ACT, reason="twice"), replaced_by=[instead])
    entries.strike(made.number, replace(ACT, reason="twice"), replaced_by=[other.number])
    assert views.show(made.number)["replaced_by"] == [other.number]
    acts: tuple[Callable[[], Entry], ...] = (
        lambda: entries.move(made.number, "closed", ACT),
        lambda: holding.assign(made.number, ACT, person="ben"),
        lambda: entries.amend(made.number, lambda one: replace(one, subject="x"), ACT, zone=ZONE),
        lambda: entries.strike(made.number, replace(ACT, reason="again")),
    )
    for act in acts:
        with pytest.raises(Usage, match=r"is void: twice\. A void entry stays"):
            act()
    assert enter().sequence == 3  # its number is never given again


def test_who_comes_second_is_told_what_the_first_did(register: Path) -> None:
    made = enter()
    seen = entries.last_event(made).sequence
    holding.assign(made.number, Act("ben", AT, seen=seen), person="ben")
    acts: tuple[Callable[[Act], Entry], ...] = (
        lambda act: holding.assign(made.number, act, person="eva"),
        lambda act: entries.move(made.number, "closed", act),
        lambda act: entries.amend(made.number, lambda one: replace(one, subject="x"), act, zone=ZONE),
        lambda act: entries.strike(made.number, act),
        lambda act: holding.give_back(made.number, act),
    )
    for late in acts:
        with pytest.raises(Usage, match=r"changed meanwhile: assigned by ben at 2026-03-04T05:06:07"):
            late(Act("eva", AT, "mine", seen))
    assert now(made).person == "ben"


def test_many_at_once_leave_no_gap_and_one_wins_each_race(register: Path) -> None:
    made = enter()
    seen = entries.last_event(made).sequence

    def work(at: int) -> str:
        with borrowed():
            enter(replace(LETTER, subject=f"letter {at}"))
            try:
                holding.assign(made.number, Act(f"p{at}", AT, seen=seen), person=f"p{at}")
            except PostroomError as error:
                return str(error)
            return ""

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(work, range(12)))
    winner = done.index("")
    assert done.count("") == 1
    assert all("meanwhile: assigned by p" in one for one in done if one)
    assert now(made).person == f"p{winner}"
    assert sorted(Entry.objects.values_list("sequence", flat=True)) == list(range(1, 14))
    assert list(history.breaks()) == []


def test_signs_that_no_database_takes_do_no_harm(register: Path) -> None:
    made = enter(replace(LETTER, subject="no\0ise \ud800", tags=("a\0",)))
    assert (made.subject, now(made).tags) == ("no\ufffdise \ufffd", ["a\ufffd"])
