import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.document import Verdict
from models.classify import classify
from models.model import Model
from models.train import train
from tests.models.corpus import corpus


@pytest.fixture(scope="module")
def model() -> Model:
    return train(*corpus(30))


def test_clear_texts_get_their_class(model: Model) -> None:
    texts, labels = corpus(20, seed=5)
    verdicts = classify(model, texts)
    assert [verdict.label for verdict in verdicts] == labels
    assert all(verdict.model == model.card.version for verdict in verdicts)


def test_alternatives_are_all_classes_best_first_and_sum_to_one(model: Model) -> None:
    for verdict in classify(model, corpus(5, seed=6)[0]):
        assert sorted(name for name, _ in verdict.alternatives) == ["contract", "invoice", "letter"]
        shares = [share for _, share in verdict.alternatives]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)
        assert verdict.alternatives[0] == (verdict.guess, verdict.probability)


def test_a_text_of_no_class_is_abstained_from(model: Model) -> None:
    (verdict,) = classify(model, ["the and of in to der die und für on at with this page number date office"])
    assert verdict.abstained


@pytest.mark.parametrize("text", ["", "  \n", "12345 67890", "Re: invoice"])
def test_too_little_text_is_abstained_from_with_the_prior(model: Model, text: str) -> None:
    third = 1 / 3
    assert classify(model, [text]) == [
        Verdict(
            None,
            "contract",
            third,
            (("contract", third), ("invoice", third), ("letter", third)),
            model.card.version,
        )
    ]


def test_a_batch_is_judged_as_its_texts_one_by_one(model: Model) -> None:
    texts = [*corpus(3, seed=7)[0], "", "x"]
    assert classify(model, texts) == [classify(model, [text])[0] for text in texts]
    assert classify(model, []) == []


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_has_a_verdict(model: Model, text: str) -> None:
    (verdict,) = classify(model, [text])
    assert 0 <= verdict.probability <= 1
