"""``postroom number`` and ``labels``: what docs/labels.md walks through, and what a clerk is told."""

import json
import re
import shlex
from pathlib import Path

import pypdfium2
import pytest
import time_machine

from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "labels.md"


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    return home


def test_the_counter_of_the_page(home: Path) -> None:
    blocks = re.findall(r"(?ms)^```(sh|csv)\n(.*?)^```", PAGE.read_text("utf-8"))
    said: list[str] = []
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        for kind, block in blocks:
            if kind == "csv":
                Path("counter.csv").write_text(block)
                continue
            for line in block.splitlines():
                done = run(home, *shlex.split(line)[1:])
                assert done.exit_code == 0, (line, done.output)
                said.append(done.output)
    told = "\n".join(said)
    for text in (
        "5 numbers reserved, IN-2026-000001-7 to IN-2026-000005-0: range IN-2026:1-5",
        "IN-2026-000001-7 is entered, registered.",
        "2 entries made",
        "IN-2026:1-5: 5 reserved, 3 used, 2 void",
        "21 labels on 1 sheet in labels.pdf, range IN-2026:6-26",
        "1 label on 1 sheet in one.pdf",
        "1 label in one.zpl",
        "Printed, never scanned: 22",
        "2026/IN/123-7",
        "2026/IN/27-7 is entered, registered.",
    ):
        assert text in told, (text, told)


def test_ranges_and_their_json(home: Path) -> None:
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False):
        made = asked(home, "number", "reserve", "--register", "IN", "--count", "2", "--place", "counter 2")
    whole = {
        "range": "IN-2026:1-2", "register": "IN", "year": 2026, "first": "IN-2026-000001-7",
        "last": "IN-2026-000002-5", "place": "counter 2", "department": None,
        "reserved_at": "2026-03-04T09:00:00+00:00", "days": 0, "reserved": 2, "used": 0, "void": 0, "open": 2,
        "open_numbers": ["IN-2026-000001-7", "IN-2026-000002-5"],
    }  # fmt: skip
    assert made == whole
    with time_machine.travel("2026-03-06T10:00:00Z", tick=False):
        assert asked(home, "number", "ranges") == [{**whole, "days": 2}]
        used = asked(home, "number", "use", "in-2026-000002-5", "--subject", "a", "--sender", "b",
                     "--received", "2026-03-04T10:00")  # fmt: skip
        assert (used["number"], used["received_at"]) == ("IN-2026-000002-5", "2026-03-04T10:00:00+00:00")
        words = ("number", "reconcile", "IN-2026:1-2", "--void-rest", "--reason", "closed")
        done = asked(home, *words)
    assert (done["used"], done["void"], done["open_numbers"]) == (1, 1, [])
    assert asked(home, "number", "ranges") == []
    assert len(asked(home, "number", "ranges", "--all")) == 1
    assert run(home, "number", "ranges").output.strip() == "There is none."


def test_a_file_with_broken_lines(home: Path) -> None:
    asked(home, "number", "reserve", "--register", "IN", "--count", "2")
    file = home / "offline.csv"
    numbers = asked(home, "number", "ranges")[0]["open_numbers"]
    file.write_text(f"number,subject,sender\n{numbers[0]},a,b\n{numbers[1]},a,\n")
    strict = run(home, "number", "import", str(file), "--strict")
    assert strict.exit_code == 1
    assert "0 entries made" in strict.output
    assert "sender is missing" in strict.output
    done = run(home, "number", "import", str(file), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "file": str(file), "entered": [numbers[0]], "already": [],
        "faults": [{
            "line": 3, "field": "sender", "value": "",
            "problem": "sender is missing: name who sent it, or write: unknown",
        }],
    }  # fmt: skip
    file.write_text(f"number,subject,sender\n{numbers[0]},a,b\n{numbers[1]},a,c\n")
    assert asked(home, "number", "import", str(file))["already"] == [numbers[0]]
    file.write_bytes(b"\xff\xfe")
    assert refused(home, "number", "import", str(file)).startswith(f"{file} cannot be read: it is not UTF-8")


