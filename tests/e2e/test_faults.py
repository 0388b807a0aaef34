"""Faults, each by name: a short form of ``postroom bench faults`` on one office that goes through all."""

from collections.abc import Iterator

import pytest

from tests.bench.faults import OUTAGES, SETTINGS, Campaign
from tests.cluster import Cluster

pytestmark = pytest.mark.timeout(900)
_KILLS = 10


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with Cluster(SETTINGS) as cluster:
        campaign = Campaign(cluster)
        campaign.open()
        yield campaign


def balanced(campaign: Campaign) -> None:
    books = campaign.books()
    wrong = {name: books[name] for name in ("lost_pages", "doubled", "number_gaps", "index_diff", "refused")}
    assert (books["verify_ok"], wrong) == (True, dict.fromkeys(wrong, 0))


@pytest.mark.parametrize("name", OUTAGES)
def test_outage(campaign: Campaign, name: str) -> None:
    campaign.outage(name)
    balanced(campaign)


def test_kills_at_random_moments(campaign: Campaign) -> None:
    campaign.under_fire(_KILLS, 60, seed=7, pause=(0.5, 2.5))
    assert campaign.kills == _KILLS
    balanced(campaign)
