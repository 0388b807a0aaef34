"""The simulation of many machines holds to what can be reckoned by hand, and ``docs/scale.md`` to it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from flows import publish
from tests.bench.scale_model import (
    CURVE,
    HOUR,
    JOBS,
    STEPS,
    Costs,
    Day,
    Setup,
    demand,
    largest_day,
    run,
    runs_of,
    simulate,
)
from tests.infra.deploy_files import ROOT

GRAIN = 50
AMPLE = Setup(cores=8, registers=4, prefect_servers=40, query_seconds=10, publisher_threads=64)
QUICK = replace(Costs(), change_cpu_ms=5.0)
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
    day = Day(AMPLE, QUICK, GRAIN)
    day.run()
    assert sum(day.dropped) == pytest.approx(AMPLE.pages, rel=0.05)
    assert sum(day.found) == sum(day.dropped)
    assert sum(pages for _, pages in day.waits) == sum(day.dropped)


def test_with_enough_of_all_a_page_waits_for_its_own_chunk_only() -> None:
    found = simulate(AMPLE, QUICK, GRAIN)
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


def test_the_publisher_is_the_one_that_is_built() -> None:
    assert Setup().publisher_threads == publish._AT_ONCE


def test_the_publisher_waits_for_s3_or_for_its_own_processor() -> None:
    costs = replace(
        Costs(), change_puts=1, put_ms=20, change_locks=2, lock_ms=10, change_heads=1, head_ms=5,
        change_gets=1, get_ms=15, bulk_ms=50, statements_change=2, statement_ms=0.5, change_cpu_ms=9,
    )  # fmt: skip
    assert costs.change_s(1) == pytest.approx(0.062)
    assert costs.change_s(4) == pytest.approx(0.017)
    assert costs.change_s(60) == pytest.approx(0.009)


def test_the_largest_day_is_all_that_a_part_can_do_in_its_busiest_hour() -> None:
    setup, costs = Setup(workers=10), Costs()
    for part, pages in largest_day(setup, costs).items():
        assert demand(setup, costs, pages * max(CURVE) / 100 / HOUR)[part] == pytest.approx(1)
    assert largest_day(Setup(workers=112), costs)["prefect"] == 0


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


def test_the_page_says_what_each_part_can_do() -> None:
    told = {row[0]: row[1] for row in rows("part | pages a day")}
    most = largest_day(Setup(), Costs())
    prefect = [largest_day(Setup(workers=count), Costs())["prefect"] for count in (10, 50, 100, 112)]
    ten, fifty, hundred = map(millions, prefect[:3])
    assert told == {
        "Prefect API, one server": f"{ten} million with 10 workers, {fifty} with 50, {hundred} with 100, "
        "none with 112",
        "one register's counters": f"{millions(most['register'])} million",
        "publisher": f"{millions(most['publisher'])} million",
        "cores, 400": f"{millions(most['cores'])} million",
        "S3, all in one prefix": f"{millions(most['s3'])} million",
        "database, 8 processors": f"{millions(most['database'])} million",
    }
    assert list(told) == sorted(told, key=lambda part: float(told[part].split()[0]))
    assert prefect[3] == 0
    unlocked = {name: value for _, _, costs in STEPS for name, value in costs.items() if "change" in name}
    without = largest_day(Setup(), replace(Costs(), **unlocked))["publisher"]
    assert f"({millions(without)} million without locks)" in SCALE


def millions(pages: float) -> str:
    return f"{pages / 1e6:.1f}" if pages < 1e7 else f"{float(f'{pages / 1e6:.2g}'):.0f}"


def test_the_page_says_how_busy_the_cores_are() -> None:
    for cores, machines, busy, *_ in rows("cores a worker"):
        setup = Setup(cores=int(cores))
        assert int(machines) == setup.workers * setup.cores
        assert busy == f"{demand(setup, Costs(), setup.pages * max(CURVE) / 100 / HOUR)['cores']:.2f}"


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
