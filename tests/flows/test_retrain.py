"""Retraining: what a challenger learns from, when it comes into use, and what documents keep."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from archive.keys import MODELS, model_key
from domain.errors import Usage
from flows.intake import intake
from flows.learning import dataset
from flows.retrain import judge_again, learnt_by, retrain
from infra import classes
from infra.classifier import (
    beside,
    champion,
    champion_version,
    examples_of,
    lazy_champion,
    promote,
    promotions,
    teach,
    versions,
)
from infra.wiring import Services, open_services
from models.classify import classify
from models.evidence import of_pages
from models.registry import CARD, FILES, LABELS, MODEL
from register import learning, review, views
from register.models import Correction, Document
from tests.flows.labelled import (
    UNSURE,
    file_as,
    file_texts,
    frozen,
    pages,
    say,
    texts,
    with_settings,
)
from tests.register.filings import AT
from tests.small import small_tiff, train_small
from tests.typed import asked

Office = tuple[Services, Path]


def command(services: Services, *words: str) -> Any:
    return asked(services.home, *words)


def guesses(services: Services, some: list[str]) -> list[str]:
    return [one.guess for one in classify(champion(services), [of_pages(pages(text)) for text in some])]


def told(services: Services, version: str) -> dict[str, str]:
    """The labels that a model learnt from."""
    return dict(json.loads(beside(services, version, LABELS)))


def test_with_nothing_new_the_champion_stays(office: Office) -> None:
    services, _ = office
    version = champion_version(services)
    file_texts(services, texts("letter", 3))
    done = retrain(services, by="eva")
    assert (done.champion, done.challenger, done.state) == (version, "", "nothing new")
    assert (done.learnt, done.frozen, done.gate) == (0, 0, None)
    # What is held out is not learnt from, so that is nothing new either.
    file_as(services, "invoice", 2, held_out=True)
    done = retrain(services, by="eva")
    assert (done.state, done.learnt, done.frozen) == ("nothing new", 0, 2)
    assert versions(services) == [version]


def test_it_learns_from_labels_and_comes_into_use(office: Office) -> None:
    services, _ = office
    first = champion_version(services)
    said = file_as(services, "invoice", 4) + file_as(services, "letter", 3)
    held = file_as(services, "letter", 2, held_out=True)
    file_texts(services, texts("letter", 2, 50))  # the machine's own word is no label
    taken = file_texts(services, texts("letter", 1, 60))
    say(services, taken, "letter")
    review.label(taken[0].key, "", actor="eva", at=AT)
    done = retrain(services, by="eva")
    assert (done.state, done.reasons, done.learnt, done.frozen) == ("promoted", (), 7, 2)
    assert done.champion == done.challenger == champion_version(services) != first
    assert learnt_by(services, done.challenger) >= set(said)
    assert {one for one in learnt_by(services, done.challenger) if one.startswith("document:")} == set(said)
    assert not learnt_by(services, done.challenger) & set(held)
    assert len(learnt_by(services, done.challenger)) == 140 + 7
    assert dict(champion(services).model.card.classes) == {"letter": 73, "invoice": 74}
    last = promotions(services)[-1]
    assert (last.version, last.by) == (done.challenger, "eva")
    assert first in last.why
    assert done.gate
    (held_out,) = [one for one in done.gate.sets if one.name == "frozen"]
    assert (held_out.n, held_out.champion, held_out.challenger) == (2, 2, 2)
    written = beside(services, done.challenger, f"gate-{first}.json")
    assert json.loads(written)["challenger"] == done.challenger
    assert retrain(services, by="eva").state == "nothing new"


def test_scanned_pages_are_learnt_from_as_they_were_read(office: Office) -> None:
    services, drop = office
    folder = drop / "single"
    folder.mkdir()
    (folder / "station.toml").write_text("quiet_seconds = 0.1\n[separation]\npages = 1\n")
    small_tiff(folder / "two.tif", ["parcel arrived\nyesterday", "kettle returned\nbroken again"])
    assert intake(services, drop, once=True, stop=threading.Event()).failures == []
    documents = list(Document.objects.order_by("id"))
    assert len(documents) == 2
    say(services, documents, "complaint")
    data = dataset(services, champion_version(services))
    found = {one.example.key: one.example for one in data.said}
    assert set(found) == {f"document:{one.key}" for one in documents}
    for document, word in zip(documents, ("parcel", "kettle"), strict=True):
        example = found[f"document:{document.key}"]
        assert (example.label, word in example.evidence.text.lower()) == ("complaint", True)
        assert len(example.evidence.ink) == 64


def test_a_text_that_is_not_whole_is_not_learnt_from(office: Office) -> None:
    services, _ = office
    said = file_as(services, "invoice", 2)
    services.archive.delete(learning.words()[0].text)
    with capture_logs() as logs:
        data = dataset(services, champion_version(services))
    assert [one.example.key for one in data.said] == said[1:]
    assert [one["log_level"] for one in logs] == ["warning"]


def test_a_person_lets_it_pass(office: Office) -> None:
    services = with_settings(office[0], promotion="approved")
    first = champion_version(services)
    file_as(services, "invoice", 3)
    done = retrain(services, by="postroom")
    assert (done.state, done.champion, done.reasons) == ("waits for approval", first, ())
    assert champion_version(services) == first
    listed = command(services, "models", "list")
    assert [(one["version"], one["state"]) for one in listed] == [
        (first, "in use"),
        (done.challenger, "waits for approval"),
    ]
    again = retrain(services, by="eva", approve=True)
    assert (again.state, again.challenger) == ("promoted", done.challenger)
    assert champion_version(services) == done.challenger
    assert len(versions(services)) == 2


def test_a_worse_one_is_kept_aside(office: Office) -> None:
    services, _ = office
    few = [one for one in examples_of(services, champion_version(services)) if one.key.endswith(("1", "2"))]
    first = teach(services, few, by="eva", why="few")
    wrong = file_as(services, "invoice", 40, stock="letter")
    file_as(services, "letter", 6, held_out=True)
    done = retrain(services, by="eva", approve=True)
    assert (done.state, done.champion) == ("kept", first)
    assert champion_version(services) == first
    assert any("worse on the frozen documents: 0 of 6 right, the champion 6" in one for one in done.reasons)
    assert learnt_by(services, done.challenger) >= set(wrong)
    assert json.loads(beside(services, done.challenger, f"gate-{first}.json"))["reasons"] == list(
        done.reasons
    )
    listed = {one["version"]: one["state"] for one in command(services, "models", "list")}
    assert listed[done.challenger] == "kept aside"


def test_the_test_set_is_the_same_for_ever(office: Office) -> None:
    services, _ = office
    held = file_as(services, "invoice", 3, held_out=True)
    made = []
    for _ in range(2):
        file_as(services, "letter", 2)
        done = retrain(services, by="eva")
        assert (done.state, done.frozen) == ("promoted", 3)
        assert not learnt_by(services, done.challenger) & set(held)
        made.append(done.challenger)
    assert all(frozen(one.removeprefix("document:")) for one in held)
    drawn = sum(frozen(f"{one:032x}") for one in range(2000)) / 2000
    assert drawn == pytest.approx(0.2, abs=0.03)


def test_the_same_data_make_the_same_model(office: Office, tmp_path: Path) -> None:
    services, _ = office

    def learn(backwards: bool) -> tuple[str, dict[str, bytes]]:
        documents = file_texts(services, texts("complaint", 5))
        for one in reversed(documents) if backwards else documents:
            review.label(one.key, "complaint", actor="ben" if backwards else "eva", at=AT)
        done = retrain(services, by="eva")
        names = (MODEL, CARD, LABELS)
        return done.challenger, {name: beside(services, done.challenger, name) for name in names}

    one = learn(backwards=False)
    services = open_services(tmp_path / "other")
    train_small(services.home)
    assert learn(backwards=True) == one


def test_documents_keep_the_model_that_classed_them(office: Office) -> None:
    services, _ = office
    first = champion_version(services)
    before = file_texts(services, texts("letter", 2))
    file_as(services, "complaint", 5)
    second = retrain(services, by="eva").champion
    after = file_texts(services, texts("complaint", 2, 30))

    def kept() -> list[tuple[str, str | None]]:
        documents = Document.objects.filter(pk__in=[one.pk for one in before + after]).order_by("id")
        return list(documents.values_list("model", "label"))

    was = kept()
    assert [model for model, _ in was] == [first, first, second, second]
    assert command(services, "models", "rollback")["champion"] == first
    assert (champion_version(services), kept()) == (first, was)
    assert command(services, "models", "promote", second) == {"champion": second}
    assert command(services, "models", "rollback", "--reason", "too bold")["champion"] == first
    assert [one.version for one in promotions(services)] == [first, second] * 2 + [first]
    assert promotions(services)[-1].why == "too bold"
    assert kept() == was
    assert set(guesses(services, texts("complaint", 2, 30))) <= {"letter", "invoice"}


def test_what_waits_is_judged_again(office: Office) -> None:
    services, _ = office
    waits = file_texts(services, texts("invoice", 2), verdict=UNSURE)
    short, spoken, taken, sure = (
        *file_texts(services, ["too short"], verdict=UNSURE),
        *file_texts(services, texts("letter", 2, 10), verdict=UNSURE),
        *file_texts(services, texts("letter", 1, 20)),
    )
    lost = file_texts(services, texts("letter", 1, 30), verdict=UNSURE)[0]
    services.archive.delete(lost.stored.get(role="text").key)
    say(services, [spoken], "complaint")
    review.label(taken.key, "", actor="eva", at=AT)
    version = champion_version(services)
    looked, given = judge_again(services)
    assert (looked, given) == (3, [one.entry.number for one in waits])
    states = Document.objects.in_bulk()
    assert [(states[one.pk].label, states[one.pk].model) for one in waits] == [("invoice", version)] * 2
    assert all(states[one.pk].probability > 0.9 and not states[one.pk].why for one in waits)
    others = (short, spoken, taken, lost, sure)
    assert [states[one.pk].label for one in others] == [None, "complaint", None, None, "letter"]
    assert [states[one.pk].model for one in others] == ["v0", "v0", "v0", "v0", version]
    kinds = [[one["kind"] for one in views.show(document.entry.number)["history"]] for document in waits]
    assert kinds == [["registered", "classed again"]] * 2
    assert [one.document for one in learning.words()] == [spoken.key]
    assert judge_again(services) == (1, [])
    assert not Correction.objects.filter(document__in=waits).exists()


def test_a_forgotten_document_is_not_learnt_from(office: Office) -> None:
    services, _ = office
    first = champion_version(services)
    said = file_as(services, "invoice", 4)
    second = retrain(services, by="eva").champion
    file_as(services, "letter", 1)
    third = retrain(services, by="eva").champion
    document = said[0].removeprefix("document:")
    found = command(services, "models", "forget", document, "--reason", "she asked")
    assert found["document"] == document
    assert sorted(found["models"]) == sorted([second, third])
    done = retrain(services, by="eva")
    assert (done.state, done.learnt) == ("promoted", 4)
    assert said[0] not in learnt_by(services, done.champion)
    assert learnt_by(services, done.champion) >= set(said[1:])
    assert Document.objects.get(key=document).label == "invoice"
    assert sorted(command(services, "models", "forget", document)["models"]) == sorted([second, third])
    assert first not in found["models"]


def test_a_merged_class_is_learnt_as_it_is_called_today(office: Office) -> None:
    services, _ = office
    complaints, letters = file_as(services, "complaint", 5), file_as(services, "letter", 2)
    taught = retrain(services, by="eva").champion
    assert "complaint" in champion(services).model.card.names
    assert {told(services, taught)[one] for one in complaints} == {"complaint"}
    done = command(services, "classes", "merge", "complaint", "letter", "--reason", "few")
    assert done == {"merged": "complaint", "into": "letter", "documents": 5}
    assert set(Document.objects.values_list("label", flat=True)) == {"letter"}
    assert Correction.objects.filter(after="complaint").count() == 5
    again = retrain(services, by="eva")
    assert again.state == "promoted"
    labels = told(services, again.champion)
    assert {labels[one] for one in complaints + letters} == {"letter"}
    assert champion(services).model.card.names == ("invoice", "letter")
    assert guesses(services, texts("complaint", 1, 40)) == ["letter"]
    with pytest.raises(Usage, match="no class 'complaint'"):
        file_as(services, "complaint", 1)


def test_a_merged_class_is_given_no_more_from_the_merge_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has retrained yet: what the champion takes for the old class is the new one."""
    services, _ = office
    running = lazy_champion(services)
    some = [of_pages(pages(text)) for text in texts("invoice", 3, 40)]
    assert {one.label for one in classify(running(), some)} == {"invoice"}
    (seen,) = file_texts(services, texts("invoice", 1, 50), blind=2)
    say(services, [seen], "invoice", "eva")
    classes.add(services, "bill", by="eva")
    command(services, "classes", "merge", "invoice", "bill")
    monkeypatch.setattr("infra.classifier._AGAIN", 0.0)
    for one in (running(), champion(services)):
        verdicts = classify(one, some)
        assert {verdict.label for verdict in verdicts} == {"bill"}
        assert {name for verdict in verdicts for name, _ in verdict.alternatives} == {"bill", "letter"}
    # So too for who was asked before the merge and after it.
    say(services, [seen], "bill", "ben")
    assert Document.objects.get(pk=seen.pk).label == "bill"
    live = command(services, "models", "show")["live"]
    assert [live[name] for name in ("n", "wrong", "pairs", "agree")] == [1, 0, 1, 1]