def test_how_numbers_are_written(home: Path) -> None:
    form = "{register}-{year}-{sequence:06}-{check}"
    row = {"register": "all", "form": form, "before": []}
    (told,) = asked(home, "number", "format")
    assert {name: told[name] for name in row} == row
    changed = asked(home, "number", "format", "{register}.{year:02}.{sequence}.{check}", "--register", "OUT")
    assert [(one["register"], one["before"]) for one in changed] == [("all", []), ("OUT", [form])]
    assert changed[1]["example"].startswith("OUT.2")
    assert "the form of numbers is '{sequence}'" in refused(home, "number", "format", "{sequence}")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("sheet", "--register", "IN"), "Name the file to write: --output FILE"),
        (("sheet", "-o", "a.pdf"), "Say which numbers: NUMBER..., or --range RANGE, or --register IN"),
        (("sheet", "x", "--register", "IN", "-o", "a.pdf"), "Say which numbers"),
        (("sheet", "x", "--count", "3", "-o", "a.pdf"), "--count is for new numbers, of --register IN"),
        (("sheet", "--register", "IN", "-o", "no/a.pdf"), "no is not a folder"),
        (("sheet", "--register", "IN", "-o", "there.pdf"), "there.pdf exists already"),
        (("sheet", "--register", "IN", "-o", "a.pdf", "--size", "A5"), "size is 'A5'"),
        (("sheet", "--register", "IN", "-o", "a.pdf", "--start", "22"), "start is 22"),
        (("sheet", "IN-2026-000001-7", "-o", "a.pdf"), "There is no entry IN-2026-000001-7"),
        (("sheet", "--range", "IN-2026:1-2", "-o", "a.pdf"), "There is no range 'IN-2026:1-2'"),
        (("zpl", "--register", "IN", "-o", "a.zpl", "--dpi", "200"), "dpi is 200"),
        (("zpl", "--register", "IN", "-o", "a.zpl", "--width", "20", "--height", "10"), "too small"),
        (
            ("zpl", "--register", "CORRESPONDENCE1", "-o", "a.zpl", "--width", "25", "--height", "13"),
            "too small for CORRESPONDENCE1-2026-000123-7",
        ),
    ],
)
def test_what_cannot_be_printed(home: Path, words: tuple[str, ...], problem: str) -> None:
    Path("there.pdf").touch()
    assert problem in refused(home, "labels", *words)
    assert asked(home, "number", "ranges", "--all") == []


def test_sheets_and_their_json(home: Path) -> None:
    words = ("labels", "sheet", "--register", "IN", "--count", "25", "--size", "5160", "--start", "10")
    data = asked(home, *words, "-o", "a.pdf", "--place", "post room")
    assert {name: data[name] for name in ("output", "labels", "sheets", "size")} == {
        "output": "a.pdf", "labels": 25, "sheets": 2, "size": "5160",
    }  # fmt: skip
    document = pypdfium2.PdfDocument("a.pdf")
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    assert [one for one in data["numbers"] if one in text] == data["numbers"]
    waiting = asked(home, "labels", "waiting")
    assert [one["number"] for one in waiting] == data["numbers"]
    assert asked(home, "labels", "waiting", "--older", "1") == []
    again = asked(home, "labels", "sheet", "--range", data["range"], "-o", "a.pdf", "--force")
    assert again["numbers"] == data["numbers"]


def test_users_print_and_use_what_is_theirs(home: Path) -> None:
    asked(home, "department", "add", "works")
    asked(home, "user", "add", "ann", "--role", "operator@works")
    assert "ann may not register entries without a department" in refused(
        home, "number", "reserve", "--register", "IN", "--count", "1", "--as", "ann"
    )
    made = asked(home, "--as", "ann", "labels", "sheet", "--register", "IN", "--count", "1",
                 "--department", "works", "-o", "a.pdf")  # fmt: skip
    (number,) = made["numbers"]
    words = ("number", "use", number, "--subject", "a", "--sender", "b", "--department", "works")
    assert asked(home, *words, "--as", "ann")["history"][0]["actor"] == "ann"
    other = asked(home, "number", "reserve", "--register", "IN", "--count", "1")
    assert [one["range"] for one in asked(home, "number", "ranges", "--as", "ann")] == []
    assert "There is no range" in refused(home, "number", "reconcile", other["range"], "--as", "ann")
