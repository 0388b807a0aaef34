"""``deadline`` and ``clock``: what people type, and what they are told."""

import re
import shlex
from pathlib import Path

import pytest
import time_machine

from infra.settings import load_settings
from register.models import Notice
from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "clocks.md"
NUMBER = "IN-2026-000001-7"


def test_the_page_is_what_happens(home: Path) -> None:
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE.read_text("utf-8"))
    days = ("02T08:00", "04T09:00", "04T11:00", "05T15:00", "10T13:01", "10T13:03")
    said: list[list[str]] = []
    for day, block in zip(days, blocks, strict=True):
        if day == days[-2]:
            with time_machine.travel("2026-03-10T09:05Z", tick=False):
                assert "complaints, reminder 4; told: ben" in run(home, "clock", "run").output
        with time_machine.travel(f"2026-03-{day}Z", tick=False):
            said.append([])
            for line in block.splitlines():
                done = run(home, *shlex.split(line)[1:])
                assert done.exit_code == 0, (line, done.output)
                said[-1].append(done.output)
    assert "complaints: running\n  begun 2026-03-04 09:00, due 2026-03-05 17:00" in said[1][1]
    assert "reminder 4 hours before: will be 2026-03-05 13:00" in said[1][1]
    assert "law: running, legal\n  begun 2026-03-04 09:00, due 2026-04-04 00:00" in said[1][1]
    assert "14.0" in said[3][1]
    assert "2026-03-10 13:00" in said[3][1]
    assert "law" not in said[3][1]
    assert said[4][0] == f"{NUMBER}: complaints, passed; told: ben, dora\n"
    assert "passed" in said[4][1]
    assert Notice.objects.filter(to="dora", kind="deadline passed").count() == 1
    assert "complaints: running, extended\n  begun 2026-03-04 09:00, due 2026-03-17 17:00" in said[5][0]
    with time_machine.travel("2026-03-10T13:04Z", tick=False):
        assert run(home, "clock", "run").output == "Nothing is due.\n"
        shown = run(home, "clock", "show", NUMBER).output
        assert "complaints: running, extended" in shown
        assert "complaints (extended)" in run(home, "clock", "list").output
        assert asked(home, "status")["deadlines"] == {"running": 2, "passed": 0, "waiting": 0}
        assert "2 deadlines running" in run(home, "status").output
    assert re.search(r"passed: 2026-03-10 13:01", shown)
    told = run(home, "show", NUMBER).output
    assert "\ndue 2026-03-17 17:00: complaints\ndue 2026-04-04 00:00: law\n" in told
    assert "deadline soon: complaints" in told
    assert "deadline passed: complaints" in told
    assert re.search(r"extended: complaints, 2026-03-10\s+13:00", told)


def test_a_deadline_is_added_changed_shown_and_taken_away(home: Path) -> None:
    made = asked(
        home, "deadline", "add", "soon", "--hours", "8", "--remind", "4", "--remind", "1", "--class", "letter"
    )
    assert made == {
        "name": "soon", "hours": 8.0, "days": 0, "label": "letter", "priority": "", "direction": "",
        "state": "", "until": [], "pauses": ["waiting"], "legal": False, "remind": [4.0, 1.0], "escalate": "",
        "by_rule": False,
    }  # fmt: skip
    changed = asked(
        home, "deadline", "change", "soon", "--days", "3", "--until", "closed", "--pause", "", "--class", ""
    )
    assert {name: changed[name] for name in ("hours", "days", "label", "until", "pauses")} == {
        "hours": 0.0, "days": 3, "label": "", "until": ["closed"], "pauses": [],
    }  # fmt: skip
    assert asked(home, "deadline", "show", "soon") == changed
    assert (
        run(home, "deadline", "show", "soon").output
        == "name: soon\ndays: 3\nuntil: closed\nremind: 4.0, 1.0\n"
    )
    assert asked(home, "deadline", "list") == [changed]
    assert len(asked(home, "deadline", "history", "soon")) == 2
    assert asked(home, "deadline", "remove", "soon") == {"name": "soon", "removed": True}
    assert "There is no deadline 'soon'. There is none yet" in refused(home, "deadline", "show", "soon")


