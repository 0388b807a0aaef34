"""Which code on a page is its label, and why: every other code is kept as a candidate that was not taken.

A register number of ours proves itself by its check digit, wherever it stands. What a station's rule
takes must match it whole, be of its formats and lie where its labels lie: so the parcel sticker, the
payment code of an invoice or a card with an address in the letter's body is never taken for one. Of
several that qualify, our own numbers come first, then the one nearest the sheet's edge: labels are stuck
in margins, while the number on a letter that is quoted or copied stands further in.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from capture.station import SeparationPolicy
from domain.document import Candidate
from domain.numbers import LIKE
from domain.page import Barcode, Box, Page

_OWN = "a register number of ours; its check digit is right"
_RULE = "the station's rule for labels takes it"
_FOREIGN = "neither a register number of ours nor what the station's rule for labels takes"
ALTERED = "looks like a register number, but its check digit is wrong"
_FORMAT = "the station's labels are of another format"
_PLACE = "the station's labels lie elsewhere on the page"
_AFTER_OWN = "a register number of ours comes first"
_FURTHER_IN = "another one lies nearer the edge"
_TWICE = "the same text again"
_THIRD = 1 / 3


def candidates_of(
    source: int, page: Page, policy: SeparationPolicy, own_number: Callable[[str], bool]
) -> tuple[Candidate, ...]:
    """Every barcode of the page, at most one of them chosen as its label; patch codes are none.

    Args:
        source: file of the batch, from 0.
        page: as read.
        policy: of the station: ``label``, ``label_formats``, ``label_position``.
        own_number: whether a text is a register number of ours, check digit included.
    """
    codes = [code for code in page.barcodes if not code.format.startswith("Patch")]
    own = {code for code in codes if own_number(code.text)}
    against = {
        code: "" if code in own else objection(code, policy.label, policy.label_formats) for code in codes
    }
    eligible = [code for code in codes if not against[code] and _lies(code.box, policy.label_position)]
    eligible.sort(key=lambda code: (code not in own, _from_edge(code.box)))
    best = eligible[0] if eligible else None
    found = []
    for code in codes:
        if code == best:
            why = _OWN if code in own else _RULE
        elif against[code]:
            why = against[code]
        else:
            why = _behind(code, best, own) if code in eligible and best else _PLACE
        found.append(
            Candidate(code.text, code.format, source, page.number, code.box, chosen=code == best, why=why)
        )
    return tuple(found)


def label_of(page: Page, policy: SeparationPolicy, own_number: Callable[[str], bool]) -> str | None:
    """The text of the page's label, or None."""
    candidates = candidates_of(0, page, policy, own_number)
    return next((one.text for one in candidates if one.chosen), None)


def gathered(
    pages: Mapping[tuple[int, int], Page],
    keys: Iterable[tuple[int, int]],
    policy: SeparationPolicy,
    own_number: Callable[[str], bool],
) -> tuple[Candidate, ...]:
    """The candidates of a document's pages, in their order."""
    return tuple(one for key in keys for one in candidates_of(key[0], pages[key], policy, own_number))


def objection(code: Barcode, label: str, formats: Sequence[str]) -> str:
    """Why a code that is no number of ours is no label; empty when the station's rule takes it.

    ``label`` and ``formats`` as ``SeparationPolicy.label`` and ``label_formats``.
    """
    if not label or not re.fullmatch(label, code.text):
        return ALTERED if LIKE.fullmatch(code.text) else _FOREIGN
    return _FORMAT if formats and code.format not in formats else ""


def _behind(code: Barcode, best: Barcode, own: Iterable[Barcode]) -> str:
    if code.text == best.text:
        return _TWICE
    return _AFTER_OWN if best in own and code not in own else _FURTHER_IN


def _lies(box: Box, position: str) -> bool:
    """Whether the middle of a box is where the station's labels are: an outer third of the page."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return {
        "": True,
        "top": y < _THIRD,
        "bottom": y > 1 - _THIRD,
        "left": x < _THIRD,
        "right": x > 1 - _THIRD,
    }[position]


def _from_edge(box: Box) -> float:
    """How far the middle of a box lies from the page's nearest edge, as a fraction of the page."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return min(x, 1 - x, y, 1 - y)
