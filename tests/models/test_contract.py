from collections.abc import Callable, Collection
from dataclasses import replace
from math import ceil, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom  # type: ignore[import-untyped]

from domain.errors import Usage
from models.contract import LEAST_TRUST, Contract, Limits, Promise, bound, contract, fewest, promise
from models.model import Floats, Model, Trial
from models.offers import ERRORS, curve, offers
from models.train import train
from tests.models.corpus import examples

SIZES, LIMITS = (1, 3, 10, 30, 100), (0.005, 0.02, 0.1)
Flags = NDArray[np.bool_]


@pytest.fixture(scope="module")
def model() -> Model:
    return train(examples(10))


def trial(trust: Floats, right: Flags) -> Trial:
    """All of the first class; guessed as the second where not right."""
    keys = tuple(map(str, range(len(trust))))
    return Trial(keys, np.zeros(len(trust), np.int64), (~right).astype(np.int64), trust, trust)


def ranked(n: int, *wrong: int) -> Trial:
    """Those at these ranks are wrong, the surest being 0."""
    return trial(np.linspace(0.99, 0.6, n), ~np.isin(np.arange(n), wrong))


def promised(of: Trial, max_error: float, confidence: float = 0.9) -> Promise:
    return promise(of, np.ones(len(of.keys), np.bool_), max_error, confidence)


def times(of: Trial, more: float) -> Trial:
    """As if there were so many times as many of the same."""
    n = len(of.keys)
    places = np.arange(round(n * more)) * n // round(n * more)
    return trial(of.trust[places], of.right[places])


@given(st.integers(1, 2000), st.floats(0, 0.999), st.floats(0.001, 0.5))
def test_the_bound_is_exact(n: int, share: float, risk: float) -> None:
    wrong = int(share * n)
    assert binom.cdf(wrong, n, bound(wrong, n, risk)) == pytest.approx(risk, rel=1e-6)


def test_where_all_are_wrong_the_bound_is_one() -> None:
    assert bound(7, 7, 0.1) == bound(0, 0, 0.1) == 1.0


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_fewest_is_the_first_number_without_error_that_will_do(max_error: float, risk: float) -> None:
    n = fewest(max_error, risk)
    assert bound(0, n, risk) <= max_error + 1e-9
    assert n == 1 or bound(0, n - 1, risk) > max_error - 1e-9


@pytest.mark.parametrize("max_error", LIMITS)
def test_a_promise_begins_where_there_are_enough_without_error(max_error: float) -> None:
    few = fewest(max_error, 0.1)
    assert promised(ranked(few - 1), max_error).threshold is None
    assert promised(ranked(few), max_error) == Promise(0.6, 1.0, 0.0, few, 0)


@pytest.mark.parametrize("max_error", LIMITS)
@pytest.mark.parametrize("n", SIZES)
def test_what_is_missing_would_do(n: int, max_error: float) -> None:
    few = ranked(n)
    found = promised(few, max_error)
    if n >= fewest(max_error, 0.1):
        assert found.missing == 0
        return
    assert found.threshold is None
    assert found.missing
    assert n + found.missing <= ceil(1.25 * fewest(max_error, 0.1)) + n
    for more in (1 + found.missing / n, ceil(1 + found.missing / n)):
        assert promised(times(few, more), max_error).filed == 1.0


@pytest.mark.parametrize("max_error", LIMITS)
@pytest.mark.parametrize("n", SIZES[1:])
def test_what_is_missing_would_do_with_errors_too(n: int, max_error: float) -> None:
    chance = np.random.default_rng(n)
    asked = kept = 0
    for _ in range(60):
        right = chance.random(n) > max_error * chance.choice([0.3, 1, 3])
        few = trial(np.sort(chance.uniform(0.5, 1, n))[::-1], right)
        if missing := promised(few, max_error).missing:
            asked += 1
            kept += promised(times(few, 1 + missing / n), max_error).threshold is not None
    assert asked
    assert kept >= 0.95 * asked  # an error that counts 1.25 times is rounded


