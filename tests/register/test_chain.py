"""The audit chain: append-only on both databases, and each way to alter it named."""

import hashlib
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from domain.chain import START, Head, link, path, reached, root
from domain.correspondence import saying
from domain.office import Department
from infra.database import disconnect
from register import entries, heads, history, holding
from register.acts import Act
from register.models import Decision, Event, EventContent, PartyContent, PartyEvent
from register.numbers import OFFICE, PARTIES
from tests.bench import chain as bench
from tests.register.filings import AT
from tests.register.officers import ZONE, decide, enter
from tests.register.tampering import past_the_guards, rewrite

HASHES = st.lists(
    st.binary(max_size=4).map(lambda one: hashlib.sha256(one).hexdigest()), min_size=1, max_size=40
)

GUARDED = (Event, EventContent, Decision, PartyEvent, PartyContent)


def told(sequence: int, problem: str, number: str | None = None) -> dict[str, Any]:
    number = heads.number_of("IN", sequence) if number is None else number
    return {"register": "IN", "sequence": sequence, "number": number, "problem": problem}


@given(HASHES, st.data())
def test_a_leaf_leads_to_the_root_and_to_no_other(hashes: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(hashes) - 1))
    steps = path(hashes, place)
    assert reached(hashes[place], steps) == root(hashes) == _recursive(hashes).hex()
    assert len(steps) <= (len(hashes) - 1).bit_length()
    other = hashlib.sha256(b"another").hexdigest()
    assert reached(other, steps) != root(hashes)


def _recursive(hashes: list[str]) -> bytes:
    """As RFC 9162 defines it (2.1.1)."""
    if len(hashes) == 1:
        return hashlib.sha256(b"\0" + hashes[0].encode()).digest()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _recursive(hashes[:half]) + _recursive(hashes[half:])).digest()


def test_nobody_changes_or_removes_an_event(register: Path) -> None:
    enter()
    decide(Department("works"))
    for model in GUARDED:
        table, before = model._meta.db_table, list(model._default_manager.values())
        assert before
        column = "salt" if "content" in table else "actor"
        lines = [f"UPDATE {table} SET {column} = 'eve'", f"DELETE FROM {table}"]
        if connection.vendor == "postgresql":
            lines.append(f"TRUNCATE {table} CASCADE")
        for line in lines:
            _refused(line)
        assert list(model._default_manager.values()) == before


@pytest.mark.parametrize("register", ["sqlite"], indirect=True)
def test_nobody_replaces_an_event(register: Path) -> None:
    """A row that REPLACE removes is removed without the triggers that guard against removal."""
    enter()
    decide(Department("works"))
    for model in GUARDED:
        table, before = model._meta.db_table, list(model._default_manager.values())
        columns = [one.column for one in model._meta.concrete_fields]
        names, changed = ", ".join(columns), {"actor": "'eve'", "salt": "'eve'"}
        with_id = ", ".join(changed.get(one, one) for one in columns)
        without = ", ".join({**changed, "id": "id + 9"}.get(one, one) for one in columns)
        for values in (with_id, without):
            _refused(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {values} FROM {table} LIMIT 1")
            _refused(f"REPLACE INTO {table} ({names}) SELECT {values} FROM {table} LIMIT 1")
        assert list(model._default_manager.values()) == before


def _refused(line: str) -> None:
    with pytest.raises(IntegrityError, match="history is append-only"), transaction.atomic():
        _do(line)


def _do(line: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(line)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("kind = 'moved'", "the event was altered"),
        ("actor = 'eve'", "the event was altered"),
        ("at = '2020-01-01 00:00:00+00:00'", "the event was altered"),
        ("content_hash = previous", "the event was altered"),
        ("hash = previous", "the event was altered"),
        ("sequence = 9", "event 2 is missing"),
    ],
)
def test_the_event_that_was_altered_is_named(register: Path, change: str, problem: str) -> None:
    for _ in range(3):
        enter()
    place = 9 if "sequence" in change else 2
    if connection.vendor == "sqlite":
        change = change.replace("+00:00", "")
    with past_the_guards():
        _do(f"UPDATE register_event SET {change} WHERE sequence = 2")
    found = list(history.breaks())
    if place == 2:
        after = [told(3, "event 2 was altered, or this one: they do not follow each other")]
        assert found == [told(2, problem), *(after if change == "hash = previous" else [])]
    else:
        assert [(one["sequence"], one["problem"]) for one in found] == [
            (3, "event 2 is missing"), (9, "event 4 is missing"),
            (3, "the chain ends at event 9, but 3 were written"),
        ]  # fmt: skip


