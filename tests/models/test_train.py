import csv
import random

import pytest

from domain.errors import Usage
from models.classify import classify
from models.train import train
from tests.data import shared
from tests.models.corpus import corpus


def test_the_same_texts_in_any_order_make_the_same_model() -> None:
    texts, labels = corpus(20)
    first = train(texts, labels, seed=3)
    second = train(texts[::-1], labels[::-1], seed=3)
    assert first.card == second.card
    fresh, _ = corpus(10, seed=9)
    assert classify(first, fresh) == classify(second, fresh)


def test_data_threshold_and_seed_make_the_version() -> None:
    texts, labels = corpus(10)
    made = [
        train(texts, labels),
        train(texts, labels, threshold=0.7),
        train(texts, labels, seed=1),
        train(texts[1:], labels[1:]),
    ]
    assert len({model.card.version for model in made}) == 4


def test_the_card_says_what_the_model_was_made_of() -> None:
    texts, labels = corpus(20)
    card = train([*texts, ""], [*labels, "letter"]).card
    assert card.classes == (("contract", 20), ("invoice", 20), ("letter", 20))
    assert card.accuracy > 0.95
    assert card.wrong <= 0.05
    assert 0 < card.coverage <= 1
    assert {name for name, _ in card.libraries} == {"numpy", "scipy", "sklearn"}


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [
        ([], [], "two classes"),
        (["some words that say enough of it"] * 9, ["letter"] * 9, "two classes"),
        (["some words that say enough of it"] * 9, ["letter"] * 8 + ["form"], "form has 1"),
        (["some words that say enough of it"] * 9 + [""] * 9, ["letter"] * 9 + ["form"] * 9, "form has 0"),
        (["some words that say enough of it"], [], "1 texts and 0 labels"),
    ],
)
def test_too_little_to_learn_from_is_said(texts: list[str], labels: list[str], said: str) -> None:
    with pytest.raises(Usage, match=said):
        train(texts, labels)


def test_an_absurd_threshold_is_refused() -> None:
    with pytest.raises(Usage, match=r"1\.5"):
        train(*corpus(5), threshold=1.5)


def test_real_pages_are_told_apart_and_abstention_earns_its_keep() -> None:
    """OCR texts of real scans, noisy and of five classes: trained on 400, judged on 300."""
    folder = shared("classification/tobacco_pages")
    with (folder / "labels_text.csv").open(encoding="utf-8") as file:
        rows = sorted((row["ocr_text"], row["label"]) for row in csv.DictReader(file))
    random.Random(1).shuffle(rows)
    texts = [(folder / path).read_text("utf-8", "replace") for path, _ in rows[:700]]
    labels = [label for _, label in rows[:700]]
    model = train(texts[:400], labels[:400])
    judged = list(zip(classify(model, texts[400:]), labels[400:], strict=True))
    sure = [(verdict, label) for verdict, label in judged if not verdict.abstained]
    abstained = [(verdict, label) for verdict, label in judged if verdict.abstained]
    right = sum(verdict.label == label for verdict, label in sure) / len(sure)
    right_if_forced = sum(verdict.guess == label for verdict, label in abstained) / len(abstained)
    print(f"coverage {len(sure) / len(judged):.3f} right {right:.3f} abstained right {right_if_forced:.3f}")
    assert len(sure) / len(judged) > 0.7
    assert right > 0.82
    assert right_if_forced < 0.65
    # Calibrated: the mean probability is about the share that is right.
    mean = sum(verdict.probability for verdict, _ in sure) / len(sure)
    assert abs(mean - right) < 0.08
