"""Notes of pages that leave no reading: refused ones, and blank ones that are dropped.

One file for each file of the batch, a line a page. A run that goes on where another was killed must neither
look at these pages again nor decide otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from domain.errors import Refused
from domain.page import Page
from domain.wire import from_json, to_json


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a page: ``blank`` as it was read, or why it was refused."""

    page: int
    blank: Page | None = None
    reason: str = ""
    fix: str = ""

    @property
    def refusal(self) -> Refused:
        """Why it was refused."""
        return Refused(self.reason, self.fix, self.page)


def note(file: Path, one: Note) -> None:
    """Add a line. The file's folder must be there."""
    # The line's end comes first: what a killed run left of a line must not spoil the next.
    with file.open("ab") as lines:
        lines.write(b"\n" + to_json(one))


def noted(file: Path) -> dict[int, Note]:
    """The notes in the file, by page; none if it is not there."""
    return {one.page: one for one in _whole(file)} if file.exists() else {}


def _whole(file: Path) -> Iterator[Note]:
    for line in file.read_bytes().split(b"\n"):
        try:
            yield from_json(Note, line)
        except ValidationError:
            continue  # torn when its writer was killed
