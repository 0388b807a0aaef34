"""``department``, ``user``, ``field``, ``rule`` … and ``--as``: what people type, and what they are told."""

import re
import shlex
import socket
from pathlib import Path

import pytest
import time_machine

from infra.wiring import open_services
from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "office.md"


@pytest.fixture
def home(home: Path) -> Path:
    for line in (
        'department add works --title "Public works"',
        "department add legal",
        "user add ann --role registrar --clearance confidential --email ann@example.org",
        'user add ben --role "case handler@works"',
        "user add eve --role administrator",
    ):
        done = run(home, *shlex.split(line))
        assert done.exit_code == 0, (line, done.output)
    return home


def entered(home: Path, *words: str) -> str:
    given = ("--subject", "Noise", "--sender", "Ada Ltd", *words)
    return str(asked(home, "entry", "new", *given)["number"])


def test_the_page_is_what_happens(tmp_path: Path) -> None:
    open_services(tmp_path)
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        for block in re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE.read_text("utf-8")):
            for line in block.splitlines():
                done = run(tmp_path, *shlex.split(line)[1:])
                assert done.exit_code == 0, (line, done.output)
    shown = asked(tmp_path, "show", "IN-2026-000001-7")
    assert (shown["department"], shown["person"], shown["priority"]) == ("works", "ben", "high")
    assert shown["custom"] == {"plot": "12"}


def test_a_user_sees_what_they_may_wherever_the_option_stands(home: Path) -> None:
    seen = entered(home, "--department", "works")
    hidden = entered(home, "--department", "legal", "--subject", "Noise of lawyers")
    for words in (
        ("--as", "ben", "search", "noise"),
        ("search", "noise", "--as", "ben"),
        ("search", "noise", "--as=ben"),
    ):
        found = asked(home, *words)
        assert ([one["number"] for one in found["hits"]], found["total"]) == ([seen], 1)
        assert found["facets"]["year"] == {"2026": 1}
    assert asked(home, "search", "noise")["total"] == 2
    assert [one["number"] for one in asked(home, "entry", "list", "--as", "ben")] == [seen]
    assert f"There is no entry {hidden}" in refused(home, "show", hidden, "--as", "ben")
    asked(home, "entry", "share", hidden, "ben", "--as", "ann")
    assert asked(home, "show", hidden, "--as", "ben")["access"] == ["view:ben"]
    assert asked(home, "search", "noise", "--as", "ben")["total"] == 2
    asked(home, "entry", "unshare", hidden, "ben")
    assert asked(home, "search", "noise", "--as", "ben")["total"] == 1


def test_what_a_user_does_goes_under_their_name(home: Path) -> None:
    number = entered(home, "--department", "works")
    done = asked(home, "entry", "move", number, "in progress", "--as", "ben")
    assert done["history"][-1]["actor"] == "ben"
    assert "ben may not register" in refused(home, "entry", "void", number, "--reason", "x", "--as", "ben")
    assert "--by says eva, and --as ben" in refused(
        home, "entry", "move", number, "closed", "--by", "eva", "--as", "ben"
    )


def test_who_is_let_in(home: Path) -> None:
    assert "There is no user 'zoe'" in refused(home, "entry", "list", "--as", "zoe")
    asked(home, "user", "leave", "ben")
    assert "ben has left" in refused(home, "entry", "list", "--as", "ben")
    asked(home, "user", "return", "ben", "--as", "eve")
    assert asked(home, "entry", "list", "--as", "ben") == []
    assert "ann has no role that may administer" in refused(home, "user", "leave", "ben", "--as", "ann")
    assert "postroom verify is for the installation's owner: leave out --as ann" in refused(
        home, "verify", "--as", "ann"
    )


def test_lists_and_histories(home: Path) -> None:
    asked(
        home,
        "department",
        "change",
        "works",
        "--email",
        "works@example.org",
        "--reason",
        "new",
        "--by",
        "eva",
    )
    assert asked(home, "department", "list") == [
        {"name": "legal", "title": "", "parent": "", "email": ""},
        {"name": "works", "title": "Public works", "parent": "", "email": "works@example.org"},
    ]
    first, last = asked(home, "department", "history", "works")
    assert (first["value"]["email"], last["value"]["email"]) == ("", "works@example.org")
    assert (last["actor"], last["reason"], last["source"]) == ("eva", "new", socket.gethostname())
    assert asked(home, "department", "remove", "legal") == {"name": "legal", "removed": True}
    assert "There is no department 'legal'. There are: works" in refused(
        home, "department", "remove", "legal"
    )
    assert "case handler@works" in run(home, "user", "list").output
    assert "role is 'king'. The roles are: operator" in refused(home, "user", "add", "x", "--role", "king")
    assert "from is 'soon', which is no day" in refused(
        home, "closure", "add", "x", "--from", "soon", "--to", "2026-01-02"
    )
    asked(home, "closure", "add", "moving", "--from", "2026-01-01", "--to", "2026-01-02")
    asked(home, "delegation", "add", "ann", "ben", "--from", "2026-01-01", "--to", "2026-01-02")
    assert "ann 2026-01-01" in run(home, "delegation", "list").output