def test_taught_examples_follow_a_merged_class(office: Office) -> None:
    services, _ = office
    file_as(services, "complaint", 5)
    classes.merge(services, "invoice", "receipt", by="eva")
    done = retrain(services, by="eva")
    assert champion(services).model.card.names == ("complaint", "letter", "receipt")
    assert {one.label for one in examples_of(services, done.champion)} == {"letter", "receipt"}
    classes.add(services, "invoice", by="eva")
    assert {one.example.label for one in dataset(services, done.champion).said} == {"complaint"}
    assert {one.label for one in dataset(services, done.champion).taught} == {"letter", "receipt"}


@pytest.mark.parametrize("split", [False, True])
def test_a_new_class_is_suggested_from_ten_documents_on(office: Office, split: bool) -> None:
    services, _ = office
    name = "parking fine"
    with pytest.raises(Usage, match="postroom classes add parking fine"):
        file_as(services, name, 1, stock="fine")
    if split:
        assert command(services, "classes", "split", "letter", name) == {"split": "letter", "new": name}
    else:
        assert command(services, "classes", "add", name) == {"added": name}
    new = texts("fine", 3, 100)
    assert name not in guesses(services, new)
    file_as(services, name, 2, stock="fine")
    assert retrain(services, by="eva").state == "nothing new"  # two are too few to learn from
    assert name not in guesses(services, new)
    file_as(services, name, 8, stock="fine")
    done = retrain(services, by="eva")
    assert (done.state, done.learnt) == ("promoted", 10)
    assert guesses(services, new) == [name] * 3
    assert guesses(services, texts("letter", 2) + texts("invoice", 1)) == ["letter", "letter", "invoice"]