@pytest.mark.parametrize("max_error", LIMITS)
@pytest.mark.parametrize("n", SIZES)
def test_where_the_surest_are_wrong_more_would_not_do(n: int, max_error: float) -> None:
    found = promised(ranked(n, *range(ceil(n / 4))), max_error)
    assert (found.threshold, found.missing) == (None, None)


def test_without_a_document_the_fewest_are_missing() -> None:
    nothing = promise(ranked(50), np.zeros(50, np.bool_), 0.02, 0.9)
    assert nothing == Promise(None, 0.0, 0.0, 0, fewest(0.02, 0.1))


@given(
    st.integers(0, 2**32), st.integers(1, 600), st.sampled_from([1, 2, 3]), st.sampled_from([0.02, 0.1, 0.3])
)
@settings(max_examples=60, deadline=None)
def test_what_passes_the_threshold_is_what_was_counted(
    seed: int, n: int, digits: int, max_error: float
) -> None:
    """Equal trusts pass together, nothing below the least trust, and the bound holds."""
    chance = np.random.default_rng(seed)
    trust = np.round(chance.uniform(0.2, 1, n), digits)
    drawn = trial(trust, chance.random(n) < trust**0.2)
    of = chance.random(n) < 0.8
    found = promise(drawn, of, max_error, 0.9)
    assert found.n == of.sum()
    if found.threshold is None:
        assert (found.filed, found.wrong) == (0.0, 0.0)
        return
    passing = of & (trust >= found.threshold)
    wrong = int((passing & ~drawn.right).sum())
    assert found.threshold >= LEAST_TRUST
    assert found.filed == pytest.approx(passing.sum() / n)
    assert found.wrong == pytest.approx(wrong / passing.sum())
    assert bound(wrong, int(passing.sum()), 0.1) <= max_error
    assert found.missing == 0


def test_equal_trusts_pass_together_or_not_at_all() -> None:
    trust = np.repeat([0.95, 0.9], [150, 50])
    right = np.ones(200, np.bool_)
    assert promised(trial(trust, right), 0.02).threshold == 0.9
    right[[150, 170, 199]] = False
    assert promised(trial(trust, right), 0.02).threshold == 0.95
    right[0] = False
    assert promised(trial(trust, right), 0.02).threshold is None


def test_nothing_below_the_least_trust_is_filed() -> None:
    trust, right = np.linspace(0.99, 0.01, 1000), np.ones(1000, np.bool_)
    found = promised(trial(trust, right), 0.1)
    assert found.threshold == trust[trust >= LEAST_TRUST].min()
    assert found.filed == pytest.approx(0.5)
    assert promised(trial(trust * 0.5, right), 0.1) == Promise(None, 0.0, 0.0, 1000, None)


def of_two(model: Model) -> Model:
    """400 guessed as the first class, each fourth wrong, 600 as the second and the third, all right."""
    guess = np.repeat([0, 1, 2], [400, 300, 300])
    truth = guess.copy()
    truth[:400:4] = 1
    trust = np.tile(np.linspace(0.99, 0.6, 100), 10)
    return replace(model, trial=Trial(tuple(map(str, range(1000))), truth, guess, trust, trust))


def under(model: Model, **own: float) -> Contract:
    return contract(of_two(model), Limits(0.02, tuple(own.items())))


def test_a_class_with_a_limit_of_its_own_has_a_promise_of_its_own(model: Model) -> None:
    together = under(model)
    assert together.overall.threshold is None
    assert together.overall.n == 1000
    assert together.promise("contract") == together.promise("invoice") == together.overall
    apart = under(model, contract=0.4)
    assert [name for name, _ in apart.by_class] == ["contract"]
    assert apart.promise("contract") == Promise(0.6, 0.4, 0.25, 400, 0)
    assert apart.promise("invoice") == apart.promise("letter") == Promise(0.6, 0.6, 0.0, 600, 0)
    assert [apart.limit(name) for name in ("contract", "invoice")] == [0.4, 0.02]
    assert under(model, contract=0.1).promise("contract").missing is None


def test_a_limit_for_a_class_that_the_model_does_not_know_is_ignored(model: Model) -> None:
    found = under(model, novel=0.5)
    assert found.by_class == ()
    assert found.overall == found.promise("novel") == under(model).overall


