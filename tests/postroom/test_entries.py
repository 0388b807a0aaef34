"""``postroom entry``: the walk-through of docs/register.md, and what a clerk is told."""

import json
import re
import shlex
import socket
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from postroom.main import app
from register.models import Entry
from tests.small import small_tiff, train_small
from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "register.md"


def entered(home: Path, *words: str) -> str:
    given = ("--subject", "Noise", "--sender", "Ada Ltd", "--by", "eva", *words)
    return str(asked(home, "entry", "new", *given)["number"])


def test_the_morning_of_the_page(home: Path) -> None:
    (block,) = re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE.read_text("utf-8"))
    said = []
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        for line in block.splitlines():
            done = run(home, *shlex.split(line)[1:])
            assert done.exit_code == 0, (line, done.output)
            said.append(done.output)
    assert "IN-2026-000001-7 is entered, registered." in said[0]
    assert "IN-2026-000001-7 is with ben of works now." in said[1]
    assert "OUT-2026-000001-5 is entered, draft." in said[3]
    assert "IN-2026-000001-7 is closed now." in said[8]
    assert "closed" in said[9]
    assert "ben of works" in said[9]
    shown = run(home, "show", "IN-2026-000001-7").output
    assert "closed, with ben of works" in shown
    assert "is answered by OUT-2026-000001-5" in shown
    assert "in progress → answered" in shown
    assert run(home, "search", "noise").output.count("IN-2026-000001-7") == 1


def test_what_is_given_is_what_is_shown(home: Path) -> None:
    number = entered(
        home, "--sender", "Bob", "--recipient", "Town Hall", "--channel", "e-mail", "--reference", "A-17",
        "--dated", "2026-03-01", "--class", "letter", "--tag", "noise", "--tag", "night",
        "--priority", "high",
        "--confidentiality", "secret", "--language", "EN", "--location", "shelf 3", "--department", "works",
        "--person", "ben", "--register", "DESK", "--received", "2026-03-02T09:30", "--reason", "as it came",
    )  # fmt: skip
    assert number.startswith("DESK-2026-000001-")
    shown = asked(home, "entry", "show", number)
    told = {name: shown[name] for name in (
        "direction", "register", "received_at", "channel", "reference", "dated", "class", "tags", "priority",
        "confidentiality", "language", "location", "department", "person", "status",
    )}  # fmt: skip
    assert told == {
        "direction": "incoming", "register": "DESK", "received_at": "2026-03-02T09:30:00+00:00",
        "channel": "e-mail", "reference": "A-17", "dated": "2026-03-01", "class": "letter",
        "tags": ["noise", "night"], "priority": "high", "confidentiality": "secret", "language": "en",
        "location": "shelf 3", "department": "works", "person": "ben", "status": "assigned",
    }  # fmt: skip
    assert [one["actor"] for one in shown["history"]] == ["eva", "eva"]
    asked(home, "entry", "amend", number, "--dated", "", "--tag", "", "--location", "", "--class", "")
    after = asked(home, "show", number)
    assert [after[name] for name in ("dated", "tags", "location", "class")] == [None, [], None, None]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("new", "--subject", "Noise"), "sender is missing: name who sent it, or write: unknown"),
        (("new", "--sender", "Ada"), "subject is missing: say in a few words what it is about"),
        (
            ("new", "--sender", "Ada", "--subject", "x", "--dated", "1.3.2026"),
            "dated is '1.3.2026', which is no such date: write it as 2026-03-31",
        ),
        (
            ("new", "--sender", "Ada", "--subject", "x", "--received", "today"),
            "received is 'today', which is no such date: write it as 2026-03-31T09:30",
        ),
        (("new", "--sender", "Ada", "--subject", "x", "--class", "novel"), "There is no class 'novel'."),
        (("move", "IN-2026-000009-9", "closed"), "There is no entry IN-2026-000009-9."),
    ],
)
def test_a_clerk_is_told_what_is_wrong(home: Path, words: tuple[str, ...], problem: str) -> None:
    assert refused(home, "entry", *words).startswith(problem)
    assert not Entry.objects.exists()


