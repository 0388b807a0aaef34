from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pytest

from domain.evidence import Example
from models.classify import Classifier, classify, promising
from models.contract import Contract, Limits, Promise
from models.evidence import of_text
from models.gate import Gate, Opinion, judge, opinions
from models.train import train
from tests.models.corpus import examples

EVIDENCE = of_text("")
FILES_NOTHING = Promise(None, 0.0, 0.0, 0, None)
Heard = dict[str, Opinion]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    model = train(examples(30))
    return promising(model, Limits(0.1))


def documents(label: str, n: int, kind: str = "") -> list[Example]:
    return [Example(f"{kind}{label}-{place:03}", EVIDENCE, label) for place in range(n)]


def heard(some: Sequence[Example], wrong: Collection[str] = (), *, filed: bool = False) -> Heard:
    """Right but for the documents with these keys."""
    return {one.key: Opinion("other" if one.key in wrong else one.label, filed) for one in some}


def keys(some: Sequence[Example]) -> set[str]:
    return {one.key for one in some}


def judged(
    classifier: Classifier,
    old: Heard,
    new: Heard,
    frozen: Sequence[Example] = (),
    recent: Sequence[Example] = (),
    corrected: Sequence[Example] = (),
) -> Gate:
    return judge((classifier, old), (classifier, new), frozen, recent, corrected)


def limited(classifier: Classifier, max_error: float, **own: float) -> Classifier:
    """With a contract under these limits, whatever its trial says."""
    limits = Limits(max_error, tuple(own.items()))
    return replace(
        classifier, contract=Contract(limits, FILES_NOTHING, tuple((name, FILES_NOTHING) for name in own))
    )


@pytest.mark.parametrize("wrong", [0, 7, 40])
def test_an_equal_challenger_passes(classifier: Classifier, wrong: int) -> None:
    some = documents("letter", 40)
    opinion = heard(some, keys(some[:wrong]))
    found = judged(classifier, opinion, opinion, frozen=some)
    assert found.passed
    assert found.reasons == ()
    assert all(one.chance == 1.0 for one in (*found.sets, *found.classes))


def test_a_better_challenger_passes(classifier: Classifier) -> None:
    some = documents("letter", 40)
    found = judged(classifier, heard(some, keys(some[:30])), heard(some), frozen=some)
    assert found.passed
    assert (found.sets[0].champion, found.sets[0].challenger) == (10, 40)


@pytest.mark.parametrize("name", ["frozen", "recent", "corrected"])
def test_a_challenger_that_is_worse_on_a_set_is_kept_aside(classifier: Classifier, name: str) -> None:
    some = [*documents("letter", 20), *documents("invoice", 20)]
    worse = heard(some, keys([*some[:4], *some[20:24]]))
    found = judged(classifier, heard(some), worse, **{name: some})
    assert not found.passed
    assert f"worse on the {name} documents: 32 of 40 right, the champion 40" in found.reasons
    assert not any(reason.startswith("worse at") for reason in found.reasons)


@pytest.mark.parametrize(
    ("lost", "won", "passed"),
    [
        (0, 0, True),
        (4, 0, True),  # by chance: 6.3 %
        (5, 0, False),  # 3.1 %
        (7, 2, True),  # 9 %
        (8, 1, False),  # 2 %
        (20, 12, True),
        (12, 20, True),
    ],
)
def test_what_may_be_chance_passes(classifier: Classifier, lost: int, won: int, passed: bool) -> None:
    some = documents("letter", 50)
    old = heard(some, keys(some[lost : lost + won]))
    new = heard(some, keys(some[:lost]))
    found = judged(classifier, old, new, frozen=some)
    assert found.passed is passed
    assert (found.sets[0].champion, found.sets[0].challenger) == (50 - won, 50 - lost)


@pytest.mark.parametrize(("lost", "passed"), [(5, True), (6, False)])
def test_a_class_may_not_get_worse_though_another_gets_better(
    classifier: Classifier, lost: int, passed: bool
) -> None:
    """Each of three classes is asked at a third of the doubt: five lost may be chance (3.1 %), not six."""
    letters, invoices = documents("letter", 20), documents("invoice", 20)
    some = [*letters, *invoices, *documents("form", 5)]
    old, new = heard(some, keys(invoices[:8])), heard(some, keys(letters[:lost]))
    found = judged(classifier, old, new, frozen=some)
    assert [one.name for one in found.classes] == ["form", "invoice", "letter"]
    assert found.passed is passed
    if not passed:
        assert found.reasons == (f"worse at letter: {20 - lost} of 20 right, the champion 20",)


def test_frozen_and_recent_are_asked_together_and_each_document_once(classifier: Classifier) -> None:
    frozen, recent = documents("letter", 30), documents("letter", 30, "new ")
    some = [*frozen, *recent]
    new = heard(some, keys([*frozen[:3], *recent[:3]]))
    found = judged(classifier, heard(some), new, frozen, [*recent, *frozen[:10]])
    assert [(one.name, one.n) for one in found.sets] == [
        ("frozen", 30),
        ("recent", 40),
        ("corrected", 0),
        ("frozen and recent", 60),
    ]
    assert [(one.name, one.n) for one in found.classes] == [("letter", 60)]
    assert "worse on the frozen and recent documents: 54 of 60 right, the champion 60" in found.reasons
    assert "worse on the frozen documents: 27 of 30 right, the champion 30" not in found.reasons


def test_a_document_that_one_of_them_has_no_word_on_is_not_judged(classifier: Classifier) -> None:
    some = documents("letter", 60)
    new = heard(some[10:], keys(some[50:]))
    found = judged(classifier, heard(some[:50]), new, frozen=some)
    assert [one.n for one in (*found.sets[:2], *found.classes)] == [40, 0, 40]
    assert found.passed
    assert judged(classifier, heard(some[:30]), heard(some[30:]), frozen=some).passed


