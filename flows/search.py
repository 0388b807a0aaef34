"""Search, as far as whoever asks may see."""

from dataclasses import replace
from typing import Any

from domain.entry import Hit, Query, Results
from domain.rights import Action, Rights
from infra.wiring import Services


def search(services: Services, query: Query, rights: Rights | None) -> Results:
    """What is found of what may be seen; without rights, of everything, and without the register's database.

    Raises:
        Unavailable: the index does not answer.
    """
    if rights is not None:
        from register.outbox import moved_away  # the register is connected where somebody has rights

        badges = rights.reach(Action.VIEW).badges()
        query = replace(query, access=tuple(sorted(badges)), without=moved_away(rights))
    return services.index.search(query)


def as_told(hit: Hit) -> dict[str, Any]:
    """A hit as programs are told of it."""
    return {
        "number": hit.number,
        "class": hit.label,
        "score": hit.score,
        "page": hit.page,
        "snippet": hit.snippet,
        "subject": hit.subject,
    }