def test_the_loser_of_a_race_is_told(home: Path) -> None:
    number = entered(home)
    (first,) = asked(home, "entry", "show", number)["history"]
    seen = ("--seen", str(first["sequence"]))
    asked(home, "entry", "assign", number, "--person", "ben", "--by", "ben", *seen)
    told = refused(home, "entry", "close", number, "--by", "eva", *seen)
    assert told.startswith(f"{number} was changed meanwhile: assigned by ben at ")
    assert asked(home, "entry", "close", number, "--by", "eva")["status"] == "closed"


def test_it_goes_back_and_is_void_with_a_reason(home: Path) -> None:
    number, other = entered(home), entered(home)
    run(home, "entry", "assign", number, "--department", "works")
    assert "Say why" in refused(home, "entry", "return", number)
    assert "with the registry again" in run(home, "entry", "return", number, "--reason", "not ours").output
    assert "Say why" in refused(home, "entry", "void", number)
    asked(home, "entry", "void", number, "--reason", "typed twice", "--replaced-by", other)
    assert "VOID since" in run(home, "show", number).output
    assert [one["number"] for one in asked(home, "entry", "list")] == [other]
    assert "There is none." in run(home, "entry", "list", "--status", "answered").output
    assert asked(home, "verify")["ok"]


def test_it_is_found_by_what_was_said_of_it(home: Path) -> None:
    asked(home, "field", "add", "plot", "--kind", "text")
    said = ("--tag", "balloon", "--field", "plot=4711", "--location", "cellar shelf", "--person", "ben")
    number, other = entered(home, *said), entered(home)
    for words in ("balloon", "4711", '"cellar shelf"', "ben", "balloon ben noise"):
        assert [one["number"] for one in asked(home, "search", words)["hits"]] == [number]
    asked(home, "entry", "amend", number, "--tag", "kite")
    asked(home, "entry", "amend", other, "--location", "Attic")
    found = {words: [one["number"] for one in asked(home, "search", words)["hits"]] for words in (
        "balloon", "kite", "attic",
    )}  # fmt: skip
    assert found == {"balloon": [], "kite": [number], "attic": [other]}


def test_a_register_is_listed_as_it_stands(home: Path) -> None:
    made = [entered(home, "--tag", tag) for tag in "aba"]
    asked(home, "entry", "void", made[1], "--reason", "typed twice")
    whole = run(home, "entry", "list", "--register", "IN", "--all", "--order", "number", "--numbers")
    assert whole.stdout.split() == made
    (void,) = asked(home, "entry", "list", "--void")
    assert (void["number"], void["senders"], void["voided_at"] is not None) == (made[1], ["Ada Ltd"], True)
    lines = run(home, "entry", "list", "--all").output.splitlines()
    assert [line.split("│")[2].strip() for line in lines if "│" in line] == [
        "registered",
        "void",
        "registered",
    ]
    day = void["received_at"][:10]
    found = run(
        home, "entry", "list", "--tag", "a", "--from", day, "--to", day, "--party", "ada", "--numbers"
    )
    assert found.stdout.split() == [made[2], made[0]]
    assert refused(home, "entry", "list", "--status", "nonsense").startswith("status is 'nonsense', which")
    assert refused(home, "entry", "list", "--void", "--all") == "Give either --void or --all"
    assert refused(home, "entry", "list", "--order", "age") == "--order is 'age': give newest or number"


def test_a_class_has_states_of_its_own(home: Path) -> None:
    (home / "postroom.toml").write_text(
        '[states.invoice.incoming]\nregistered = ["paid"]\npaid = ["registered"]\n', "utf-8"
    )
    number = entered(home, "--class", "invoice")
    assert "The states are: registered, paid" in refused(home, "entry", "move", number, "closed")
    assert asked(home, "entry", "move", number, "paid")["status"] == "paid"
    (home / "postroom.toml").write_text('[states.invoice.incoming]\nregistered = ["payed"]\n', "utf-8")
    told = refused(home, "entry", "list")
    assert "states.invoice.incoming" in told
    assert "'registered' is followed by 'payed', which is no state of it" in told


