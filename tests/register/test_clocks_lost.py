"""Clocks that could not be made: they cost no other, are told of, and are made good."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.office import Closure, Deadline
from domain.working_time import Calendar
from register import clocks, decisions, entries
from register.followers import FOLLOWERS
from register.following import Desk, again, follow, undone
from register.models import Clock
from tests.register.test_clocks import ANSWER, ZONE, act, desk, enter, local, put, row, run, works

__all__ = ("works",)
pytestmark = pytest.mark.usefixtures("works")
NEVER = Calendar(ZONE).closed([Closure("for good", date(2026, 1, 1), date(2056, 1, 1))])


def test_a_deadline_that_is_due_never_costs_no_other() -> None:
    put(ANSWER, Deadline("law", days=30, legal=True))
    entry = enter("02T10:00")
    follow(replace(desk(), calendar=NEVER), FOLLOWERS)
    assert row(entry, "law") == row(entry) == (True, 0.0, None, "")
    run("02T10:00")  # the office is open after all
    assert row(entry) == (True, 0.0, local("04T10:00"), "")


def test_what_goes_wrong_with_one_clock_costs_no_other_and_is_made_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(ANSWER, Deadline("law", days=30, legal=True))
    first, second = enter("02T10:00"), enter("02T11:00")
    sound = clocks._run

    def broken(held: decisions.Held, *rest: Any) -> Any:
        if held.value.name == "answer":
            raise ValueError("no time")
        return sound(held, *rest)

    monkeypatch.setattr(clocks, "_run", broken)
    run("02T11:00")
    assert list(Clock.objects.order_by("pk").values_list("entry__number", "name")) == [
        (first.number, "law"), (second.number, "law"),
    ]  # fmt: skip
    lost = {"what": "clocks answer", "why": "no time"}
    assert undone() == [{"number": one.number, **lost} for one in (first, second)]
    again(desk(), FOLLOWERS)
    assert [one["number"] for one in undone()] == [first.number, second.number]
    monkeypatch.setattr(clocks, "_run", sound)
    entries.move(first.number, "in progress", act("02T12:00"))
    run("02T12:00")  # by the next event
    assert undone() == [{"number": second.number, **lost}]
    again(desk(), FOLLOWERS)
    assert (row(first), row(second)) == (
        (True, 0.0, local("04T10:00"), ""), (True, 0.0, local("04T11:00"), ""),
    )  # fmt: skip
    assert undone() == []


def test_what_goes_wrong_with_a_follower_is_told_until_it_is_done() -> None:
    put(ANSWER)
    entry = enter("02T10:00")
    calls: list[str] = []

    def late(happened: Any, _: Desk) -> None:
        calls.append(happened.kind)
        if len(calls) < 4:  # with the others, by itself, again
            raise ValueError("not yet")

    late.__module__ = "register.late"
    follow(desk(), [late, *FOLLOWERS])
    assert undone() == [{"number": entry.number, "what": "late", "why": "not yet"}]
    assert row(entry)[0]
    for left in (1, 0):
        again(desk(), [late, *FOLLOWERS])
        assert len(undone()) == left
    assert calls == ["entered"] * 4
