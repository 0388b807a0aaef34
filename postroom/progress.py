"""Progress on standard error: a live table in a terminal, a line now and then elsewhere."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from flows.steps import Step
from postroom.output import aside, count

_QUIET = 5.0  # seconds between lines where there is no terminal
_SHOWN = 6  # batches in the table at a time
_SOON = 1.0  # seconds of reading before a rate says anything


@dataclass(slots=True)
class _Batch:
    """Pages of a batch: read, to be read, and those that a run before this one had read already."""

    name: str
    known: int
    before: int
    began: float
    done: int = 0

    def rate(self, now: float) -> float | None:
        """Pages a second; None where it cannot be told yet."""
        read, seconds = self.done - self.before, now - self.began
        return read / seconds if read > 0 and seconds >= _SOON else None


class Progress:
    """Watches the steps of an intake and says how far it is: pages done of pages known, rate, time left.

    One that is ``endless`` says alarms at once: the report that has them comes when somebody stops it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, endless: bool = False) -> None:
        self._endless = endless
        self._lock, self._clock = threading.Lock(), clock
        self._said = clock()
        self._batches: dict[int, _Batch] = {}
        self._filed = self._pages = 0
        live = aside.is_terminal
        self._live = Live(console=aside, get_renderable=self._shown, transient=True) if live else None

    def __enter__(self) -> "Progress":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def note(self, text: str) -> None:
        """Say a line at once."""
        aside.print(text, markup=False)

    def __call__(self, step: Step) -> None:
        """Take note of a step."""
        # Said when the lock is free: the live table takes it while it holds the terminal's.
        for text, style in self._noted(step):
            aside.print(text, style=style, markup=False)

    def _noted(self, step: Step) -> list[tuple[str, str]]:
        """What there is to say of it at once, each with its style."""
        said = []
        with self._lock:
            one = self._batches.get(step.batch)
            if step.name == "inspected":
                name = PurePath(step.text).name
                self._batches[step.batch] = _Batch(name, step.known, step.pages, self._clock())
            elif step.name == "page" and one:
                one.done += step.pages
            elif step.name == "closed" and one:
                self._filed += 1
                self._pages += one.known
                del self._batches[step.batch]
            elif step.name == "alarm" and self._endless:
                said.append((f"Look at {step.text}", "yellow"))
            elif step.name == "failed":
                self._batches.pop(step.batch, None)
                said.append((f"Not done: {step.text}", "red"))
            now = self._clock()
            if self._live is None and now - self._said >= _QUIET:
                self._said = now
                said.append((self._line(now), ""))
        return said

    def _line(self, now: float) -> str:
        """All batches in one line."""
        some = self._batches.values()
        done, known = sum(one.done for one in some), sum(one.known for one in some)
        rate = sum(one.rate(now) or 0.0 for one in some)
        line = f"{count(self._filed, 'batch', 'batches')} filed, {self._pages + done} pages read"
        if known:
            line += f", {known - done} to read"
        if rate:
            line += f", {60 * rate:.0f}/min, {_span((known - done) / rate)} left"
        return line

    def _shown(self) -> Table:
        """The batches in work, a row each, and all of them below."""
        with self._lock:
            now = self._clock()
            rows = Table.grid(padding=(0, 1), expand=True)
            rows.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
            rows.add_column(width=12)
            for _ in range(3):
                rows.add_column(justify="right", no_wrap=True)
            for one in list(self._batches.values())[:_SHOWN]:
                rate = one.rate(now)
                rows.add_row(
                    Text(one.name),
                    ProgressBar(max(one.known, 1), min(one.done, one.known)),
                    f"{one.done} of {one.known}",
                    f"{60 * rate:.0f}/min" if rate else "",
                    f"{_span((one.known - one.done) / rate)} left" if rate else "",
                )
            whole = Table.grid(expand=True)
            if self._batches:
                whole.add_row(rows)
            more = len(self._batches) - _SHOWN
            also = f"{more} more in work; " if more > 0 else ""
            waiting = not (self._batches or self._filed)
            whole.add_row(Text("Waiting for files" if waiting else also + self._line(now)))
            return whole


def _span(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