def test_another_number_another_content_and_a_hash_made_anew_are_told(register: Path) -> None:
    first, *_ = [enter() for _ in range(3)]
    type(first).objects.filter(pk=first.pk).update(number="IN-2026-000009-9")
    assert list(history.breaks()) == [told(1, "the event was altered", "IN-2026-000009-9")]
    type(first).objects.filter(pk=first.pk).update(number=first.number)
    content = EventContent.objects.get(event__sequence=2)
    with past_the_guards():
        EventContent.objects.filter(pk=content.pk).update(body="{}")
        assert list(history.breaks()) == [told(2, "the event's content was altered")]
        EventContent.objects.filter(pk=content.pk).delete()
        assert list(history.breaks()) == [told(2, "what the event says is missing")]
        content.save(force_insert=True)
    assert list(history.breaks()) == []
    event = Event.objects.get(sequence=2)
    rewrite("IN", 2, actor="eve")
    assert list(history.breaks()) == []  # the chain as such holds: that is what heads are for
    with past_the_guards():
        Event.objects.filter(sequence=3).update(previous=event.hash)
        Event.objects.filter(sequence=3).update(hash=_own(Event.objects.get(sequence=3)))
    assert list(history.breaks()) == [
        told(3, "event 2 was altered, or this one: they do not follow each other")
    ]


def _own(event: Event) -> str:
    told = history.as_record(event)
    names = ("register", "sequence", "number", "kind", "actor", "at", "content_hash", "previous")
    return link(*(told[name] for name in names))


def test_each_event_says_what_was_before_and_what_is_after(register: Path) -> None:
    number = enter().number
    act = Act("ann", AT, "it was wrong", source="192.0.2.7")
    entries.amend(number, partial(saying, {"subject": "Much noise"}), act, zone=ZONE)
    holding.assign(number, act, department="works")
    entries.move(number, "in progress", act)
    events = [history.as_record(one) for one in Event.objects.order_by("sequence")]
    assert [(one["kind"], one["actor"]) for one in events] == [
        ("entered", "eva"), ("amended", "ann"), ("assigned", "ann"), ("moved", "ann"),
    ]  # fmt: skip
    said = {"reason": "it was wrong", "source": "192.0.2.7"}
    nobody, works = {"department": "", "person": ""}, {"department": "works", "person": ""}
    assert all(len(one["content"].pop("entry_sha256")) == 64 for one in events)
    assert [one["content"] for one in events[1:]] == [
        {"before": {"subject": "Noise"}, "after": {"subject": "Much noise"}, **said},
        {"from": nobody, "to": works, "status": "assigned", **said},
        {"from": "assigned", "to": "in progress", **said},
    ]
    assert all(now["previous"] == before["hash"] for before, now in pairwise(events))
    assert events[0]["previous"] == START


def test_heads_say_how_far_each_chain_goes(register: Path) -> None:
    assert heads.heads() == ()
    for name in ("works", "legal"):
        decide(Department(name))
    for code in ("IN", "IN", "DESK"):
        enter(register=code)
    hashes = list(heads.hashes("IN", 9))
    ends = [("DESK", 1), ("IN", 2), (OFFICE, 2), (PARTIES, 1)]
    assert [(one.register, one.sequence) for one in heads.heads()] == ends
    assert heads.heads()[1] == Head("IN", 2, hashes[1], root(hashes))
    assert list(heads.hashes("IN", 1)) == hashes[:1]
    assert heads.hashes_at("IN", {2, 3}) == {2: hashes[1]}
    assert (heads.last_of("IN"), heads.last_of("OUT")) == (2, 0)
    assert [heads.number_of(one, 1) for one in ("OUT", OFFICE, PARTIES)] == ["", "", "P-000001-1"]


def test_a_long_chain_is_looked_through(tmp_path: Path, register_database: str) -> None:
    """What ``postroom bench chain`` measures of a million events, of a few thousand."""
    for url in ("", register_database):
        home = tmp_path / ("postgresql" if url else "sqlite")
        home.mkdir()
        found = bench.measure(home, 3000, url)
        disconnect()
        said = (found["chain_breaks"], found["head_ok"], found["altered_found"])
        assert said == (0, True, True)
        assert (
            found["events_per_s"] > 5000
        )  # a million in less than four minutes, however busy the machine is