def test_without_documents_nothing_speaks_against_it(classifier: Classifier) -> None:
    found = judged(classifier, {}, {})
    assert found.passed
    assert (found.filed, found.wrong, found.classes) == (0, 0, ())
    assert found.champion == found.challenger == classifier.model.card.version


@pytest.mark.parametrize(
    ("max_error", "wrong", "passed"),
    [
        (0.02, 1, True),
        (0.02, 3, True),  # of 50 so many or more by chance: 7.8 %
        (0.02, 4, False),  # 1.8 %
        (0.2, 10, True),
        (0.2, 16, False),
    ],
)
def test_what_it_files_must_keep_the_contract(
    classifier: Classifier, max_error: float, wrong: int, passed: bool
) -> None:
    """Even where the champion errs as much."""
    some = documents("letter", 50)
    opinion = heard(some, keys(some[:wrong]), filed=True)
    found = judged(limited(classifier, max_error), opinion, opinion, frozen=some)
    assert (found.filed, found.wrong, found.max_error) == (50, wrong, max_error)
    assert found.passed is passed
    if not passed:
        assert found.reasons == (f"the contract does not hold: {wrong} of 50 frozen documents filed wrong",)


def test_only_frozen_documents_that_it_files_count_for_the_contract(classifier: Classifier) -> None:
    frozen, recent = documents("letter", 50), documents("letter", 50, "new ")
    opinion = {
        **heard(frozen[:40], filed=True),
        **heard(frozen[40:], keys(frozen)),
        **heard(recent, keys(recent), filed=True),
    }
    found = judged(limited(classifier, 0.02), opinion, opinion, frozen, recent, recent)
    assert found.passed
    assert (found.filed, found.wrong) == (40, 0)


def taken_for(some: Sequence[Example], guess: str, wrong: int) -> Heard:
    """The first so many of another class, all filed as this one."""
    return {
        one.key: Opinion(guess if place < wrong else one.label, filed=True) for place, one in enumerate(some)
    }


@pytest.mark.parametrize(
    ("own", "reasons"),
    [
        ({"letter": 0.5}, ()),
        (
            {"letter": 0.05},
            ("the contract does not hold: 10 of 30 frozen letter documents filed wrong",),
        ),
        ({}, ("the contract does not hold: 10 of 60 frozen documents filed wrong",)),
        ({"invoice": 0.5}, ("the contract does not hold: 10 of 40 frozen documents filed wrong",)),
    ],
)
def test_a_class_with_a_limit_of_its_own_keeps_to_that(
    classifier: Classifier, own: dict[str, float], reasons: tuple[str, ...]
) -> None:
    """By the guess: ten invoices and no letter are filed wrong, all as letters."""
    invoices, some = documents("invoice", 30), [*documents("letter", 20), *documents("form", 10)]
    opinion = {**heard(some, filed=True), **taken_for(invoices, "letter", 10)}
    found = judged(limited(classifier, 0.05, **own), opinion, opinion, frozen=[*invoices, *some])
    assert found.reasons == reasons
    assert (found.filed, found.wrong) == (60, 10)


def test_of_what_it_learnt_from_only_its_trial_speaks(classifier: Classifier) -> None:
    model, threshold = classifier.model, 0.9
    silent = Example("silent", examples(1, seed=8)[0].evidence, "letter")
    new = examples(20, seed=4)
    learnt = frozenset({*model.trial.keys, silent.key})
    # The model itself would be right of all: what is wrong here is the trial's word.
    other = replace(model.trial, guess=(model.trial.guess + 1) % 3)
    under = Contract(Limits(0.1), Promise(threshold, 0.9, 0.0, 90, 0))
    tampered = replace(classifier, model=replace(model, trial=other), contract=under)
    found = opinions(tampered, learnt, [*examples(30), silent, *new])
    assert set(found) == {*model.trial.keys, *keys(new)}
    for place, key in enumerate(model.trial.keys):
        assert found[key].guess == model.card.names[other.guess[place]]
        assert found[key].filed == (model.trial.trust[place] >= threshold)
    for one, verdict in zip(new, classify(tampered, [one.evidence for one in new]), strict=True):
        assert found[one.key] == Opinion(verdict.guess, verdict.label is not None)
    for some in (new, examples(30)):
        assert {found[one.key].filed for one in some} == {True, False}


def test_where_nothing_is_promised_the_trial_files_nothing(classifier: Classifier) -> None:
    model = classifier.model
    strict = promising(model, Limits(0.001, (("letter", 0.3),)))
    found = opinions(strict, frozenset(model.trial.keys), examples(30))
    assert {one.guess for one in found.values() if one.filed} == {"letter"}


def test_models_that_learnt_more_and_less(classifier: Classifier) -> None:
    """Real models: one of 30 documents a class, one that was taught wrongly."""
    chance = np.random.default_rng(1)
    data = examples(30)
    labels = chance.permutation([one.label for one in data])
    model = train([replace(one, label=str(label)) for one, label in zip(data, labels, strict=True)])
    confused = promising(model, Limits(0.1))
    frozen = examples(15, seed=9)
    good, bad = (
        (one, opinions(one, frozenset(one.model.trial.keys), [*data, *frozen]))
        for one in (classifier, confused)
    )
    assert judge(bad, good, frozen, data, []).passed
    found = judge(good, bad, frozen, data, frozen[:20])
    assert not found.passed
    assert {one.split(":")[0] for one in found.reasons} >= {
        "worse on the frozen documents",
        "worse on the recent documents",
        "worse on the corrected documents",
        "worse at letter",
    }
    assert (found.champion, found.challenger) == (classifier.model.card.version, model.card.version)
