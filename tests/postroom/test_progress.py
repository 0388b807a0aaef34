"""What the operator sees while batches are read, at 80 columns."""

import io

import pytest
from rich.console import Console

from flows.steps import Step
from postroom import progress
from postroom.progress import Progress

WIDE = 80


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(progress, "aside", Console(file=written, width=WIDE, highlight=False))
    return written


def shown(watcher: Progress) -> list[str]:
    drawn = io.StringIO()
    Console(file=drawn, width=WIDE).print(watcher._shown())
    return [line.rstrip() for line in drawn.getvalue().splitlines()]


def read(watcher: Progress, batch: int, pages: int) -> None:
    for _ in range(pages):
        watcher(Step("page", batch, 1))


def test_each_batch_has_a_row_and_all_of_them_a_line(out: io.StringIO) -> None:
    clock = Clock()
    watcher = Progress(clock)
    assert shown(watcher) == ["Waiting for files"]
    watcher(Step("inspected", 1, 0, 300, "/drop/lobby/a scan with a name that is far too long for a row.tif"))
    watcher(Step("inspected", 2, 40, 50, "/drop/desk/resumed.pdf"))
    read(watcher, 2, 40)  # as a run before had them: they say nothing of the pace
    clock.now = 30.0
    read(watcher, 1, 15)
    read(watcher, 2, 5)
    rows = shown(watcher)
    assert max(map(len, rows)) <= WIDE
    assert [" ".join(row.replace("━", "").replace("╸", "").replace("╺", "").split()) for row in rows] == [
        "a scan with a name that is far too lo… 15 of 300 30/min 10 min left",
        "resumed.pdf 45 of 50 10/min 30 s left",
        "0 batches filed, 60 pages read, 290 to read, 40/min, 7 min left",
    ]
    watcher(Step("closed", 2))
    watcher(Step("failed", 1, text="scan.tif: the archive does not answer"))
    assert shown(watcher) == ["1 batch filed, 50 pages read"]
    assert "Not done: scan.tif: the archive does not answer" in out.getvalue()


def test_many_batches_are_some_rows_and_a_number(out: io.StringIO) -> None:
    watcher = Progress(Clock())
    for batch in range(9):
        watcher(Step("inspected", batch, 0, 5, f"/drop/{batch}.tif"))
    rows = shown(watcher)
    assert [row.split()[0] for row in rows[:-1]] == [f"{batch}.tif" for batch in range(6)]
    assert rows[-1] == "3 more in work; 0 batches filed, 0 pages read, 45 to read"


def test_where_there_is_no_terminal_it_says_a_line_now_and_then(out: io.StringIO) -> None:
    clock = Clock()
    with Progress(clock) as watcher:
        watcher(Step("inspected", 1, 0, 4000, "/drop/a.tif"))
        for second in range(1, 13):
            clock.now = second
            read(watcher, 1, 1)
    assert out.getvalue().splitlines() == [
        "0 batches filed, 5 pages read, 3995 to read, 60/min, 67 min left",
        "0 batches filed, 10 pages read, 3990 to read, 60/min, 66 min left",
    ]


@pytest.mark.parametrize("endless", [False, True])
def test_alarms_are_said_at_once_where_no_report_will_come(out: io.StringIO, endless: bool) -> None:
    watcher = Progress(Clock(), endless=endless)
    watcher(Step("alarm", 1, text="pile.tif: nothing behind the separator at page 9"))
    assert ("Look at pile.tif: nothing behind the separator at page 9" in out.getvalue()) == endless