def test_rules_are_tried_on_what_came_in(home: Path) -> None:
    asked(home, "rule", "add", "noise", "--when", "has_words(subject, 'noise')", "--assign", "works")
    with time_machine.travel("2026-02-11T09:00:00Z", tick=True):
        number = entered(home)
    assert asked(home, "show", number)["department"] == "works"
    with time_machine.travel("2026-03-11T09:00:00Z", tick=True):
        found = asked(home, "rule", "test", "--without", "noise")
        text = run(home, "rule", "test", "noise", "--assign", "legal").output
        assert "(default: you)" not in text
    assert found == {
        "from": "2026-02-01", "to": "2026-02-28", "entries": 1,
        "changed": [{"number": number, "before": {"assign": "works"}, "after": {}}],
        "rules": [], "conflicts": [], "dead": [],
    }  # fmt: skip
    assert "1 would go another way" in text
    assert "assign: legal" in text
    assert "when is no condition: line 1, sign 11" in refused(
        home, "rule", "add", "x", "--when", "subject ==", "--assign", "works"
    )
    assert "Say when it holds" in refused(home, "rule", "add", "x", "--assign", "works")
    shown = run(home, "show", number).output
    assert "routed by noise" in shown


DAYS = {
    "after one another": (
        ("--from", "2026-03-02", "--to", "2026-03-01"),
        "from is 2026-03-02, after to, which",
    ),
    "after the last month": (("--from", "2026-03-02"), "from is 2026-03-02, after to, which is 2026-02-28"),
    "to come": (
        ("--to", "9999-12-31"),
        "to is 9999-12-31, which is yet to come: give a day until today, 2026",
    ),
    "of old": (("--from", "0001-01-01"), "from is 0001-01-01: give a day since 1900-01-01"),
}


@pytest.mark.parametrize(("days", "said"), DAYS.values(), ids=DAYS)
def test_days_on_which_nothing_can_have_come_in(home: Path, days: tuple[str, ...], said: str) -> None:
    with time_machine.travel("2026-03-11T09:00:00Z", tick=True):
        assert said in refused(home, "rule", "test", *days)


def test_an_entry_shows_which_rule_failed(home: Path) -> None:
    asked(home, "rule", "add", "boom", "--when", "size(tags) == 0 || tags[1] == 'x'", "--priority", "high")
    number = entered(home, "--tag", "red")
    shown = " ".join(run(home, "show", number).output.split())
    assert "a rule failed" in shown
    assert "boom failed" in shown


def test_what_names_hold_that_no_database_takes(home: Path) -> None:
    number = entered(home, "--department", "works")
    assert "There is no department" in refused(home, "entry", "assign", number, "--department", "a\udc80b")
    done = asked(home, "entry", "assign", number, "--person", "ben", "--reason", "bad \udc80 sign")
    assert done["history"][-1]["content"]["reason"] == "bad \N{REPLACEMENT CHARACTER} sign"


def test_what_a_change_tells_is_what_the_user_may_see(home: Path) -> None:
    number, hidden = entered(home, "--department", "works"), entered(home, "--department", "legal")
    asked(home, "entry", "relate", number, "concerns", hidden)
    done = asked(home, "entry", "move", number, "in progress", "--as", "ben")
    assert done["relations"] == []
    assert hidden not in str(done)
    given = asked(home, "entry", "assign", number, "--department", "legal", "--as", "ben")
    assert given == {"number": number}
    assert asked(home, "show", number)["department"] == "legal"


def test_the_queues_are_for_those_who_work_on_them(home: Path) -> None:
    assert asked(home, "review", "list", "--as", "ben") == []
    assert asked(home, "exceptions", "list", "--as", "ann") == []
    for words in (("list",), ("retry", "1"), ("dismiss", "1")):
        assert refused(home, "exceptions", *words, "--as", "ben") == "ben has no role that may register"
    assert "leave out --as" in refused(home, "review", "again", "--as", "ann")
    assert refused(home, "label", "x", "letter", "--as", "ben").startswith("There is no document x")
    assert refused(home, "label", "x", "letter", "--as", "ben", "--by", "eva").startswith("--by says eva")


def test_a_rule_sets_fields(home: Path) -> None:
    asked(home, "field", "add", "plot", "--kind", "number")
    given = ("--field", "plot=12", "--language", "ES", "--location", "shelf 3")
    made = asked(home, "rule", "add", "plots", "--when", "true", *given)
    assert made["then"] == {"language": "es", "location": "shelf 3", "fields": ["plot=12"]}
    assert asked(home, "rule", "test", "plots", "--field", "plot=13")["rules"][0]["name"] == "plots"
    shown = asked(home, "show", entered(home))
    assert (shown["language"], shown["location"], shown["custom"]) == ("es", "shelf 3", {"plot": "12"})


def test_who_leaves_may_still_be_named(home: Path) -> None:
    asked(home, "user", "add", "zoe", "--role", "case handler@works")
    asked(home, "rule", "add", "noise", "--when", "true", "--assign", "works/zoe")
    left = asked(home, "user", "leave", "zoe")
    assert (left["active"], left["still_named"]) == (False, ["the rule noise assigns to them"])
    asked(home, "user", "return", "zoe")
    told = run(home, "user", "leave", "zoe").output
    assert "Still names zoe: the rule noise assigns to them. Change or remove it." in told
