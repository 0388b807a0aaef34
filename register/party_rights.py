"""Who may know of which parties. One function decides, for commands, API and lists."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from domain.errors import Forbidden
from domain.rights import Action, Rights
from register.models import Entry, EntryParty, Party
from register.rights import within


def visible(rights: Rights | None) -> QuerySet[Party]:
    """The parties that somebody may know of: all for those who keep them, else those of entries they see.

    Who may register sees those without any entry too, as they enter them.
    """
    if rights is None or rights.keeps_parties():
        return Party.objects.all()
    seen = Entry.objects.filter(within(rights)).values("pk")
    of_entry = EntryParty.objects.filter(entry__in=seen)
    same = Q(party=OuterRef("pk")) | Q(party__merged_into=OuterRef("pk"))
    known = Q(Exists(of_entry.filter(same)))
    if rights.anywhere(Action.REGISTER):
        known |= ~Q(Exists(EntryParty.objects.filter(same)))
    return Party.objects.filter(known)


def must_edit(rights: Rights | None) -> None:
    """See that somebody may change parties that they see.

    Raises:
        Forbidden: they may not.
    """
    if rights is not None and not rights.anywhere(Action.REGISTER):
        raise Forbidden(f"{rights.user.name} may not change parties: ask a registrar")