def test_limits_for_all_classes_leave_the_others_nothing(model: Model) -> None:
    found = under(model, contract=0.4, invoice=0.02, letter=0.02)
    assert found.overall == Promise(None, 0.0, 0.0, 0, fewest(0.02, 0.1))
    assert found.promise("letter").threshold == 0.6


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2.0, nan])
@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (lambda value: Limits(value), "max_error"),
        (lambda value: Limits(0.02, (("letter", 0.1), ("novel", value))), "max_error of novel"),
        (lambda value: Limits(0.02, confidence=value), "confidence"),
    ],
)
def test_a_limit_is_a_share(model: Model, limits: Callable[[float], Limits], name: str, value: float) -> None:
    with pytest.raises(Usage, match=f"^{name} is {value:g}: give a share between 0 and 1"):
        contract(model, limits(value))


def flat(error: float) -> Callable[[Floats], Floats]:
    return lambda trust: np.full_like(trust, 1 - error)


RIGHT: dict[str, Callable[[Floats], Floats]] = {
    "what it says": lambda trust: trust,
    "good": lambda trust: 1 - (1 - trust) ** 3,
    "over-confident": lambda trust: trust**2,
    "a little too bad all over": flat(0.051),
}


@pytest.mark.parametrize(("n", "confidence"), [(80, 0.9), (500, 0.7), (1500, 0.9)])
@pytest.mark.parametrize("curve", RIGHT)
def test_the_promise_is_broken_no_more_often_than_it_says(
    curve: str, n: int, confidence: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.contract._missing", lambda *_: None)  # takes most of the time
    draws, max_error, right = 300, 0.05, RIGHT[curve]
    chance = np.random.default_rng(n)
    broken = filed = 0
    for _ in range(draws):
        trust = chance.uniform(0.5, 1, n)
        found = promised(trial(trust, chance.random(n) < right(trust)), max_error, confidence)
        if found.threshold is not None:
            filed += 1
            broken += float(np.mean(1 - right(np.linspace(found.threshold, 1, 500)))) > max_error
    risk = 1 - confidence
    print(f"{curve}: promised {filed}, broken {broken} of {draws}")
    assert broken <= draws * (risk + 3 * (risk * confidence / draws) ** 0.5)
    assert filed or curve != "good"


@pytest.mark.parametrize("n", [60, 200, 400, 1000, 3000])
def test_who_lets_more_be_wrong_has_more_filed(model: Model, n: int) -> None:
    chance = np.random.default_rng(n)
    for power in (1.0, 2.0, 4.0):
        trust = chance.uniform(0.5, 1, n)
        drawn = trial(trust, chance.random(n) < 1 - (1 - trust) ** power)
        found = offers(drawn, 0.9)
        assert found == tuple((limit, promised(drawn, limit)) for limit in ERRORS)
        shares = [one.filed for _, one in found]
        assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("n", "wrong"), [(280, range(230, 280)), (367, (230, 232, 316)), (308, (251, 253, 284, 298, 302))]
)
def test_who_lets_more_be_wrong_has_no_fewer_filed_where_errors_lie_close(
    n: int, wrong: Collection[int]
) -> None:
    drawn = trial(np.linspace(1, 0.6, n), ~np.isin(np.arange(n), list(wrong)))
    shares = [one.filed for _, one in offers(drawn, 0.9)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.8


@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 2500])
def test_the_curve_ends_with_all_and_their_error(model: Model, n: int) -> None:
    chance = np.random.default_rng(n)
    trust = chance.uniform(0.3, 1, n)
    drawn = trial(trust, chance.random(n) < trust)
    points = curve(drawn)
    assert points[-1] == pytest.approx((1.0, 1 - drawn.right.mean()))
    assert points[0] == pytest.approx((1 / n, float(not drawn.right[trust.argmax()])))
    assert len(points) == min(n, 100)
    assert [share for share, _ in points] == sorted({share for share, _ in points})
    for guessed in (0, 1):
        some = drawn.guess == guessed
        of_class = curve(drawn, guessed)
        assert bool(of_class) == some.any()
        if of_class:
            assert of_class[-1] == (1.0, float(guessed))
