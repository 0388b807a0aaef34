"""What looks like a mistake in how a batch was put together. The batch is filed; an operator should look."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from capture.labels import ALTERED, objection
from capture.pile import Item, Key, Role, place
from capture.station import SeparationPolicy
from domain.document import NO_COVER
from domain.page import Page, Sheet

_CUTTING = (Role.SEPARATOR, Role.BLANK_SEPARATOR)
_PROSE = 60  # words: a sheet of ours has 27 as it is read, with the longest department up to 56
_WORD = re.compile(r"\W?[^\W\d_]{2,}\W{0,2}")  # neither a part of a code nor bars that were read as text
_WRITTEN = (Role.CONTENT, Role.LABEL, Role.REFUSED)


def alarms_of(items: Sequence[Item], policy: SeparationPolicy) -> Iterator[str]:
    """Alarms about the order of separators, labels and pages, in page order."""
    files = len({item.key[0] for item in items})
    yield from _before_the_first(items, policy, files)
    # Of each kind by itself: where sides are scanned without a word of it, a sheet's back is a blank one.
    before: dict[Role, Item] = {}
    for item in items:
        if item.role in _CUTTING:
            last = before.get(item.role)
            if last is not None and not last.side.same_sheet(item.side):
                yield (
                    f"nothing between the separators at {place(last.key, files)} and "
                    f"{place(item.key, files)}: check that no document is missing"
                )
            before[item.role] = item
        elif item.role in _WRITTEN:
            before.clear()
    last = before.get(Role.SEPARATOR)
    if last is not None and last.cover != NO_COVER:
        yield (
            f"nothing behind the separator at {place(last.key, files)}, which tells of a document: "
            "check that it is not missing"
        )


def _before_the_first(items: Sequence[Item], policy: SeparationPolicy, files: int) -> Iterator[str]:
    """Pages in front of all labels, and of all sheets where these lie in front of each document."""
    starts = (Role.LABEL, Role.SEPARATOR) if policy.sheets == "before" else (Role.LABEL,)
    first = next((at for at, item in enumerate(items) if item.role in starts), None)
    if first is None:
        return
    before = sum(item.role is Role.CONTENT for item in items[:first])
    cut = any(item.role in _CUTTING for item in items[:first])
    if before and not cut:
        what = "label" if items[first].role is Role.LABEL else "separator"
        yield (
            f"{before} page{'s' * (before > 1)} before the first {what} "
            f"({place(items[first].key, files)}): check that no {what} is missing"
        )


def uncut(items: Sequence[Item], policy: SeparationPolicy, documents: Sequence[int]) -> Iterator[str]:
    """An alarm about a batch without any sheet or label, from a station that lays its own before documents.

    Where sheets lie only between documents, or labels are not expected, one document is a batch as it should
    be; where blank sheets or counts cut there need not be others.

    Args:
        items: the batch.
        policy: of its station.
        documents: how many pages each of the batch's documents has.
    """
    cut = any(item.role in (*_CUTTING, Role.LABEL) for item in items)
    pages = sum(item.role is Role.CONTENT for item in items)
    if cut or policy.pages or max(documents, default=0) < 2:
        return
    sheets = policy.sheets == "before" and bool(policy.patch or policy.own_separator)
    if sheets or (policy.label and policy.code_expected):
        what = "separator" if sheets else "label"
        made = "one document" if len(documents) == 1 else f"{len(documents)} documents"
        yield f"no {what} in this batch: {pages} pages are {made}: check that no {what} is missing"


def dropped_letters(items: Sequence[Item], pages: Mapping[Key, Page]) -> Iterator[str]:
    """Alarms about separators with the text of a letter: the code may be a sticker, and they are dropped."""
    files = len({item.key[0] for item in items})
    for item in items:
        if item.role is Role.SEPARATOR:
            words = sum(_WORD.fullmatch(word.text) is not None for word in pages[item.key].words)
            if words > _PROSE:
                yield (
                    f"{place(item.key, files)} bears a separator code and {words} words of text: "
                    "check that it is not a letter"
                )


def two_numbers(
    sheets: Sequence[Sheet], refused: Mapping[Key, str], own_number: Callable[[str], bool]
) -> Iterator[str]:
    """Alarms about pages that bear several register numbers of ours."""
    files = len({sheet.source for sheet in sheets} | {key[0] for key in refused})
    for sheet in sheets:
        key = (sheet.source, sheet.page.number)
        numbers = dict.fromkeys(code.text for code in sheet.page.barcodes if own_number(code.text))
        if len(numbers) > 1 and key not in refused:
            yield (
                f"{place(key, files)} bears the numbers {', '.join(numbers)}: check that it was filed under "
                f"the right one"
            )


def altered_numbers(
    sheets: Sequence[Sheet],
    refused: Mapping[Key, str],
    policy: SeparationPolicy,
    own_number: Callable[[str], bool],
) -> Iterator[str]:
    """Alarms about codes like our register numbers that fail their check: their pages go to no entry for it.

    What the station's rule for labels takes is a number of somebody else's.
    """
    files = len({sheet.source for sheet in sheets} | {key[0] for key in refused})
    for sheet in sheets:
        key = (sheet.source, sheet.page.number)
        wrong = dict.fromkeys(
            code.text
            for code in sheet.page.barcodes
            if not own_number(code.text) and objection(code, policy.label, policy.label_formats) == ALTERED
        )
        for text in wrong if key not in refused else ():
            yield f"{place(key, files)} bears {text}, which {ALTERED}: check which entry it belongs to"
