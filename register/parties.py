"""People and organisations: who sent an entry, and to whom."""

import unicodedata
from collections.abc import Sequence

from register.models import Entry, EntryParty, Party

SENDER, RECIPIENT = "sender", "recipient"
_LONGEST = 512


def fold(name: str) -> str:
    """A name without case, accents and doubled blanks, for finding it again."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())[:_LONGEST]


def set_parties(entry: Entry, role: str, names: Sequence[str]) -> None:
    """Let these, and no others, be the senders or the recipients of an entry; names of nobody count not."""
    wanted = {folded: name[:_LONGEST] for name in names if (folded := fold(name))}
    rows = EntryParty.objects.filter(entry=entry, role=role)
    had = dict(rows.values_list("party__folded", "pk"))
    # A worker, who only adds, may not delete.
    if gone := [pk for folded, pk in had.items() if folded not in wanted]:
        EntryParty.objects.filter(pk__in=gone).delete()
    for folded, name in wanted.items():
        if folded not in had:
            party, _ = Party.objects.get_or_create(folded=folded, defaults={"name": name})
            EntryParty.objects.create(entry=entry, party=party, role=role)


def parties(entry: Entry, role: str) -> tuple[str, ...]:
    """Their names, in the order in which they were given."""
    rows = EntryParty.objects.filter(entry=entry, role=role).order_by("id")
    return tuple(rows.values_list("party__name", flat=True))
