"""How commands speak: text for people, or exactly one JSON document on standard output."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WHOLE = ("number", "prob.", "pages", "lang.")  # columns whose cells stay on one line
_WIDE = 150  # columns where there is no terminal to ask
screen = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
aside = Console(stderr=True, highlight=False)


def answer(as_json: bool, data: Any, people: Callable[[], None]) -> None:
    """Print the JSON document, or call what prints for people."""
    if as_json:
        text = json.dumps(data, ensure_ascii=False, indent=2)
        # A name that is not UTF-8 must not cost the answer.
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    else:
        people()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; cells are shown as they are, without markup."""
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    screen.print(shown)


def say(text: str, style: str = "") -> None:
    """Print a line for people as it is, without markup."""
    screen.print(Text(text, style=style))


def minute(at: str | None, zone: ZoneInfo) -> str:
    """A moment as the office's clocks show it, without seconds; "" for none."""
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def percent(share: float | None) -> str:
    """A share as people read it."""
    return "" if share is None else f"{share:.0%}"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def highlighted(snippet: str) -> Text:
    """A snippet with what stands between ``**`` and ``**`` in bold; where there is no terminal, as it is."""
    if not screen.is_terminal:
        return Text(snippet)
    text = Text()
    for place, part in enumerate(snippet.split("**")):
        text.append(part, style="bold yellow" if place % 2 else "")
    return text
