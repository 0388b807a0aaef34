"""Entries shared: somebody may do something with one of them, whatever their roles."""

from domain.errors import Usage
from domain.rights import Action
from register import decisions
from register.acts import Act
from register.entries import locked, recorded
from register.models import Entry
from register.office import find
from register.rights import must
from register.session import write

SHARED = (Action.VIEW, Action.EDIT, Action.APPROVE, Action.EXPORT)
"""What can be granted for one entry."""


def share(number: str, user: str, act: Act, action: Action = Action.VIEW) -> Entry:
    """Let a user do this with the entry, and see it.

    Raises:
        Usage: there is no such user, or they may already.
        Forbidden: whoever shares it may not do that themselves.
    """
    find("user", user, decisions.office())
    return _access(number, user, act, action, give=True)


def unshare(number: str, user: str, act: Act, action: Action = Action.VIEW) -> Entry:
    """Take back what was shared.

    Raises:
        Usage: it was not shared so.
    """
    return _access(number, user, act, action, give=False)


def _access(number: str, user: str, act: Act, action: Action, *, give: bool) -> Entry:
    if action not in SHARED:
        raise Usage(f"{action} cannot be shared: {', '.join(SHARED)}")
    said = f"{action}:{user}"
    with write():
        entry = locked(number, act)
        if give:
            must(act.rights, action, entry)  # nobody gives away what is not theirs
        if (said in entry.access) == give:
            raise Usage(f"{user} may {action} {number} {'already' if give else 'by no grant of its own'}")
        access = sorted({*entry.access, said}) if give else [one for one in entry.access if one != said]
        Entry.objects.filter(pk=entry.pk).update(access=access)
        content = {"user": user, "action": str(action), "reason": act.reason}
        return recorded(entry, "shared" if give else "no longer shared", content, act)
