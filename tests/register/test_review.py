"""What people say of documents' classes: corrections, blind reviews, classes that go into others."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.document import CLASSES, Verdict
from domain.errors import Usage
from register import history, learning, review, views
from register.filing import Kept, close
from register.learning import Blind, Word
from register.models import Correction, Document, Outbox
from register.session import borrowed
from tests.register.filings import AT, file_one, open_batch
from tests.register.test_resplits import resplit
from tests.register.test_voids import make_void

UNSURE = Verdict(None, "form", 0.4, (("form", 0.4), ("letter", 0.3)), "v1", "not sure enough")
SURE: dict[str, object] = {
    "guess": "invoice",
    "probability": 0.97,
    "alternatives": [["invoice", 0.97], ["letter", 0.03]],
    "model": "v2",
}
KINDS = Correction.Kind


def file_some(*changes: Mapping[str, object]) -> list[Document]:
    """A document of one page each."""
    batch = open_batch(pages=len(changes))
    return [file_one(batch, at, ((0, at + 1),), **one) for at, one in enumerate(changes)]


def said(document: Document, *fields: str) -> list[Any]:
    rows = document.corrections.order_by("id").values_list(*(fields or ("before", "after", "actor")))
    return [one[0] for one in rows] if len(fields) == 1 else list(rows)


def label(document: Document, name: str, actor: str = "eva", **more: Any) -> review.Said:
    return review.label(document.key, name, actor=actor, at=AT, **more)


def now(document: Document) -> Document:
    return Document.objects.get(pk=document.pk)


def waiting() -> list[str]:
    return [one.key for one in review.waiting()]


def told(document: Document) -> list[tuple[str, str, dict[str, Any]]]:
    """What the entry's history says after the filing."""
    found = views.show(document.entry.number)["history"]
    return [(one["kind"], one["actor"], one["content"]) for one in found][1:]


def recorded() -> dict[str, Any]:
    """The document in the last record for the archive."""
    last = Outbox.objects.exclude(entry=None).latest("id")
    (found,) = json.loads(last.body)["entry"]["documents"]
    return dict(found)


def test_each_word_is_a_row_of_its_own(register: Path) -> None:
    (document,) = file_some({})
    for name, actor, reason in (("invoice", "eva", "a total"), ("form", "ben", ""), ("form", "eva", "boxes")):
        rows = list(document.corrections.order_by("id").values())
        label(document, name, actor, reason=reason)
        assert list(document.corrections.order_by("id").values())[:-1] == rows
    assert said(document, "before", "after", "actor", "reason", "kind", "model") == [
        ("letter", "invoice", "eva", "a total", "reclassified", "v1"),
        ("invoice", "form", "ben", "", "reclassified", "v1"),
        ("form", "form", "eva", "boxes", "reclassified", "v1"),
    ]
    at = said(document, "at")
    assert at == sorted(at)
    assert (now(document).label, now(document).guess) == ("form", "letter")
    assert [(one["after"], one["reason"]) for one in recorded()["corrections"]] == [
        ("invoice", "a total"), ("form", ""), ("form", "boxes"),
    ]  # fmt: skip


def test_the_history_says_who_said_what(register: Path) -> None:
    (document,) = file_some({"verdict": UNSURE})
    label(document, "invoice", reason="a total")
    label(document, "")
    same = {"document": document.key, "guess": "form"}
    assert told(document) == [
        (
            "labelled",
            "eva",
            {**same, "from": None, "to": "invoice", "said": "invoice", "kind": "review", "reason": "a total"},
        ),
        (
            "labelled",
            "eva",
            {**same, "from": "invoice", "to": None, "said": None, "kind": "reclassified", "reason": ""},
        ),
    ]
    assert list(history.breaks()) == []


@pytest.mark.parametrize(("verdict", "kind"), [(UNSURE, KINDS.REVIEW), (None, KINDS.RECLASSIFIED)])
def test_a_decision_and_a_change_of_mind_are_told_apart(
    register: Path, verdict: Verdict | None, kind: str
) -> None:
    (document,) = file_some({"verdict": verdict} if verdict else {})
    label(document, "invoice")
    assert said(document, "kind") == [kind]


