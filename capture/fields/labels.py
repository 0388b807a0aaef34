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
    tree: dict[str, Any] = {}
    for alternative in sorted(set(map(fold, alternatives)), key=lambda text: (-len(text), text)):
        branch = tree
        for place, sign in enumerate(alternative):
            spaced = place == 0 and re.match(r"[a-z]{4}", alternative.split(" ")[0])
            branch = branch.setdefault(" ?" if sign == " " else re.escape(sign) + " ?" * bool(spaced), {})
        branch[""] = {}
    return re.compile(rf"(?<![a-z0-9]){_alternatives(tree)}(?![a-z])")


def _alternatives(tree: dict[str, Any]) -> str:
    """A tree of what may follow as one pattern: beginnings that labels share are looked at once."""
    # "a ?" before "a": longer labels follow it
    ordered = sorted(tree.items(), key=lambda branch: -len(branch[0]))
    branches = [sign + _alternatives(rest) for sign, rest in ordered if sign]
    if not branches:
        return ""
    ends = "" in tree
    return f"(?:{'|'.join(branches)}){'?' * ends}" if ends or len(branches) > 1 else branches[0]


def words(section: str) -> list[list[str]]:
    """The lists of a section, in the order in which they stand there."""
    return list(_read()[section].values())


def tables(name: str) -> list[dict[str, Any]]:
    """The tables of that name."""
    found: list[dict[str, Any]] = _read()[name]
    return found


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files("capture.fields").joinpath("labels.toml").read_text("utf-8"))
