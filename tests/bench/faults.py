"""Faults: processes and servers killed at random moments of an intake, services down, slow, full or wrong.

After each round of kills and after each outage the books must balance: every page accounted for once, no
number missing, the index equal to the database. ``postroom bench faults`` runs all of it,
``tests/e2e/test_faults.py`` a short form.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.bench.office import SETTINGS, Campaign, unbalanced, worse
from tests.bench.outages import OUTAGES
from tests.cluster import Cluster

_ROUND = 20  # kills
# How often each is killed, of twenty kills.
_TARGETS = {
    "worker-1": 4, "worker-2": 4, "station": 3, "indexer": 3, "postgresql": 2, "minio": 2, "prefect": 1,
    "elasticsearch": 1,
}  # fmt: skip


def under_fire(
    campaign: Campaign, kills: int, pages: int, seed: int, pause: tuple[float, float] = (1.0, 5.0)
) -> None:
    """Kill something every few seconds while so many pages are taken in."""
    rng = random.Random(seed)
    cluster = campaign.cluster
    each = max(2, pages // kills // 2 * 2)
    if pages >= 100:
        campaign.drop(1, pages // 4)  # one batch that goes in chunks to both workers
    for name in _order(kills, rng):
        campaign.drop(1, each)
        time.sleep(rng.uniform(*pause))
        campaign.tell(f"kill {name}")
        campaign.supervise()
        cluster.kill(name)
        time.sleep(rng.uniform(0.0, 1.0))
        cluster.revive(name)
        campaign.kills += 1
    campaign.settle(600)


def outage(campaign: Campaign, name: str) -> None:
    """Let one thing go wrong while files are taken in, and be well again later."""
    campaign.tell(f"outage {name}")
    OUTAGES[name](campaign)
    campaign.outages.append(name)
    campaign.settle()


def _order(kills: int, rng: random.Random) -> list[str]:
    once = list(_TARGETS)
    weighted = rng.choices(once, weights=list(_TARGETS.values()), k=max(0, kills - len(once)))
    names = [*once, *weighted][:kills]
    rng.shuffle(names)
    return names


def measure(kills: int, pages: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """All kills, in intakes of ``pages`` pages of twenty kills each, and each outage once.

    Returns:
        The worst books of all that were taken. The first fault after which they do not balance, or that
        the office does not come back from, is the last; which it was is told.
    """
    with Cluster(SETTINGS) as cluster:
        campaign = Campaign(cluster, tell)
        campaign.open()
        return judged(campaign, _faults(campaign, kills, pages, seed))


def judged(campaign: Campaign, faults: Iterator[tuple[str, Callable[[], None]]]) -> dict[str, Any]:
    """The worst books after any of these faults; none follows one that they do not balance after."""
    books = campaign.books()
    for name, fault in faults:
        now, trouble = _after(fault, campaign, books)
        books = worse(books, now)
        campaign.tell(f"{name}: {books}")
        if unbalanced(books):
            campaign.tell(f"STOPPED after {name}{trouble}\n{campaign.cluster.state()}")
            break
    return books


def _after(
    fault: Callable[[], None], campaign: Campaign, before: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The books after the fault; wrong, and why, when the fault did not end or they cannot be taken."""
    books, trouble = before, ""
    steps: tuple[Callable[[], Any], ...] = (fault, campaign.books)
    for step in steps:
        try:
            books = step() or books
        except Exception as error:
            first = str(error).partition("\n")[0]
            trouble += f" ({type(error).__name__}: {first})"
    return ({**books, "verify_ok": False} if trouble else books), trouble


def _faults(
    campaign: Campaign, kills: int, pages: int, seed: int
) -> Iterator[tuple[str, Callable[[], None]]]:
    for left in range(kills, 0, -_ROUND):
        some = min(_ROUND, left)
        yield f"{some} kills", partial(under_fire, campaign, some, pages, seed + left)
    for name in OUTAGES:
        yield name, partial(outage, campaign, name)