def test_a_class_that_was_taken_away_stays_away(register: Path) -> None:
    (document,) = file_some({})
    label(document, "invoice")
    assert [one.label for one in learning.words()] == ["invoice"]
    done = label(document, "", reason="cannot be told")
    assert (done.document.label, done.blind, done.differ) == (None, False, False)
    assert said(document) == [("letter", "invoice", "eva"), ("invoice", "", "eva")]
    assert waiting() == [document.key]
    assert learning.words() == []
    assert learning.waits_for_a_class() == []
    assert not review.judge_again(document, "invoice", SURE, at=AT)
    assert (now(document).label, now(document).guess, now(document).model) == (None, "letter", "v1")
    assert len(told(document)) == 2
    label(document, "form")
    assert [one.label for one in learning.words()] == ["form"]
    assert waiting() == []


def test_one_persons_blind_word_is_waited_for(register: Path) -> None:
    plain, drawn = file_some({}, {"blind": 1})
    assert (plain.label, drawn.label) == ("letter", "letter")
    assert waiting() == [drawn.key]
    done = label(drawn, "invoice")
    assert (done.blind, done.differ, done.document.label) == (True, False, "invoice")
    assert waiting() == []
    label(drawn, "form")
    assert said(drawn, "before", "after", "kind") == [
        ("letter", "invoice", "blind"), ("invoice", "form", "reclassified"),
    ]  # fmt: skip
    assert learning.blind_reviews() == [Blind("v1", "letter", ("invoice",), AT.isoformat())]


def test_two_agree_where_the_class_of_the_first_went_into_that_of_the_second(register: Path) -> None:
    (document,) = file_some({"blind": 2})
    label(document, "invoice")
    done = label(document, "form", "ben", today={"invoice": "form", "form": "form"})
    assert (done.blind, done.differ, now(document).label) == (True, False, "form")
    assert learning.blind_reviews()[0].answers == ("invoice", "form")


def test_two_who_agree_keep_the_class(register: Path) -> None:
    (document,) = file_some({"blind": 2})
    assert label(document, "letter").blind
    assert review.open_places(now(document)) == 1
    assert waiting() == [document.key]
    done = label(document, "letter", "ben")
    assert (done.blind, done.differ, now(document).label) == (True, False, "letter")
    assert waiting() == []
    assert said(document, "after", "actor", "kind") == [
        ("letter", "eva", "blind"), ("letter", "ben", "blind"),
    ]  # fmt: skip
    assert [one["actor"] for one in recorded()["blind"]] == ["eva", "ben"]


def test_the_same_person_is_not_asked_twice(register: Path) -> None:
    (document,) = file_some({"blind": 2})
    label(document, "letter")
    with pytest.raises(Usage, match=r"waits for a second person's word: eva has given theirs"):
        label(document, "invoice")
    assert said(document) == [("letter", "letter", "eva")]
    assert (now(document).label, review.open_places(now(document))) == ("letter", 1)
    assert len(told(document)) == 1


def test_two_who_differ_leave_it_to_somebody_else(register: Path) -> None:
    (document,) = file_some({"blind": 2})
    label(document, "letter")
    done = label(document, "invoice", "ben")
    assert (done.blind, done.differ, done.document.label, now(document).label) == (True, True, None, None)
    assert said(document) == [("letter", "letter", "eva"), ("letter", "", "ben")]
    assert told(document)[-1][2]["said"] == "invoice"
    assert waiting() == [document.key]
    assert (learning.words(), learning.waits_for_a_class()) == ([], [])
    assert not review.judge_again(document, "letter", SURE, at=AT)
    decided = label(document, "invoice")
    assert (decided.blind, decided.differ) == (False, False)
    assert said(document, "after", "kind")[-1] == ("invoice", "review")
    assert waiting() == []
    assert learning.blind_reviews() == [Blind("v1", "letter", ("letter", "invoice"), AT.isoformat())]


def test_taking_a_class_away_is_no_blind_word(register: Path) -> None:
    (document,) = file_some({"blind": 1})
    done = label(document, "")
    assert (done.blind, said(document, "after", "kind")) == (False, [("", "reclassified")])
    assert review.open_places(now(document)) == 1
    assert label(document, "letter").blind
    assert (now(document).label, waiting()) == ("letter", [])


