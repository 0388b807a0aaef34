"""``postroom resplit`` as an operator types it, on pages of sample mail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Usage
from infra.database import disconnect
from postroom.resplitting import _listed, _rows
from register.numbers import format_number
from tests.small import small_tiff, train_small
from tests.typed import asked, run


@pytest.fixture
def filed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path, int]]:
    """A home with a batch of four pages in two documents; its file, and the year."""
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    home, drop = tmp_path / "home", tmp_path / "drop"
    home.mkdir()
    drop.mkdir()
    train_small(home)
    station = drop / "pairs"
    station.mkdir()
    (station / "station.toml").write_text("quiet_seconds = 0.1\n[separation]\npages = 2\n")
    file = small_tiff(station / "four.tif", ["anchor", "birch", "cedar", "dolphin"])
    entries = asked(home, "intake", drop, "--once")["entries"]
    yield home, file, int(entries[0]["number"].split("-")[1])
    disconnect()


def test_a_batch_is_shown_tried_and_filed_anew(filed: tuple[Path, Path, int]) -> None:
    home, file, year = filed
    one, two, three, four = (format_number("IN", year, sequence) for sequence in (1, 2, 3, 4))

    def page(at: int, number: str, document: str, position: int, rotation: int = 0) -> dict[str, Any]:
        return {
            "page": at, "file": 1, "file_page": at, "source": str(file), "fate": "document", "reason": "",
            "number": number, "document": document, "position": position, "rotation": rotation,
        }  # fmt: skip

    shown = asked(home, "resplit", one)
    old = [shown["pages"][at]["document"] for at in (0, 2)]
    pages = [
        page(1, one, old[0], 1),
        page(2, one, old[0], 2),
        page(3, two, old[1], 1),
        page(4, two, old[1], 2),
    ]
    batch = {"batch": 1, "source": str(file), "state": "released", "attempt": 1, "alarms": []}
    assert shown == {**batch, "pages": pages, "edits": [], "change": None}

    tried = asked(home, "resplit", "1", "1-3", "--rotate", "4=90", "--dry-run")
    unknown: dict[str, Any] = {
        "number": None, "document": None, "class": None, "guess": None, "probability": None, "not_kept": [],
    }  # fmt: skip
    assert tried.pop("change") == {
        "dry_run": True, "resumed": False, "refused": "", "pending": "", "void": [one, two], "withdrawn": [],
        "filed": [{"pages": [1, 2, 3], **unknown}, {"pages": [4], **unknown}], "dropped": [],
    }  # fmt: skip
    assert tried == {**batch, "pages": pages, "edits": []}

    words = ("resplit", "1", "1-3", "--rotate", "4=90", "--reason", "cut wrongly")
    done = asked(home, *words, "--attempt", "1")
    new = [done["pages"][at]["document"] for at in (0, 3)]
    assert done["pages"] == [
        *(page(at, three, new[0], at) for at in (1, 2, 3)),
        page(4, four, new[1], 1, 90),
    ]
    assert [(one["pages"], one["number"], one["document"]) for one in done["change"]["filed"]] == [
        ([1, 2, 3], three, new[0]),
        ([4], four, new[1]),
    ]
    assert (done["change"]["void"], done["change"]["dry_run"], done["attempt"]) == ([one, two], False, 2)
    (edit,) = done["edits"]
    assert (edit["said"], edit["reason"], edit["refused"]) == ("1-3 --rotate 4=90", "cut wrongly", "")

    found = asked(home, "search", one.lower())
    assert (found["total"], [(void["number"], void["replaced_by"]) for void in found["void"]]) == (
        0,
        [(one, [three])],
    )
    assert f"replaced by {three}. See: postroom show {one}" in run(home, "search", one).stdout.replace(
        "\n", " "
    )
    said = run(home, "show", two).stdout
    assert f": cut wrongly; replaced by {three}, {four}\n" in said
    assert said.count("VOID since ") == said.count(", withdrawn\n") == 1
    assert asked(home, "get", two, "-o", home / "void.tif", "--original")["files"][0]["name"] == "void.tif"
    assert (home / "void.tif").read_bytes()[:4] == b"II*\0"


def test_a_class_that_is_not_kept_is_told(filed: tuple[Path, Path, int]) -> None:
    home, _, year = filed
    asked(home, "label", format_number("IN", year, 1), "invoice")
    assert run(home, "resplit", "1", "1", "--dry-run").stdout.count("a new number would be page") == 2
    assert run(home, "resplit", "1", "1", "--dry-run").stdout.count(" invoice\n") == 2
    tried = asked(home, "resplit", "1", "3-4,2", "--dry-run")["change"]["filed"]
    assert [(one["pages"], one["class"], one["not_kept"]) for one in tried] == [
        ([1], "invoice", []),
        ([3, 4, 2], None, [{"class": "invoice", "pages": [2]}]),
    ]
    said = run(home, "resplit", "1", "3-4,2", "--dry-run").stdout
    assert "class invoice would not be kept for page 2\n" in said
    asked(home, "label", format_number("IN", year, 2), "complaint")
    said = run(home, "resplit", "1", "1-4", "--reason", "one letter").stdout
    assert "class invoice was not kept for pages 1-2\n" in said
    assert "class complaint was not kept for pages 3-4\n" in said
    (waiting,) = asked(home, "review", "list")
    assert waiting["number"] == format_number("IN", year, 3)


def test_without_a_reason_nothing_is_done(tmp_path: Path) -> None:
    done = run(tmp_path, "resplit", "1", "1-3")
    assert isinstance(done.exception, Usage)
    assert str(done.exception).startswith("Say why, for the history: --reason TEXT")


def test_pages_in_a_row_are_one_line() -> None:
    def page(at: int, document: str | None, position: int | None, file: int = 1) -> dict[str, Any]:
        fate = "document" if document else "blank"
        return {
            "page": at, "file": file, "file_page": at, "source": "a.tif", "fate": fate, "reason": "",
            "number": document, "document": document, "position": position, "rotation": 0,
        }  # fmt: skip

    pages = [page(1, "x", 1), page(2, "x", 2), page(3, "x", 4), page(4, "x", 3), page(5, None, None),
             page(6, None, None), page(7, None, None, 2)]  # fmt: skip
    assert [(row[0], row[1], row[3]) for row in _rows(pages)] == [
        ("1-2", "document", "1-2"),
        ("3", "document", "4"),
        ("4", "document", "3"),
        ("5-6", "blank", ""),
        ("7", "blank", ""),
    ]
    assert _listed([1, 2, 3, 7, 6]) == "1-3,7,6"


def test_an_alarm_is_told_until_the_batch_is_put_right(tmp_path: Path, filed: tuple[Path, Path, int]) -> None:
    home, _, year = filed
    station = tmp_path / "drop" / "long"
    station.mkdir()
    (station / "station.toml").write_text("quiet_seconds = 0.1\n[separation]\nlongest = 2\n")
    file = small_tiff(station / "five.tif", ["ember", "falcon", "garnet", "harbour", "island"])
    alarm = (
        "the document from page 1 on has 5 pages, more than the 2 that the station's profile takes for long: "
        "check that no separator is missing"
    )
    assert asked(home, "intake", tmp_path / "drop", "--once")["alarms"] == [
        {"source": str(file), "alarm": alarm}
    ]
    three = format_number("IN", year, 3)
    assert asked(home, "status")["alarms"] == [{"batch": 2, "source": str(file), "alarm": alarm}]
    assert asked(home, "show", three)["alarms"] == [{"batch": 2, "alarm": alarm}]
    assert asked(home, "resplit", "2")["alarms"] == [alarm]
    for words in (("status",), ("show", three), ("resplit", "2")):
        assert "more than the 2 that" in " ".join(run(home, *words).output.split())
    asked(home, "resplit", "2", "1-2", "--reason", "two letters")
    assert asked(home, "status")["alarms"] == []
