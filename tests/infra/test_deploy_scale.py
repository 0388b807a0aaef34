"""The simulation of many machines holds to what can be reckoned by hand, and ``docs/scale.md`` to it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.scale_model import (
    CURVE,
    HOUR,
    JOBS,
    STEPS,
    Costs,
    Day,
    Setup,
    demand,
    run,
    runs_of,
    simulate,
)
from tests.infra.deploy_files import ROOT

GRAIN = 50
AMPLE = Setup(cores=8, registers=4, prefect_servers=40, query_seconds=10, publisher_threads=64)
SCALE = (ROOT / "docs" / "scale.md").read_text("utf-8")


def test_the_curve_is_a_whole_day() -> None:
    assert sum(CURVE) == 100
    assert len(CURVE) == 24
    assert sum(share for _, share in JOBS) == pytest.approx(1)


def test_a_job_has_the_runs_that_the_flows_make() -> None:
    setup, costs = Setup(), Costs()
    assert runs_of(40, setup, costs) == (1, 0, 0, 0, 0)
    assert runs_of(150, setup, costs) == (1, 4, 1, 4, 1)
    assert runs_of(150, replace(setup, chunk_pages=160), costs) == (1, 0, 0, 0, 0)


def test_no_page_is_lost_on_the_way() -> None:
    day = Day(AMPLE, Costs(), GRAIN)
    day.run()
    assert sum(day.dropped) == pytest.approx(AMPLE.pages, rel=0.05)
    assert sum(day.found) == sum(day.dropped)
    assert sum(pages for _, pages in day.waits) == sum(day.dropped)


def test_with_enough_of_all_a_page_waits_for_its_own_chunk_only() -> None:
    found = simulate(AMPLE, Costs(), GRAIN)
    assert max(found["busy"].values()) < 0.7
    assert found["through"] == 1
    # Forty pages on one core take a minute; what travels as one is filed and published one after the other.
    assert 0.5 < found["minutes"]["half"] < 5


@pytest.mark.parametrize(
    ("part", "setup", "costs"),
    [
        ("publisher", {"publisher_threads": 1}, {}),
        ("register", {"registers": 1}, {"statements_locked": 1000}),
        ("cores", {"workers": GRAIN, "cores": 1}, {"page_cpu_s": 15}),
    ],
)
def test_what_is_too_small_does_what_it_can(
    part: str, setup: dict[str, int], costs: dict[str, float]
) -> None:
    """A queue that is always full serves at its rate: what it has done in three days is known beforehand."""
    small, dear = replace(AMPLE, **setup), replace(Costs(), **costs)
    day = Day(small, dear, GRAIN)
    day.run()
    most = 1 / demand(small, dear, 1.0)[part]  # pages a second
    hours = 72 - 5  # from the first page on
    expected = min(sum(day.dropped), most * hours * HOUR)
    assert expected < sum(day.dropped)
    assert sum(day.found) == pytest.approx(expected, rel=0.1)


def test_two_workers_do_twice_as_much() -> None:
    one = demand(Setup(workers=1, cores=1), Costs(), 1.0)["cores"]
    assert demand(Setup(workers=2, cores=1), Costs(), 1.0)["cores"] == one / 2


def rows(first: str) -> list[list[str]]:
    (table,) = (one for one in re.findall(r"(?m)(?:^\|.*\n)+", SCALE) if one.startswith(f"| {first} |"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]


def test_the_page_says_what_the_model_says() -> None:
    setup, costs = Setup(), Costs()
    told = {row[0]: row[1:7] for row in rows("change")}
    assert list(told) == [name for name, _, _ in STEPS]
    for name, bought, other in STEPS:
        setup, costs = replace(setup, **bought), replace(costs, **other)
        busy = demand(setup, costs, setup.pages * max(CURVE) / 100 / HOUR)
        parts = ("publisher", "prefect", "register", "cores", "s3", "database")
        assert told[name] == [f"{busy[part]:.2f}" for part in parts], name


def test_the_page_names_each_cost() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("cost")}
    assert told == {name: f"{value:g}" for name, value in run_costs().items()}


def run_costs() -> dict[str, float]:
    return {name: getattr(Costs(), name) for name in Costs.__dataclass_fields__}


def test_the_verb_gives_what_it_promises() -> None:
    found = run(workers=100, pages=500_000, grain=200)
    assert set(found) == {"workers", "pages", "costs", "cores", "days"}
    assert [one["change"] for one in found["days"]] == [name for name, _, _ in STEPS]
    last = found["days"][-1]
    assert last["through"] == 1
    assert len(last["waiting"]) == 24
    assert Path(ROOT / "docs" / "scale.md").exists()