def test_what_a_sheet_named_is_not_drawn(register: Path) -> None:
    (document,) = file_some({"named": "invoice", "blind": 2})
    assert (document.blind, waiting()) == ([], [])
    assert [one.label for one in learning.words()] == ["invoice"]


def test_two_blind_words_at_the_same_time(register: Path) -> None:
    (document,) = file_some({"blind": 2})

    def say(actor: str) -> str:
        with borrowed():
            try:
                return str(label(document, "letter", actor).document.label)
            except Usage as error:
                return str(error)

    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(say, ("eva", "eva", "ben")))
    refused = [one for one in done if one != "letter"]
    # The third may come when both places are taken: then it is no blind word.
    assert sorted(one["actor"] for one in now(document).blind) == ["ben", "eva"]
    assert len(refused) + document.corrections.count() == 3
    assert document.corrections.filter(kind=KINDS.BLIND).count() == 2
    assert list(history.breaks()) == []


def test_an_unknown_class_says_how_to_add_it(register: Path) -> None:
    (document,) = file_some({})
    with pytest.raises(Usage, match=r"no class 'novel'.*postroom classes add novel$"):
        label(document, "novel")
    assert said(document) == []
    label(document, "novel", today={name: name for name in (*CLASSES, "novel")})
    assert now(document).label == "novel"
    with pytest.raises(Usage, match="no class 'letter'"):
        label(document, "letter", today={"novel": "novel", "letter": "novel"})


def test_what_is_forgotten_keeps_its_class(register: Path) -> None:
    document, other = file_some({}, {})
    label(document, "invoice")
    label(other, "form")
    review.forget(document.entry.number, reason="she asked", actor="ben", at=AT)
    assert [one.label for one in learning.words()] == ["form"]
    assert (now(document).label, now(document).forgotten, now(other).forgotten) == ("invoice", True, False)
    assert told(document)[-1] == (
        "forgotten by the classifier", "ben", {"document": document.key, "reason": "she asked"},
    )  # fmt: skip
    assert recorded()["forgotten"]
    label(document, "letter")
    assert [one.document for one in learning.words()] == [other.key]
    with pytest.raises(Usage, match="no document nowhere"):
        review.forget("nowhere", reason="", actor="ben", at=AT)
    assert list(history.breaks()) == []


def test_what_is_forgotten_stays_so_when_it_is_filed_anew(register: Path) -> None:
    batch = open_batch(pages=2)
    document = file_one(batch, 0, ((0, 1), (0, 2)))
    close(batch, [], [])
    label(document, "invoice")
    review.forget(document.key, reason="she asked", actor="ben", at=AT)
    resplit(batch, "2-1")
    assert learning.words() == []


def test_a_class_taken_away_goes_with_the_pages_as_any_word_does(register: Path) -> None:
    """One page of five is too little to bring its word along, whatever was said."""
    found = []
    for name in ("invoice", ""):
        batch = open_batch(name or "none", pages=6)
        first = file_one(batch, 0, ((0, 1), (0, 2)))
        file_one(batch, 1, tuple((0, page) for page in (3, 4, 5, 6)))
        close(batch, [], [])
        label(first, name)
        batch = resplit(batch, "3-6,2")
        new = next(one for one in batch.documents.order_by("-id") if one.pages == 5)
        found.append((new.label, new.corrections.count()))
    assert found == [("letter", 0), ("letter", 0)]


def test_a_merged_class_moves_documents_and_no_words(register: Path) -> None:
    one, other, taken, kept = file_some({}, {}, {}, {})
    label(one, "complaint")
    label(other, "complaint")
    label(taken, "complaint")
    label(taken, "")
    before = list(Correction.objects.order_by("id").values())
    assert review.move("complaint", "form", actor="ben", at=AT, reason="few") == 2
    assert [now(document).label for document in (one, other, taken, kept)] == ["form", "form", None, "letter"]
    assert list(Correction.objects.order_by("id").values()) == before
    for document in (one, other):
        content = {"document": document.key, "from": "complaint", "to": "form", "reason": "few"}
        assert told(document)[-1] == ("class merged", "ben", content)
    assert [len(told(document)) for document in (one, other, taken, kept)] == [2, 2, 2, 0]
    assert review.move("complaint", "form", actor="ben", at=AT) == 0
    assert list(history.breaks()) == []


