import csv
import random
from dataclasses import replace

import numpy as np
import pytest

from domain.errors import Usage
from domain.evidence import Example
from models import features
from models import train as training
from models.classify import classify, promising
from models.contract import Limits
from models.evidence import of_text
from models.features import Matrix, Weights
from models.train import train
from tests.data import shared
from tests.models.corpus import examples

SAID = "some words that say enough of it"


def test_the_same_documents_in_any_order_make_the_same_model() -> None:
    first, second = train(examples(20), seed=3), train(examples(20)[::-1], seed=3)
    assert first.card == second.card
    assert np.array_equal(first.trial.trust, second.trial.trust)


def test_data_seed_and_features_make_the_version() -> None:
    data = examples(10)
    made = [
        train(data),
        train(data, seed=1),
        train(data[1:]),
        train([replace(data[0], key="another"), *data[1:]]),
        train(data, blocks=("words", "letters")),
    ]
    assert len({model.card.version for model in made}) == 5


def test_the_card_says_what_the_model_was_made_of() -> None:
    card = train([*examples(20), Example("empty", of_text(""), "letter")]).card
    assert card.classes == (("contract", 20), ("invoice", 20), ("letter", 20))
    assert card.measures.accuracy > 0.95
    assert card.measures.n == 60
    assert card.held_out == "folds"
    assert {name for name, _ in card.libraries} == {"numpy", "scipy", "sklearn"}


def test_equal_documents_count_once() -> None:
    data = examples(10)
    again = [replace(one, key=f"again {one.key}") for one in data]
    assert train([*data, *again]).card.classes == train(data).card.classes


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [
        ([], [], "two classes"),
        ([f"{SAID} {n}" for n in range(9)], ["letter"] * 9, "two classes"),
        ([f"{SAID} {n}" for n in range(9)], ["letter"] * 8 + ["form"], "form has 1"),
        ([f"{SAID} {n}" for n in range(9)] + [""] * 9, ["letter"] * 9 + ["form"] * 9, "form has 0"),
        ([SAID] * 18, ["letter"] * 9 + ["form"] * 9, "form has 1, letter has 1"),
    ],
)
def test_too_little_to_learn_from_is_said(texts: list[str], labels: list[str], said: str) -> None:
    data = [
        Example(str(n), of_text(text), label)
        for n, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    with pytest.raises(Usage, match=said):
        train(data)


def test_a_class_with_too_few_is_left_out_where_that_is_asked_for() -> None:
    data = [*examples(10), Example("one", of_text(SAID), "form")]
    card = train(data, strict=False).card
    assert card.names == ("contract", "invoice", "letter")
    assert card.left_out == (("form", 1),)


def test_many_documents_are_split_for_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SPLIT_FROM", 100)
    data = [*examples(60), *(Example(f"rare {n}", of_text(f"{SAID} {n}"), "form") for n in range(3))]
    model = train(data)
    assert model.card.held_out == "split"
    assert model.card.measures.n == round(0.25 * 183)
    assert len(set(model.trial.keys)) == len(model.trial.keys) == model.card.measures.n
    assert sum(key.startswith("rare") for key in model.trial.keys) <= 1
    assert model.card.measures.accuracy > 0.95


def test_nothing_is_learnt_of_the_trial_s_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even how rare a word is: else the promise would not be exact."""
    monkeypatch.setattr(training, "SPLIT_FROM", 100)
    fitted: list[int] = []

    def fit(counts: dict[str, Matrix]) -> Weights:
        fitted.extend({block.shape[0] for block in counts.values()})
        return features.fit(counts)

    monkeypatch.setattr(training, "fit", fit)
    model = train(examples(60))
    assert fitted == [180 - model.card.measures.n]


def test_a_rare_class_costs_the_others_no_folds() -> None:
    labels = np.array([0] * 20 + [1] * 20 + [2] * 2)
    folds = training._folds(labels, 0)
    assert len(folds) == training.FOLDS
    assert all(set(labels[learnt]) == {0, 1, 2} for learnt, _ in folds)


def test_real_pages_keep_the_contract() -> None:
    """OCR texts of real scans, noisy and of five classes: trained on 600, judged on the others."""
    folder = shared("classification/tobacco_pages")
    with (folder / "labels_text.csv").open(encoding="utf-8") as file:
        rows = sorted((row["ocr_text"], row["label"]) for row in csv.DictReader(file))
    random.Random(1).shuffle(rows)
    data = [
        Example(path, of_text((folder / path).read_text("utf-8", "replace")), label) for path, label in rows
    ]
    model = train(data[:600])
    judged = classify(promising(model, Limits(0.1)), [one.evidence for one in data[600:]])
    filed = [
        (verdict.label, one.label) for verdict, one in zip(judged, data[600:], strict=True) if verdict.label
    ]
    wrong = sum(said != truth for said, truth in filed)
    print(f"filed {len(filed)} of {len(judged)}, wrong {wrong}; {model.card.measures}")
    assert len(filed) > 0.5 * len(judged)
    assert wrong <= 0.1 * len(filed) + 6
    assert model.card.measures.macro_f1 > 0.8
    assert model.card.measures.ece_interval[0] <= 0.03 or model.card.measures.ece < 0.06


@pytest.mark.parametrize("sign", range(3), ids=["nearness", "margin", "lead"])
def test_what_is_untypical_in_one_sign_is_not_trusted(sign: int) -> None:
    """Of a hundred documents of its class none was as far from the centre, as weak, as little ahead."""
    usual = np.tile(np.linspace(0.5, 1.0, 100), (3, 1))
    signs = np.full(3, 0.9)
    signs[sign] = 0.4
    near, margin, lead = signs
    judged = training.Judged(np.array([[margin, margin - lead]]), np.array([[near, 0.0]]))
    chances = np.array([[0.99, 0.01]])
    guess, probability, trust = training.verdicts(chances, judged, (usual, usual))
    assert (guess[0], probability[0]) == (0, 0.99)
    assert trust[0] == pytest.approx(0.4 + 2 / 101)
    usual_one = training.Judged(np.array([[0.9, 0.0]]), np.array([[0.9, 0.0]]))
    assert training.verdicts(chances, usual_one, (usual, usual))[2][0] == 0.99
