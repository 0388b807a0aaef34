"""What people read of an entry: at a terminal of 80 columns and in a pipe no key or path is broken."""

import fcntl
import os
import pty
import struct
import termios
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.entry import Hit, Results
from postroom.searching import _print_fields, _runs, print_hits
from tests.postroom.test_commands import POSTROOM, asked, run
from tests.small import small_tiff, train_small


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A home with one entry of two pages from two files, and what ``show --json`` says of it."""
    home, drop = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("a-long-name-for-a-drop-folder")
    (home / "postroom.toml").write_text('timezone = "America/Bogota"\n')
    train_small(home)
    job = drop / "from-the-scanner-on-the-second-floor" / "job"
    job.mkdir(parents=True)
    (job.parent / "station.toml").write_text('batch = "folder"\nquiet_seconds = 0.1\n')
    small_tiff(job / "1.tif", ["Walnut desk"])
    small_tiff(job / "2.tif", ["Birch chair"])
    (entry,) = asked(home, "intake", drop, "--once")["entries"]
    return home, asked(home, "show", entry["number"])


def at_terminal(home: Path, *words: str) -> str:
    """What a verb prints at a terminal of 80 columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        for name in ("COLUMNS", "FORCE_COLOR"):
            os.environ.pop(name, None)
        os.environ |= {"TERM": "dumb", "NO_COLOR": "1"}
        os.execv(POSTROOM, ["postroom", "--home", str(home), *words])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:  # how a terminal says that nobody writes any more
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    return said.decode().replace("\r\n", "\n")


def test_an_entry_is_shown_with_whole_keys(filed: tuple[Path, dict[str, Any]]) -> None:
    home, data = filed
    (document,) = data["documents"]
    received = datetime.fromisoformat(data["received_at"]).astimezone(ZoneInfo("America/Bogota"))
    first, second = [row["source"] for row in document["page_account"]]
    expected = [
        f"incoming by post, received {received:%Y-%m-%d %H:%M:%S} -05, register IN",
        "Page account",
        f"  page 1: page 1 of {first}",
        f"  page 2: page 1 of {second}",
        "Objects",
        *(f"  {one['role']:<9} {one['size']:>11,} bytes  {one['key']}" for one in document["objects"]),
    ]
    piped = run(home, "show", data["number"]).stdout
    for said in (at_terminal(home, "show", data["number"]), piped):
        lines = said.splitlines()
        assert [line for line in lines if line in expected] == expected
        assert any(
            line.startswith(f"Document {document['document']}: ")
            and line.endswith(f", 2 pages, batch {document['batch']}")
            for line in lines
        )


def test_pages_that_lie_in_a_row_are_one_line() -> None:
    places = [("a", 4), ("a", 5), ("a", 7), ("b", 8), ("b", 9), ("a", 10)]
    account = [{"position": at, "source": file, "page": page} for at, (file, page) in enumerate(places, 1)]
    assert list(_runs(account)) == [(1, 2, "a", 4), (3, 3, "a", 7), (4, 5, "b", 8), (6, 6, "a", 10)]


@pytest.mark.parametrize(
    ("total", "told"),
    [(1, "1 entry for 'desk' in 2 ms"), (3, "3 entries for 'desk' in 2 ms; the first 1, more with --limit")],
)
def test_hits_beyond_the_limit_are_not_kept_quiet(
    capsys: pytest.CaptureFixture[str], total: int, told: str
) -> None:
    hit = Hit("IN-2026-000001-7", "letter", 1.5, 2, "a **desk**", "Walnut desk")
    print_hits("desk", Results(total, (hit,), {"class": {"letter": total}}), 0.002)
    assert capsys.readouterr().out.splitlines() == [
        told,
        "",
        "IN-2026-000001-7  letter, page 2  Walnut desk",
        "a **desk**",
        "",
        f"class: letter {total}",
    ]


def test_a_place_is_one_line_at_a_terminal(filed: tuple[Path, dict[str, Any]]) -> None:
    home, data = filed
    key = data["documents"][0]["document"]
    (hit,) = asked(home, "search", "birch chair", "--boxes")["hits"]
    words = " ".join(one["text"] for one in hit["boxes"])
    assert (hit["document"], hit["document_page"], words) == (key, 2, "Birch chair")
    said = at_terminal(home, "search", "birch chair", "--boxes").splitlines()
    assert f"page 2 of document {key}: {words}" in said


def test_what_fails_its_check_is_marked_and_not_shown_as_good(capsys: pytest.CaptureFixture[str]) -> None:
    where: dict[str, Any] = {"page": 1, "box": [0.0, 0.0, 1.0, 1.0], "confidence": 0.9}
    line = {"description": "Desk", "quantity": "2", "unit_price": "3.00", "amount": "6.00"}
    _print_fields(
        {
            "fields": [
                {"name": "iban", "value": value, "valid": valid, "text": value, **where}
                for value, valid in (("DE88", False), ("DE89", True), ("DE90", None))
            ],
            "lines": [{**line, "valid": valid, **where} for valid in (False, True, None)],
        }
    )
    said = [[cell.strip() for cell in row.split("│")[1:-1]] for row in capsys.readouterr().out.splitlines()]
    assert [row for row in said if row] == [
        ["iban", "DE88", "1", "", "WRONG CHECK DIGITS"],
        ["iban", "DE89", "1", "90%", "checked"],
        ["iban", "DE90", "1", "90%", ""],
        ["Desk", "2", "3.00", "6.00", "1", "DOES NOT ADD UP"],
        ["Desk", "2", "3.00", "6.00", "1", "adds up"],
        ["Desk", "2", "3.00", "6.00", "1", ""],
    ]