def test_the_last_words_that_stand(register: Path) -> None:
    def key(at: int, role: str) -> str:
        return f"documents/{at}/{role}"

    objects = [
        tuple(Kept(key(at, role), "ab" * 32, 9, role) for role in ("text", "thumbnail")) for at in (0, 1)
    ]
    texts, both, none, void, silent = file_some(
        {"key": "d", "objects": objects[0][:1]},
        {"key": "c", "objects": objects[1], "verdict": UNSURE},
        {"key": "b", "objects": ()},
        {"key": "a"},
        {"key": "e"},
    )
    for document in (texts, both, none, void):
        label(document, "contract")
    label(both, "receipt")
    make_void(void.entry.number)
    at = {one.document_id: one.at for one in Correction.objects.order_by("id")}
    assert learning.words() == [
        Word("b", "contract", at[none.pk], "letter", "v1", "", ""),
        Word("c", "receipt", at[both.pk], "form", "v1", key(1, "text"), key(1, "thumbnail")),
        Word("d", "contract", at[texts.pk], "letter", "v1", key(0, "text"), ""),
    ]
    assert silent.key not in waiting()


def test_blind_reviews_come_in_the_order_of_their_first_answers(register: Path) -> None:
    first, second, third, unanswered, plain = file_some(
        *({"blind": 2} for _ in range(4)), {"verdict": UNSURE}
    )
    for hours, (document, name, actor) in enumerate(
        (
            (third, "form", "eva"),
            (first, "letter", "ben"),
            (second, "letter", "eva"),
            (third, "letter", "ben"),
            (plain, "form", "eva"),
        )
    ):
        review.label(document.key, name, actor=actor, at=AT + timedelta(hours=hours))

    def at(hours: int) -> str:
        return (AT + timedelta(hours=hours)).isoformat()

    assert learning.blind_reviews() == [
        Blind("v1", "letter", ("form", "letter"), at(0)),
        Blind("v1", "letter", ("letter",), at(1)),
        Blind("v1", "letter", ("letter",), at(2)),
    ]
    assert waiting() == [one.key for one in (first, second, third, unanswered)]


def test_what_nobody_spoke_of_waits_for_a_model(register: Path) -> None:
    sure, waits, taken, void, spoken = file_some({}, *({"verdict": UNSURE} for _ in range(4)))
    label(taken, "")
    label(spoken, "form")
    make_void(void.entry.number)
    assert [one.key for one in learning.waits_for_a_class()] == [waits.key]
    assert waiting() == [waits.key, taken.key]
    assert sure.key not in waiting()


def test_a_newer_model_judges_what_waits(register: Path) -> None:
    (document,) = file_some({"verdict": UNSURE})
    assert document.why
    assert review.judge_again(document, "invoice", SURE, at=AT)
    judged = now(document)
    assert {name: getattr(judged, name) for name in SURE} == SURE
    assert (judged.label, judged.why, waiting()) == ("invoice", "", [])
    content = {"document": document.key, "from": None, "to": "invoice", "before": "v1", "model": "v2"}
    assert told(document) == [("classed again", "classifier", content)]
    assert learning.words() == []
    assert not review.judge_again(document, "form", SURE, at=AT)
    assert (now(document).label, len(told(document))) == ("invoice", 1)
    label(document, "form")
    assert said(document, "before", "after", "kind", "model") == [("invoice", "form", "reclassified", "v2")]
    assert list(history.breaks()) == []


def test_words_are_counted_from_a_moment_on(register: Path) -> None:
    one, other = file_some({}, {"verdict": UNSURE})
    assert learning.said_since(None) == 0
    for document, name in ((one, "form"), (other, "form"), (one, "")):
        label(document, name)
    at = list(Correction.objects.order_by("id").values_list("at", flat=True))
    assert [learning.said_since(moment) for moment in (None, *at)] == [3, 2, 1, 0]
