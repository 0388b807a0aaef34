"""Cuts a batch into documents and gives every page its one fate. Pure: no file, no clock.

The rules of a station's ``separation`` add up; what each does is told to operators in
``docs/stations.md``. Order of precedence on one page: refused, label, separator, blank.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from capture.alarms import alarms_of, altered_numbers, dropped_letters, two_numbers, uncut
from capture.cover import BUILT_IN, cover_of
from capture.labels import gathered, label_of
from capture.pile import Item, Key, Role, lay, place
from capture.station import SeparationPolicy, Station
from domain.document import NO_COVER, Cover, Cut, Fate, FateKind, Separation
from domain.page import Page, Sheet


@dataclass(slots=True)
class _Group:
    """Pages between two cuts; ``scanned`` counts those that a fixed count counts."""

    items: list[Item]
    label: str | None = None
    cover: Cover = NO_COVER
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
    pages: Mapping[int, int] | None = None,
    classes: Mapping[str, str] = BUILT_IN,
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
        pages: page counts of the files, where not all their pages are here.
        classes: the class of today for each that a separator sheet may name.

    Returns:
        Fates in the order of the files and their pages: one for each key of ``sheets`` and
        ``refused``.
    """
    items, wrong = _items(sheets, refused, station, own_number, pages, classes)
    policy = station.separation
    groups = [group for group in _groups(items, policy, apart) if group.items]
    read = {(sheet.source, sheet.page.number): sheet.page for sheet in sheets}
    whole = sum((pages or {}).values()) <= len(items)  # else only some pages of it are tried again
    alarms = (
        *two_numbers(sheets, refused, own_number),
        *altered_numbers(sheets, refused, policy, own_number),
        *wrong,
        *dropped_letters(items, read),
        *(uncut(items, policy, [len(group.items) for group in groups]) if whole else ()),
        *alarms_of(items, policy),
    )
    documents: list[Cut] = []
    fates: dict[Key, Fate] = {}
    for group in groups:
        for position, key in enumerate(group.kept, start=1):
            fates[key] = Fate(*key, FateKind.DOCUMENT, len(documents), position)
        candidates = gathered(read, group.kept, policy, own_number)
        documents.append(Cut(group.kept, group.label, group.cover, candidates))
    for item in items:
        if item.key not in fates:
            fates[item.key] = Fate(*item.key, _DROPPED[item.role], reason=item.reason)
    return Separation(tuple(documents), tuple(fates[key] for key in sorted(fates)), alarms)


_DROPPED = {
    Role.SEPARATOR: FateKind.SEPARATOR,
    Role.BLANK_SEPARATOR: FateKind.SEPARATOR,
    Role.BLANK: FateKind.BLANK,
    Role.REFUSED: FateKind.REFUSED,
}


def _items(
    sheets: Sequence[Sheet],
    refused: Mapping[Key, str],
    station: Station,
    own_number: Callable[[str], bool],
    counts: Mapping[int, int] | None,
    classes: Mapping[str, str],
) -> tuple[list[Item], list[str]]:
    """Every page with its role, in reading order, and what is wrong with separators' codes.

    On a duplex station the two sides of a sheet decide together.
    """
    policy = station.separation
    pages = {(sheet.source, sheet.page.number): sheet.page for sheet in sheets}
    labels = {key: label_of(page, policy, own_number) for key, page in pages.items()}
    covers: dict[Key, Cover] = {}
    alarms: list[str] = []
    roles: dict[Key, Role] = {}
    files = len({key[0] for key in (*pages, *refused)})
    for key, page in pages.items():
        cover, wrong = cover_of(page, classes)
        if labels[key] is not None:
            roles[key] = Role.LABEL
        elif _separates(page, policy) or (cover is not None and policy.barcode):
            roles[key] = Role.SEPARATOR
            covers[key] = cover or NO_COVER
        else:
            roles[key] = Role.BLANK if page.blank else Role.CONTENT
        if key not in refused and (policy.barcode or roles[key] is Role.SEPARATOR):
            alarms += [f"{place(key, files)}: {one}" for one in wrong]
    roles.update(dict.fromkeys(refused, Role.REFUSED))
    counts = counts or {source: max(page for at, page in roles if at == source) for source, _ in roles}
    sides = lay(roles, station.duplex, counts)
    faces = {side: roles[key] for key, side in sides.items()}
    items = [
        Item(
            key,
            side,
            _sided(roles[key], faces.get(side.turned), policy),
            labels.get(key) if key not in refused else None,
            covers.get(key, NO_COVER) if key not in refused else NO_COVER,
            refused.get(key, ""),
        )
        for key, side in sides.items()
    ]
    return items, alarms


def _sided(role: Role, other: Role | None, policy: SeparationPolicy) -> Role:
    """The role of a page, given what is on the other side of its sheet, if that was scanned."""
    if role is not Role.BLANK:
        return role
    if other is Role.SEPARATOR and not policy.drop_blank:
        return Role.SEPARATOR
    if policy.blank and other in (None, Role.BLANK):
        return Role.BLANK_SEPARATOR
    return Role.BLANK if policy.drop_blank else Role.CONTENT


def _separates(page: Page, policy: SeparationPolicy) -> bool:
    return any(
        code.text in policy.patch
        if code.format.startswith("Patch")
        else bool(policy.barcode) and code.text == policy.barcode
        for code in page.barcodes
    )


def _groups(items: Sequence[Item], policy: SeparationPolicy, apart: Collection[int]) -> list[_Group]:
    """The pages between cuts, some groups without any."""
    cutting = (Role.SEPARATOR, Role.BLANK_SEPARATOR)
    # Sheets and counts cut a batch whatever its files are; without them a file of several pages is
    # a document by itself, and files of one page each are the pages of one.
    by_file = (
        not policy.pages
        and not any(item.role in cutting for item in items)
        and len({item.side.pile for item in items}) < len(items)
    )
    groups = [_Group([])]
    last: Item | None = None
    sheet: Item | None = None  # the last separator, until the document behind it begins
    for item in items:
        now = groups[-1]
        # The same label again, as on forms that bear their number on each page, goes on.
        starts = item.label is not None and item.label != now.label
        full = 0 < policy.pages <= now.scanned
        other_file = by_file and (last is None or item.side.pile != last.side.pile)
        if last and item.key[0] != last.key[0] and (item.key[0] in apart or last.key[0] in apart):
            other_file = True
        last = item
        if starts or full or other_file or item.role in cutting:
            now = _Group([])
            groups.append(now)
        if item.role in cutting:
            # What either side of a sheet says counts; of two sheets the one nearer to the document.
            if item.cover != NO_COVER or not (sheet and sheet.side.same_sheet(item.side)):
                sheet = item if item.role is Role.SEPARATOR else sheet
            continue
        now.label = item.label or now.label
        now.scanned += 1
        if sheet and item.role is not Role.BLANK:
            now.cover, sheet = sheet.cover, None
        if item.role in (Role.CONTENT, Role.LABEL):
            now.items.append(item)
    return groups
