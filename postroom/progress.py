"""Progress on standard error: a live line in a terminal, a line now and then elsewhere."""

import threading
import time
from types import TracebackType

from rich.status import Status

from flows.steps import Step
from postroom.output import aside, count

_QUIET = 5.0  # seconds between lines where there is no terminal


class Progress:
    """Watches the steps of an intake and says how far it is: pages done of pages known, rate, time left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start = self._said = time.monotonic()
        self._known = self._done = self._filed = self._batches = 0
        self._seen: dict[int, int] = {}
        self._status = Status("Waiting for files", console=aside) if aside.is_terminal else None

    def __enter__(self) -> "Progress":
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._status:
            self._status.stop()

    def note(self, text: str) -> None:
        """Say a line at once."""
        aside.print(text, markup=False)

    def __call__(self, step: Step) -> None:
        """Take note of a step."""
        with self._lock:
            if step.name == "inspected":
                self._known += step.known
            elif step.name == "read":
                self._done += step.pages
            elif step.name == "closed":
                self._batches += 1
            elif step.name == "failed":
                aside.print(f"Not done: {step.text}", style="red", markup=False)
            self._show()

    def _show(self) -> None:
        now = time.monotonic()
        rate = self._done / max(now - self._start, 0.001)
        left = (self._known - self._done) / rate if rate else 0.0
        line = (
            f"{self._done} of {count(self._known, 'page')} read, "
            f"{count(self._batches, 'batch', 'batches')} filed, {rate:.1f} pages/s"
        )
        if self._done < self._known and rate:
            line += f", about {left:.0f} s left"
        if self._status:
            self._status.update(line)
        elif now - self._said >= _QUIET:
            self._said = now
            aside.print(line, markup=False)