def test_a_model_made_elsewhere_is_not_used_before_it_is_trusted(office: Office, tmp_path: Path) -> None:
    services, _ = office
    file_as(services, "complaint", 5)
    version = retrain(services, by="eva").champion
    other = open_services(tmp_path / "other")
    train_small(other.home)
    own = champion_version(other)
    for key in services.archive.list(f"{MODELS}{version}/"):
        other.archive.put(key, services.archive.read(key))
    with pytest.raises(Usage, match="made by another installation: it is not used"):
        promote(other, version, by="eva", why="")
    assert champion_version(other) == own
    assert command(other, "models", "trust", version) == {"trusted": version}
    promote(other, version, by="eva", why="known")
    assert champion(other).model.card.version == version
    assert guesses(other, texts("complaint", 1, 40)) == ["complaint"]
    # Trust is in that card, and the card names its model file.
    folder = other.models / version
    for name in FILES:
        path = folder / name
        path.write_bytes(path.read_bytes() + b" ")
        if name == CARD:
            (other.home / "archive" / model_key(version, name)).chmod(0o600)
            (other.home / "archive" / model_key(version, name)).write_bytes(path.read_bytes())
    with pytest.raises(Usage, match="made by another installation"):
        champion(other)


def test_a_model_altered_in_the_home_is_fetched_anew(office: Office) -> None:
    services, _ = office
    version = champion_version(services)
    path = services.models / version / MODEL
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    assert champion(services).model.card.version == version
    assert path.read_bytes() == whole
    elsewhere = replace(services, home=services.home.parent / "away")
    assert champion(elsewhere).model.card.version == version
