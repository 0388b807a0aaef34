from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.evidence import Evidence
from models.classify import LITTLE_TEXT, UNLIKE, Classifier, classify, promising
from models.contract import Limits, contract
from models.evidence import of_text
from models.train import train
from tests.models.corpus import corpus, examples

SHAPELESS = "the and of in to der die und für on at with this page number date office"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    model = train(examples(60))
    return promising(model, Limits(0.05))


def evidence(texts: list[str]) -> list[Evidence]:
    return [of_text(text) for text in texts]


def test_clear_texts_get_their_class(classifier: Classifier) -> None:
    texts, labels = corpus(20, seed=5)
    verdicts = classify(classifier, evidence(texts))
    assert [verdict.guess for verdict in verdicts] == labels
    assert sum(verdict.label is not None for verdict in verdicts) > 50
    assert all((verdict.label is None) == bool(verdict.why) for verdict in verdicts)
    assert all(verdict.model == classifier.model.card.version for verdict in verdicts)


def test_alternatives_are_all_classes_best_first_and_sum_to_one(classifier: Classifier) -> None:
    for verdict in classify(classifier, evidence(corpus(5, seed=6)[0])):
        assert sorted(name for name, _ in verdict.alternatives) == ["contract", "invoice", "letter"]
        shares = [share for _, share in verdict.alternatives]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)
        assert verdict.alternatives[0] == (verdict.guess, verdict.probability)


def test_a_text_of_no_class_is_abstained_from_as_unlike_anything_seen(classifier: Classifier) -> None:
    strange = "quarks gluons hadron lattice plasma collider boson lepton neutrino spin decay flavour " * 5
    for text in (SHAPELESS, strange):
        (verdict,) = classify(classifier, [of_text(text)])
        assert verdict.abstained
    assert verdict.why == UNLIKE or "close" in verdict.why or "sure" in verdict.why


@pytest.mark.parametrize("text", ["", "  \n", "12345 67890", "Re: invoice"])
def test_too_little_text_is_abstained_from(classifier: Classifier, text: str) -> None:
    (verdict,) = classify(classifier, [of_text(text)])
    assert (verdict.label, verdict.why) == (None, LITTLE_TEXT)


def test_what_cannot_be_promised_says_how_many_labels_are_missing() -> None:
    model = train(examples(8))
    few = promising(model, Limits(0.02))
    (verdict,) = classify(few, evidence(corpus(1, seed=3)[0][:1]))
    missing = few.contract.overall.missing
    assert missing
    said = f"at most 2 % wrong cannot be promised yet: about {missing} more labelled documents are needed"
    assert (verdict.label, verdict.why) == (None, said)


def test_a_class_has_a_limit_of_its_own(classifier: Classifier) -> None:
    model = classifier.model
    strict = contract(model, Limits(0.05, (("letter", 0.001), ("novel", 0.5))))
    assert [name for name, _ in strict.by_class] == ["letter"]
    assert strict.promise("letter").threshold is None
    assert strict.promise("invoice").threshold is not None
    texts, labels = corpus(20, seed=5)
    said = {
        truth: verdict.label
        for verdict, truth in zip(
            classify(replace(classifier, contract=strict), evidence(texts)), labels, strict=True
        )
    }
    assert said["letter"] is None
    assert said["invoice"] == "invoice"


def test_a_batch_is_judged_as_its_texts_one_by_one(classifier: Classifier) -> None:
    texts = evidence([*corpus(3, seed=7)[0], "", "x"])
    together = classify(classifier, texts)
    alone = [classify(classifier, [text])[0] for text in texts]
    assert [(one.label, one.guess, one.why) for one in together] == [
        (one.label, one.guess, one.why) for one in alone
    ]
    assert [one.probability for one in together] == pytest.approx([one.probability for one in alone])
    assert classify(classifier, []) == []


@given(st.text(max_size=300))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_has_a_verdict(classifier: Classifier, text: str) -> None:
    (verdict,) = classify(classifier, [of_text(text)])
    assert 0 <= verdict.probability <= 1


def test_a_class_that_went_into_another_is_called_by_that(classifier: Classifier) -> None:
    model, now = classifier.model, {"invoice": "letter", "letter": "letter", "contract": "deed"}
    later = promising(model, Limits(0.05, (("letter", 0.3), ("invoice", 0.1))), now)
    texts, labels = corpus(20, seed=5)
    for before, after, truth in zip(
        classify(classifier, evidence(texts)), classify(later, evidence(texts)), labels, strict=True
    ):
        assert after.guess == now[truth]
        assert [name for name, _ in after.alternatives] in (["letter", "deed"], ["deed", "letter"])
        chances = dict(before.alternatives)
        assert dict(after.alternatives) == pytest.approx(
            {"letter": chances["invoice"] + chances["letter"], "deed": chances["contract"]}
        )
    # A limit is that of the name of today, and a class taken for the one that it went into is no error.
    assert [name for name, _ in later.contract.by_class] == ["letter"]
    shifted = (model.trial.truth + 1) % 3
    mixed = promising(replace(model, trial=replace(model.trial, guess=shifted)), Limits(), now)
    same = [later.called[one] == later.called[(one + 1) % 3] for one in model.trial.truth]
    assert mixed.trial.right.tolist() == same
    assert sum(same) > mixed.model.trial.right.sum() == 0