def test_what_cannot_be(home: Path) -> None:
    add = ("deadline", "add", "x")
    assert "give one of them, --hours or --days" in refused(home, *add)
    assert "state is 'begun': the states of such entries are: received" in refused(
        home, *add, "--hours", "4", "--state", "begun"
    )
    assert "There is no class 'novel'" in refused(home, *add, "--hours", "4", "--class", "novel")
    assert "Say what is to change" in refused(home, "deadline", "change", "x")
    assert "There is no entry IN-2026-000009-9" in refused(home, "clock", "show", "IN-2026-000009-9")
    asked(home, "user", "add", "eve", "--role", "auditor")
    assert "eve has no role that may administer" in refused(home, *add, "--hours", "4", "--as", "eve")
    for verb in ("run", "check"):
        told = f"postroom clock {verb} is for the installation's owner: leave out --as"
        assert refused(home, "clock", verb, "--as", "eve") == told


def test_the_hours_of_the_office(home: Path) -> None:
    (home / "postroom.toml").write_text(
        'timezone = "Europe/Madrid"\n[office]\nhours = "Mon-Fri 08:00-15:00"\ncountry = "ES"\n'
        'subdivision = "MD"\n'
    )
    with time_machine.travel("2026-04-30T10:00Z", tick=False):  # the 1st and 2nd of May are holidays there
        asked(home, "deadline", "add", "answer", "--days", "1")
        asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada")
        (one,) = asked(home, "clock", "list")
    assert one["due_at"] == "2026-05-04T13:00:00+00:00"
    for wrong, said in (
        ('hours = "Mon 9-5"', "office.hours = 'Mon 9-5': Value error, '9-5' is no opening"),
        ('country = "ZZ"', "office.country = 'ZZ': Value error, no country with holidays that are known"),
        ('country = "DE"\nsubdivision = "MD"', "no such part of the country; its are: BB, BE"),
        ('subdivision = "MD"', "no such part of the country; its country has none"),
    ):  # fmt: skip
        (home / "postroom.toml").write_text(f"[office]\n{wrong}\n")
        assert said in refused(home, "clock", "list")
    (home / "postroom.toml").unlink()
    assert load_settings(home).office.hours == "Mon-Fri 09:00-17:00"


def test_what_nobody_can_work_on_is_shown_and_brought_back(home: Path) -> None:
    asked(home, "user", "add", "ann", "--role", "registrar")
    asked(home, "user", "add", "ben", "--role", "case handler")
    number = asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--person", "ben")["number"]
    assert asked(home, "status")["without_holder"] == 0
    asked(home, "user", "leave", "ben")
    assert asked(home, "status")["without_holder"] == 1
    assert "Nobody can work on 1 entry. Which" in run(home, "status").output
    assert asked(home, "clock", "check") == {
        "brought_back": [{"number": number, "holder": "ben", "why": "ben has left"}],
        "without_holder": [],
    }
    assert asked(home, "show", number)["person"] is None
    assert run(home, "clock", "check").output == "Somebody can work on each entry.\n"
    asked(home, "user", "leave", "ann")
    (left,) = asked(home, "clock", "check")["without_holder"]
    assert left["why"] == "nobody of the registry may work on what is internal"


def test_the_hourly_look_comes_with_what_runs_each_minute(home: Path) -> None:
    asked(home, "user", "add", "ann", "--role", "registrar")
    asked(home, "user", "add", "ben", "--role", "case handler")
    with time_machine.travel("2026-03-04T10:00Z", tick=False) as clock:
        number = asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--person", "ben")[
            "number"
        ]
        assert asked(home, "clock", "run")["brought_back"] == []
        asked(home, "user", "leave", "ben")
        clock.shift(3500)
        assert asked(home, "clock", "run")["brought_back"] == []
        clock.shift(100)
        assert run(home, "clock", "run").output == f"{number} is with the registry again: ben has left\n"


def test_what_was_not_done_is_told_and_tried_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(home, "deadline", "add", "long", "--days", "3660")
    with monkeypatch.context() as broken:
        broken.setattr("register.clocks._run", lambda *_: 1 / 0)
        asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada")
        asked(home, "clock", "run")
    assert asked(home, "status")["undone"] == [
        {"number": NUMBER, "what": "clocks long", "why": "division by zero"}
    ]
    assert "1 not done. To try once more: postroom clock run" in run(home, "status").output
    asked(home, "clock", "run")
    assert asked(home, "status")["undone"] == []
    assert [one["deadline"] for one in asked(home, "clock", "list")] == ["long"]