def test_it_is_claimed_and_forwarded(home: Path) -> None:
    number = entered(home, "--department", "works")
    assert asked(home, "entry", "claim", number, "--by", "ben")["person"] == "ben"
    assert asked(home, "entry", "forward", number, "--department", "tax")["department"] == "tax"
    told = refused(home, "entry", "forward", number, "--department", "tax", "--to", "The county")
    assert told.startswith("Forward it either outside")
    sent = asked(home, "entry", "forward", number, "--to", "The county")
    assert (sent["direction"], sent["relations"]) == (
        "outgoing", [{"relation": "forwards", "number": number}],
    )  # fmt: skip


def test_the_same_with_many(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (entered(home) for _ in range(3))
    asked(home, "entry", "void", third, "--reason", "typed twice")
    done = run(home, "entry", "assign", second, first, third, first, "--department", "works", "--json")
    told = json.loads(done.stdout)
    void = f"{third} is void: typed twice. A void entry stays as it is."
    assert (done.exit_code, told) == (
        1,
        {"done": [first, second], "failed": [{"number": third, "problem": void}]},
    )
    listed = run(home, "entry", "list", "--department", "works", "--numbers")
    assert listed.stdout == f"{second}\n{first}\n"
    moved = CliRunner().invoke(
        app, ["--home", str(home), "entry", "move", "-", "in progress"], input=listed.stdout
    )
    assert moved.stdout == f"{first} is in progress now.\n{second} is in progress now.\n"
    assert refused(home, "entry", "close", first, second, "--seen", "3").startswith("--seen is an event of")
    none = CliRunner().invoke(app, ["--home", str(home), "entry", "close", "-"], input="")
    assert str(none.exception).startswith("No number is given")


def test_a_file_is_added_and_replaced(home: Path, tmp_path: Path) -> None:
    train_small(home)
    number, file = entered(home), small_tiff(tmp_path / "statement.tif", ["Nightfall"])
    done = asked(home, "entry", "attach", number, file, "--by", "ben", "--reason", "she sent it")
    assert [(one["number"], one["source"]) for one in done["entries"]] == [(number, str(file))]
    old = done["entries"][0]["document"]
    small_tiff(file, ["Daybreak"])
    (new,) = asked(home, "entry", "attach", number, file, "--replaces", old)["entries"]
    assert f"replaced by {new['document']}" in run(home, "show", number).output
    pages: list[bool] = []
    for words in ((), ("--document", old)):
        written = tmp_path / f"{len(pages)}.tif"
        asked(home, "get", number, "--original", "-o", written, *words)
        pages.append(written.read_bytes() == file.read_bytes())
    assert pages == [True, False]


def test_people_see_who_it_is_and_what_an_amendment_changed(home: Path) -> None:
    asked(home, "field", "add", "plot", "--kind", "text")
    number = entered(home, "--tag", "noise", "--field", "plot=4711")
    asked(
        home, "entry", "amend", number, "--subject", "Loud noise", "--class", "letter", "--tag", "",
        "--field", "plot=4712", "--reason", "heard it",
    )  # fmt: skip
    shown = run(home, "show", number).output
    assert "sender: Ada Ltd (P-000001-1)\n" in shown
    cells = " ".join(line.split("│")[2].strip() for line in shown.splitlines() if "│" in line)
    assert cells.split("amended; ")[1] == (
        "plot: 4711 → 4712; class: nothing → letter; subject: Noise → Loud noise; tags: noise → nothing"
    )


def test_the_number_is_told_also_of_what_a_rule_made_secret(home: Path) -> None:
    asked(home, "user", "add", "ann", "--role", "registrar")
    asked(home, "rule", "add", "hide", "--when", "subject == 'Noise'", "--confidentiality", "secret")
    done = run(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--as", "ann")
    number = Entry.objects.get().number
    assert (done.exit_code, done.output) == (0, f"{number} is entered. You may not see it.\n")


def test_history_tells_where_a_command_was_given(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CLIENT", raising=False)
    assert run(home, "entry", "new", "--subject", "Noise", "--sender", "Ada").exit_code == 0
    monkeypatch.setenv("SSH_CLIENT", "203.0.113.5 50212 22")
    assert run(home, "entry", "void", "IN-2026-000001-7", "--reason", "twice").exit_code == 0
    shown = json.loads(run(home, "show", "IN-2026-000001-7", "--json").output)
    assert [one["content"]["source"] for one in shown["history"]] == [socket.gethostname(), "203.0.113.5"]
