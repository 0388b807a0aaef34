import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta  # type: ignore[import-untyped]

from models.live import live

Review = tuple[str, tuple[str, ...]]
RIGHT: Review = ("letter", ("letter",))
WRONG: Review = ("letter", ("invoice",))


def pairs(*said: str) -> list[Review]:
    """Reviews by two people, each named by its initial."""
    names = {"l": "letter", "i": "invoice", "f": "form"}
    return [("letter", tuple(names[one] for one in pair)) for pair in said]


def test_without_reviews_nothing_is_known() -> None:
    found = live([], 0.02)
    assert (found.n, found.wrong, found.error, found.interval) == (0, 0, 0.0, (0.0, 1.0))
    assert not found.broken
    assert not found.drift
    assert (found.pairs, found.agree, found.kappa) == (0, 0, None)


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_the_interval_is_that_of_clopper_and_pearson(misses: list[bool]) -> None:
    n, wrong = len(misses), sum(misses)
    found = live([WRONG if miss else RIGHT for miss in misses], 0.02)
    low = beta.ppf(0.025, wrong, n - wrong + 1) if wrong else 0.0
    high = beta.ppf(0.975, wrong + 1, n - wrong) if wrong < n else 1.0
    assert (found.n, found.wrong, found.error) == (n, wrong, wrong / n)
    assert found.interval == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "wrong", "max_error", "broken"),
    [
        (100, 0, 0.02, False),
        (100, 2, 0.02, False),
        (100, 4, 0.02, False),  # so many or more by chance: 14 %
        (100, 5, 0.02, False),  # 5.1 %
        (100, 6, 0.02, True),  # 1.5 %
        (100, 6, 0.05, False),
        (10, 10, 0.5, True),
        (1, 1, 0.1, False),
    ],
)
def test_more_wrong_than_promised_is_said_where_it_is_no_chance(
    n: int, wrong: int, max_error: float, broken: bool
) -> None:
    assert live([WRONG] * wrong + [RIGHT] * (n - wrong), max_error).broken == broken


@pytest.mark.parametrize(
    ("older", "newer", "drift"),
    [
        (0, 0, False),
        (0, 4, False),  # Fisher: 5.3 %
        (0, 5, True),  # 2.4 %
        (5, 5, False),
        (5, 0, False),
        (2, 8, True),
        (25, 25, False),
    ],
)
def test_drift_is_a_newer_half_that_does_worse(older: int, newer: int, drift: bool) -> None:
    halves = [[WRONG] * wrong + [RIGHT] * (25 - wrong) for wrong in (older, newer)]
    assert live([*halves[0], *halves[1]], 0.5).drift == drift


@pytest.mark.parametrize("reviews", [[WRONG], [RIGHT, WRONG], [WRONG, RIGHT, WRONG]])
def test_of_a_few_reviews_nothing_has_drifted(reviews: list[Review]) -> None:
    assert not live(reviews, 0.5).drift


def test_it_can_be_told_as_json() -> None:
    told = json.loads(json.dumps(asdict(live([RIGHT, *pairs("ll", "li")], 0.02))))
    assert (told["n"], told["broken"], told["drift"], told["pairs"]) == (3, False, False, 2)


def test_the_first_answer_counts_as_the_class() -> None:
    found = live([*pairs("li", "il", "ll"), RIGHT], 0.02)
    assert (found.n, found.wrong) == (4, 1)
    assert (found.pairs, found.agree) == (3, 1)


@pytest.mark.parametrize(
    ("reviews", "agree", "kappa"),
    [
        (pairs("ll", "ii", "ff"), 3, 1.0),
        (pairs("ll", "ll"), 2, None),
        (pairs("li", "il"), 0, -1.0),
        (pairs("li", "li"), 0, 0.0),
        (pairs(*["ll"] * 4, *["ii"] * 4, *["li"] * 2), 8, (0.8 - 0.48) / (1 - 0.48)),
        ([("letter", ("letter", "letter", "form")), *pairs("ii")], 2, 1.0),
        ([RIGHT, WRONG], 0, None),
    ],
)
def test_how_often_two_people_agree(reviews: list[Review], agree: int, kappa: float | None) -> None:
    found = live(reviews, 0.02)
    assert found.pairs == sum(len(answers) > 1 for _, answers in reviews)
    assert found.agree == agree
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))
