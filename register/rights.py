"""Who may do what with entries of the register: what ``domain.rights`` decides, of rows and in queries."""

from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value

from domain.correspondence import Confidentiality, Direction
from domain.errors import Forbidden, Missing
from domain.rights import Action, Guarded, Rights
from register.models import Entry

_HELD_BY = {
    "sqlite": "EXISTS (SELECT 1 FROM json_each({}) WHERE value IN ({}))",
    "postgresql": "({} ?| ARRAY[{}])",
}


class HeldBy(Func):
    """Whether a list holds one of these texts; also in a query within a query."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, list[Any]]:
        """The condition, with the texts as its parameters."""
        (column, *texts) = (compiler.compile(one) for one in self.get_source_expressions())
        sql = _HELD_BY[connection.vendor].format(column[0], ", ".join(one for one, _ in texts))
        return sql, [*column[1], *(value for _, values in texts for value in values)]


_HOLDS = "who holds it, or a registrar"
_WHO = {
    Action.APPROVE: "an approver of its department",
    Action.REGISTER: "a registrar, or a records manager",
}
"""Whom to ask for what one may not do."""


def guarded(entry: Entry) -> Guarded:
    """What of the entry decides who may."""
    return Guarded(entry.department, entry.person, entry.confidentiality, granted(entry.access))


def granted(access: list[str]) -> tuple[tuple[str, str], ...]:
    """Who may do what with an entry whatever their roles, from its ``access``."""
    pairs = (one.split(":", 1) for one in access if ":" in one)
    return tuple((user, action) for action, user in pairs)


def must(rights: Rights | None, action: Action, entry: Entry) -> None:
    """See that somebody may do this with an entry; None is the installation's owner, who may do all.

    Raises:
        Missing: they may not even know of it.
        Forbidden: they may not.
    """
    if rights is None:
        return
    subject = guarded(entry)
    if not (rights.may(Action.VIEW, subject) or rights.may(action, subject)):
        raise Missing(f"There is no entry {entry.number}. Find it: postroom search WORDS")
    if not rights.may(action, subject):
        raise Forbidden(f"{rights.user.name} may not {action} {entry.number}: ask {_WHO.get(action, _HOLDS)}")


def may_register(rights: Rights | None, entry: Guarded) -> bool:
    """Whether somebody may register such an entry; None is the installation's owner."""
    return rights is None or rights.may(Action.REGISTER, entry)


def must_new(rights: Rights | None, entry: Guarded, direction: str) -> None:
    """See that somebody may register such an entry. Who may edit may draft what goes out or stays inside.

    Raises:
        Forbidden: they may not.
    """
    drafts = direction != Direction.INCOMING
    if rights is None or may_register(rights, entry) or (drafts and rights.may(Action.EDIT, entry)):
        return
    where = f"for {entry.department}" if entry.department else "without a department"
    raise Forbidden(f"{rights.user.name} may not register entries {where} that are {entry.confidentiality}")


def must_anywhere(rights: Rights | None, action: Action) -> None:
    """See that somebody may do this at all.

    Raises:
        Forbidden: none of their roles allows it.
    """
    if rights is not None and not rights.anywhere(action):
        raise Forbidden(f"{rights.user.name} has no role that may {action}")


def is_own(user: str, rights: Rights | None) -> bool:
    """Whether what is a user's own is for somebody: themselves, an administrator, or the owner."""
    return rights is None or rights.user.name == user or rights.anywhere(Action.ADMINISTER)


def must_be_own(user: str, rights: Rights | None) -> None:
    """See that what is a user's own is for somebody.

    Raises:
        Forbidden: it is for the user or an administrator.
    """
    if not is_own(user, rights):
        must_anywhere(rights, Action.ADMINISTER)


def within(rights: Rights | None, action: Action = Action.VIEW, of: str = "") -> Q:
    """The entries with which somebody may do this, as a condition of a query.

    ``of`` is the way to the entry from what the query is about, such as ``entry__``.
    """
    if rights is None:
        return Q()
    reach = rights.reach(action)
    found = Q((f"{of}person__in", reach.holders))
    if reach.everywhere:
        found |= Q((f"{of}pk__isnull", False))
    else:
        found |= Q((f"{of}department__in", reach.departments - {""}))
    found = Q((f"{of}confidentiality__in", reach.levels)) & found
    if reach.public:
        found |= Q((f"{of}confidentiality", Confidentiality.PUBLIC))
    if reach.granted:
        enough = [f"{one}:{reach.granted}" for one in (Action if action == Action.VIEW else (action,))]
        found |= Q(HeldBy(F(f"{of}access"), *map(Value, enough)))
    return found
