"""Cuts a batch into documents and gives every page its one fate. Pure: no file, no clock.

The rules of a station's ``separation`` add up; what each does is told to operators in
``docs/stations.md``. Order of precedence on one page: refused, label, separator, blank.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from capture.station import SeparationPolicy, Station
from domain.document import Cut, Fate, FateKind, Separation
from domain.page import Page, Sheet

Key = tuple[int, int]


class _Role(Enum):
    """What a page is for the cutting."""

    CONTENT = auto()
    LABEL = auto()
    SEPARATOR = auto()
    BLANK_SEPARATOR = auto()
    BLANK = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class _Item:
    key: Key
    role: _Role
    label: str | None = None
    reason: str = ""


@dataclass(slots=True)
class _Group:
    """Pages between two cuts; ``scanned`` counts those that a fixed count counts."""

    items: list[_Item]
    label: str | None = None
    scanned: int = 0

    @property
    def kept(self) -> tuple[Key, ...]:
        return tuple(item.key for item in self.items)


def separate(
    sheets: Sequence[Sheet],
    refused: Mapping[Key, str],
    station: Station,
    own_number: Callable[[str], bool],
    apart: Collection[int] = (),
) -> Separation:
    """The documents of a batch, the fate of every page, and alarms for the operator.

    Args:
        sheets: the pages read, of all files of the batch.
        refused: reason for each page ``(source, page)`` that could not be read; it holds against a
            sheet of the same place.
        station: whose ``separation`` and ``duplex`` count.
        own_number: whether a barcode's text is a register number of ours: such a label starts a
            document under every policy.
        apart: files that are documents by themselves, such as attachments: none goes on in another.

    Returns:
        Fates in the order of the files and their pages: one for each key of ``sheets`` and
        ``refused``.
    """
    items = _items(sheets, refused, station, own_number)
    groups = _groups(items, station.separation, apart)
    alarms = [*_two_numbers(sheets, refused, own_number), *_alarms(items, station.duplex)]
    documents: list[Cut] = []
    fates: dict[Key, Fate] = {}
    for group in groups:
        if not group.items:
            continue
        for position, key in enumerate(group.kept, start=1):
            fates[key] = Fate(*key, FateKind.DOCUMENT, len(documents), position)
        documents.append(Cut(group.kept, group.label))
    for item in items:
        if item.key not in fates:
            fates[item.key] = Fate(*item.key, _DROPPED[item.role], reason=item.reason)
    return Separation(tuple(documents), tuple(fates[item.key] for item in items), tuple(alarms))


_DROPPED = {
    _Role.SEPARATOR: FateKind.SEPARATOR,
    _Role.BLANK_SEPARATOR: FateKind.SEPARATOR,
    _Role.BLANK: FateKind.BLANK,
    _Role.REFUSED: FateKind.REFUSED,
}


def _items(
    sheets: Sequence[Sheet],
    refused: Mapping[Key, str],
    station: Station,
    own_number: Callable[[str], bool],
) -> list[_Item]:
    """Every page with its role, in order; on a duplex station the two sides of a sheet decide together."""
    policy = station.separation
    pages = {(sheet.source, sheet.page.number): sheet.page for sheet in sheets}
    labels = {key: _label(page, policy, own_number) for key, page in pages.items()}
    roles: dict[Key, _Role] = {}
    for key, page in pages.items():
        if labels[key] is not None:
            roles[key] = _Role.LABEL
        elif _separates(page, policy):
            roles[key] = _Role.SEPARATOR
        else:
            roles[key] = _Role.BLANK if page.blank else _Role.CONTENT
    roles.update(dict.fromkeys(refused, _Role.REFUSED))
    final = {key: _sided(key, roles, station) for key in roles}
    return [
        _Item(key, final[key], labels.get(key) if key not in refused else None, refused.get(key, ""))
        for key in sorted(final)
    ]


def _sided(key: Key, roles: Mapping[Key, _Role], station: Station) -> _Role:
    """The role of a page, given what is on the other side of its sheet."""
    role, policy = roles[key], station.separation
    if role is not _Role.BLANK:
        return role
    source, page = key
    other = roles.get((source, page + 1 if page % 2 else page - 1)) if station.duplex else None
    if other is _Role.SEPARATOR and not policy.drop_blank:
        return _Role.SEPARATOR
    if policy.blank and other in (None, _Role.BLANK):
        return _Role.BLANK_SEPARATOR
    return _Role.BLANK if policy.drop_blank else _Role.CONTENT


def _label(page: Page, policy: SeparationPolicy, own_number: Callable[[str], bool]) -> str | None:
    texts = [code.text for code in page.barcodes if not code.format.startswith("Patch")]
    own = next((text for text in texts if own_number(text)), None)
    if own is not None or not policy.label:
        return own
    return next((text for text in texts if re.fullmatch(policy.label, text)), None)


def _separates(page: Page, policy: SeparationPolicy) -> bool:
    return any(
        code.text in policy.patch
        if code.format.startswith("Patch")
        else bool(policy.barcode) and code.text == policy.barcode
        for code in page.barcodes
    )


def _groups(items: Sequence[_Item], policy: SeparationPolicy, apart: Collection[int]) -> list[_Group]:
    """The pages between cuts, some groups without any."""
    cutting = (_Role.SEPARATOR, _Role.BLANK_SEPARATOR)
    # Sheets and counts cut a batch whatever its files are; without them a file of several pages is
    # a document by itself, and files of one page each are the pages of one.
    by_file = (
        not policy.pages
        and not any(item.role in cutting for item in items)
        and len({item.key[0] for item in items}) < len(items)
    )
    groups = [_Group([])]
    source: int | None = None
    for item in items:
        now = groups[-1]
        # The same label again, as on forms that bear their number on each page, goes on.
        starts = item.label is not None and item.label != now.label
        full = 0 < policy.pages <= now.scanned
        other_file = item.key[0] != source and (by_file or item.key[0] in apart or source in apart)
        source = item.key[0]
        if starts or full or other_file or item.role in cutting:
            now = _Group([])
            groups.append(now)
        if item.role in cutting:
            continue
        now.label = item.label or now.label
        now.scanned += 1
        if item.role in (_Role.CONTENT, _Role.LABEL):
            now.items.append(item)
    return groups


def _alarms(items: Sequence[_Item], duplex: bool) -> Iterator[str]:
    """What an operator should look at, in page order."""
    files = len({item.key[0] for item in items})
    # Sheets may lie before each document or only between them; labels are on each first page.
    first = next((at for at, item in enumerate(items) if item.role is _Role.LABEL), 0)
    before = sum(item.role is _Role.CONTENT for item in items[:first])
    if before and not any(item.role is _Role.SEPARATOR for item in items[:first]):
        yield (
            f"{before} page{'s' * (before > 1)} before the first label "
            f"({_place(items[first].key, files)}): check that no label is missing"
        )
    last: _Item | None = None
    for item in items:
        if item.role is _Role.SEPARATOR:
            if last is not None and not (duplex and _one_sheet(last.key, item.key)):
                yield (
                    f"nothing between the separators at {_place(last.key, files)} and "
                    f"{_place(item.key, files)}: check that no document is missing"
                )
            last = item
        elif item.role in (_Role.CONTENT, _Role.LABEL, _Role.REFUSED):
            last = None


def _one_sheet(one: Key, other: Key) -> bool:
    """Whether two pages can be the sides of one sheet."""
    return one[0] == other[0] and (one[1] + 1) // 2 == (other[1] + 1) // 2


def _two_numbers(
    sheets: Sequence[Sheet], refused: Mapping[Key, str], own_number: Callable[[str], bool]
) -> Iterator[str]:
    files = len({sheet.source for sheet in sheets} | {key[0] for key in refused})
    for sheet in sheets:
        key = (sheet.source, sheet.page.number)
        numbers = dict.fromkeys(code.text for code in sheet.page.barcodes if own_number(code.text))
        if len(numbers) > 1 and key not in refused:
            yield (
                f"{_place(key, files)} bears the numbers {', '.join(numbers)}: the first was taken; "
                f"check which it belongs to"
            )


def _place(key: Key, files: int) -> str:
    return f"page {key[1]}" if files == 1 else f"file {key[0] + 1} page {key[1]}"
