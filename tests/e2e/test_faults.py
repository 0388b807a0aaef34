"""Faults, each by name: a short form of ``postroom bench faults`` on one office that goes through all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from index.elastic_documents import entry_id
from tests.bench.faults import judged, outage, under_fire
from tests.bench.office import COUNTS, SETTINGS, Campaign, unbalanced, worse
from tests.bench.outages import OUTAGES
from tests.cluster import Cluster

pytestmark = pytest.mark.timeout(900)
_KILLS = 10
_BALANCED = {**dict.fromkeys(COUNTS, 0), "verify_ok": True}


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with Cluster(SETTINGS) as cluster:
        campaign = Campaign(cluster)
        campaign.open()
        yield campaign


def wrong(campaign: Campaign) -> dict[str, Any]:
    books = campaign.books()
    return {name: books[name] for name in _BALANCED}


@pytest.mark.parametrize("name", OUTAGES)
def test_outage(campaign: Campaign, name: str) -> None:
    outage(campaign, name)
    assert wrong(campaign) == _BALANCED


def test_kills_at_random_moments(campaign: Campaign) -> None:
    under_fire(campaign, _KILLS, 60, seed=7, pause=(0.5, 2.5))
    assert campaign.kills == _KILLS
    assert wrong(campaign) == _BALANCED


def test_an_entry_with_other_contents_in_the_index_is_a_difference(campaign: Campaign) -> None:
    """Number and sequence are right, which is all that ``verify`` looks at."""
    from register.models import Entry

    index = campaign.cluster.services.settings.index.name
    name = entry_id(Entry.objects.order_by("id")[0].number)
    with Elasticsearch(campaign.cluster.servers["elasticsearch"].running.url) as server:
        before = server.get(index=index, id=name)
        kept, version = before["_source"], before["_version"]

        def hold(source: dict[str, Any]) -> None:
            server.index(
                index=index,
                id=name,
                document=source,
                version=version,
                version_type="external_gte",
                refresh=True,
            )

        hold({**kept, "sender": "Somebody else"})
        found = wrong(campaign)
        hold(kept)
    assert found == {**_BALANCED, "index_diff": 1}
    assert wrong(campaign) == _BALANCED


class Counted:
    """A campaign whose books say what the faults made of them."""

    def __init__(self) -> None:
        self.now = {"kills": 0, **_BALANCED}
        self.told: list[str] = []
        self.cluster = self
        self.tell = self.told.append

    def books(self) -> dict[str, Any]:
        return dict(self.now)

    def state(self) -> str:
        return "the ends of the logs"

    def turned(self, **now: Any) -> Callable[[], None]:
        return lambda: self.now.update(now)


@pytest.mark.parametrize("wrong", [*({name: 2} for name in COUNTS), {"verify_ok": False}])
def test_a_fault_that_the_books_do_not_balance_after_is_named_and_is_the_last(wrong: dict[str, Any]) -> None:
    counted: Any = Counted()
    faults = [
        ("20 kills", counted.turned(kills=20)),
        ("s3_slow", counted.turned(**wrong)),
        ("spool_full", counted.turned(kills=40)),
    ]
    books = judged(counted, iter(faults))
    assert books == {"kills": 20, **_BALANCED, **wrong}
    assert unbalanced(books)
    assert counted.told == [
        f"20 kills: { {'kills': 20, **_BALANCED} }",
        f"s3_slow: {books}",
        "STOPPED after s3_slow\nthe ends of the logs",
    ]


def test_a_fault_that_the_office_does_not_come_back_from_is_named_and_is_the_last() -> None:
    def stuck() -> None:
        raise AssertionError("the intake took longer than 300 s\nlogs")

    counted: Any = Counted()
    books = judged(counted, iter([("s3_slow", stuck), ("spool_full", counted.turned(kills=40))]))
    assert books == {"kills": 0, **_BALANCED, "verify_ok": False}
    assert counted.told[-1] == (
        "STOPPED after s3_slow (AssertionError: the intake took longer than 300 s)\nthe ends of the logs"
    )


def test_the_worst_of_each_count_stays() -> None:
    before = {"pages": 10, **_BALANCED, "doubled": 3, "verify_ok": False}
    after = {"pages": 20, **_BALANCED, "doubled": 1, "refused": 2}
    assert worse(before, after) == {
        "pages": 20, **_BALANCED, "doubled": 3, "refused": 2, "verify_ok": False,
    }  # fmt: skip
    assert not unbalanced({"pages": 20, **_BALANCED})
