import re
from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
import pytest

from domain.evidence import Example
from models.contract import Limits
from models.evidence import of_text
from models.model import Model, Trial
from models.offers import ERRORS, curve, offers
from models.registry import REPORT
from models.report import PICTURES, report
from models.train import train
from tests.models.corpus import examples

RARE = Example("rare", of_text("a text that says enough to be read"), "postcard")


@pytest.fixture(scope="module")
def model() -> Model:
    return train([*examples(100), RARE], strict=False)


def renamed(**names: str) -> list[Example]:
    return [replace(one, label=names.get(one.label, one.label)) for one in examples(10)]


def wrong_at(model: Model, *ranks: int) -> Model:
    """With a trial in which only documents at these ranks of trust were guessed wrong."""
    n = 100
    truth, guess = np.zeros(n, np.int64), np.zeros(n, np.int64)
    guess[list(ranks)] = 1
    trust = np.linspace(0.99, 0.6, n)
    return replace(model, trial=Trial(tuple(map(str, range(n))), truth, guess, trust, trust))


def card(files: Mapping[str, bytes]) -> str:
    return files[REPORT].decode()


def shown(files: Mapping[str, bytes]) -> None:
    """Each picture can be looked at, and something is drawn on it."""
    for name in PICTURES:
        image = cv2.imdecode(np.frombuffer(files[name], np.uint8), cv2.IMREAD_COLOR)
        assert image is not None, name
        assert min(image.shape[:2]) > 300, name
        assert image.std() > 5, name


def test_the_same_model_makes_the_same_bytes(model: Model) -> None:
    again = train([RARE, *examples(100)[::-1]], strict=False)
    assert report(model, Limits()) == report(again, Limits())


def test_a_card_and_three_pictures_that_it_shows(model: Model) -> None:
    files = report(model, Limits())
    assert set(files) == {"card.md", "reliability.png", "filed.png", "confusion.png"}
    assert set(re.findall(r"!\[.+?\]\((.+?)\)", card(files))) == set(PICTURES)
    shown(files)


def test_the_card_says_what_the_model_is(model: Model) -> None:
    told, measures = card(report(model, Limits())), model.card.measures
    assert f"# Model {model.card.version}\n" in told
    assert model.card.data in told
    assert "seed 0" in told
    assert all(f"{name} {version}" in told for name, version in model.card.libraries)
    assert "- invoice: 100\n" in told
    assert "- postcard: left out, only 1\n" in told
    assert f"Tried on {measures.n} documents: each document by a model of the other folds" in told
    assert f"macro-F1: {measures.macro_f1:.3f} (95 %: {measures.macro_f1_interval[0]:.3f} to" in told
    assert f"calibration error: {measures.ece:.3f} (95 %: {measures.ece_interval[0]:.3f} to" in told
    for one in measures.per_class:
        assert f"| {one.name} | {one.n} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} |" in told
    assert "first 4,000 characters" in told
    assert "near exact" in told


def test_the_card_says_when_the_trial_was_held_out(model: Model) -> None:
    told = card(report(replace(model, card=replace(model.card, held_out="split")), Limits()))
    assert "nothing was learnt from" in told
    assert "near exact" not in told


def test_the_card_says_the_limits_in_force(model: Model) -> None:
    told = card(report(model, Limits(0.03, (("invoice", 0.005),), 0.95)))
    assert "95 % confidence" in told
    assert re.search(r"at most 3 %\s+wrong; invoice at most 0.5 %", told)


def test_what_can_be_promised_is_what_the_contract_says(model: Model) -> None:
    told = card(report(model, Limits()))
    found = offers(model.trial, 0.9)
    assert tuple(limit for limit, _ in found) == ERRORS
    assert all(one.threshold is not None and one.filed > 0.9 for _, one in found)
    assert len(re.findall(r"^\| \d+ % \| 9\d.* % \| 0 % \| \|$", told, re.MULTILINE)) == len(ERRORS)


def test_what_cannot_be_promised_yet_is_said_with_what_it_takes(model: Model) -> None:
    few = wrong_at(model)
    missing = dict(offers(few.trial, 0.9))[0.01].missing
    assert missing
    told = card(report(few, Limits()))
    assert f"| 1 % | nothing | | {missing} |" in told
    assert "| 5 % | 100 % | 0 % | |" in told


def test_where_more_documents_would_not_do_the_card_says_so(model: Model) -> None:
    told = card(report(wrong_at(model, *range(50)), Limits()))
    for limit in ("1 %", "2 %", "5 %", "10 %"):
        assert f"| {limit} | nothing | | more would not do |" in told


def test_the_curve_goes_from_the_surest_to_all(model: Model) -> None:
    points = curve(wrong_at(model, 0, 99).trial)
    assert points[0] == (0.01, 1.0)
    assert points[1] == (0.02, 0.5)
    assert points[-1] == (1.0, 0.02)
    assert len(points) <= 100
    assert curve(wrong_at(model, 0, 99).trial, 1) == ((0.5, 1.0), (1.0, 1.0))
    assert curve(wrong_at(model, 0, 99).trial, 2) == ()


def test_the_curve_of_many_documents_has_at_most_100_points(model: Model) -> None:
    points = curve(model.trial)
    assert len(points) == 100
    assert [filed for filed, _ in points] == sorted({filed for filed, _ in points})


def test_any_name_of_a_class_can_be_told_and_drawn() -> None:
    hard = {"letter": r"$\frac$ | *a*", "invoice": "信件 und weiter " + "lang " * 9, "contract": "_<b>"}
    files = report(train(renamed(**hard)), Limits())
    shown(files)
    assert r"| $\\frac$ \| \*a\* | 10 |" in card(files)
    assert r"_\<b\>" in card(files)


def test_names_that_differ_at_their_end_differ_in_the_pictures() -> None:
    alike = "Correspondence of a department, number"
    first, second = (
        report(train(renamed(letter=f"{alike} 1", invoice=f"{alike} {last}")), Limits()) for last in (2, 3)
    )
    for name in ("filed.png", "confusion.png"):
        assert first[name] != second[name]


@pytest.mark.parametrize(("classes", "each"), [(2, 3), (24, 3)])
def test_few_documents_and_many_classes_can_be_drawn(classes: int, each: int) -> None:
    data = [
        Example(f"{at}-{n}", of_text(f"subject{at} matter{at} " * 4 + f"number{n}"), f"class {at:02}")
        for at in range(classes)
        for n in range(each)
    ]
    shown(report(train(data), Limits()))
