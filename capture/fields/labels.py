"""The words that stand before values on paper, from ``labels.toml``."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from capture.fields.layout import fold

_NUMBER = (
    "no", "no.", "nr", "nr.", "number", "#", "n°", "n", "id", "num", "num.", "numero", "nummer",
)  # fmt: skip


def labels(section: str, name: str) -> re.Pattern[str]:
    """The pattern for one list of labels, to search folded text with."""
    lists: dict[str, list[str]] = _read()[section]
    heads = lists.get(f"{name}_numbered", [])
    return label(*lists[name], *(f"{head} {mark}" for head, mark in product(heads, _NUMBER)))


def label(*alternatives: str) -> re.Pattern[str]:
    """A pattern for labels in folded text, as whole words; the longest alternative wins.

    A blank is allowed after a label's first letter: print programs often set capitals apart.
    """
    parts = []
    for alternative in sorted(set(map(fold, alternatives)), key=lambda text: (-len(text), text)):
        words = [re.escape(word) for word in alternative.split(" ")]
        words[0] = re.sub(r"^([a-z])(?=[a-z]{3})", r"\1 ?", words[0])
        parts.append(" ?".join(words))
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(parts)})(?![a-z])")


def tables(name: str) -> list[dict[str, Any]]:
    """The tables of that name."""
    found: list[dict[str, Any]] = _read()[name]
    return found


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files("capture.fields").joinpath("labels.toml").read_text("utf-8"))
