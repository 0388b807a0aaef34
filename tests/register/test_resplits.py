"""Resplits in the register: what was filed is void or withdrawn, numbers go on, one fate a page."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from capture.edits import Edits, apply
from domain.document import Fate, FateKind
from domain.errors import Usage
from register import account, batches, contents, history, problems, resplits, review, standing, views
from register.filing import NewProblem, close
from register.models import Batch, Correction, Document, Entry, Event, PageFate
from register.refiling import Became, became, finish, foresee
from register.resplits import Order
from tests.register.dump import dump
from tests.register.filings import AT, file_one, filing, open_batch

LATER = AT + timedelta(days=1)


def numbered(*sequences: int) -> list[str]:
    return list(
        Entry.objects.filter(sequence__in=sequences).order_by("sequence").values_list("number", flat=True)
    )


def filed(name: str = "scan.pdf") -> Batch:
    """Two documents, of pages 1-2 and 4, and a blank page between them."""
    batch = open_batch(name, pages=4)
    file_one(batch, 0, ((0, 1), (0, 2)), department="legal", access=("board", "legal"))
    file_one(batch, 1, ((0, 4),), access=("board",))
    close(batch, [Fate(0, 3, FateKind.BLANK)], [])
    return batches.reload(batch)


def begin(batch: Batch, *documents: str, **options: str) -> Batch:
    batch = batches.reload(batch)
    pages = [replace(page, rotation=page.rotation or 0) for page in resplits.pages(batch)]
    edits = Edits(documents, **{name: (text,) for name, text in options.items()})
    order = Order(str(edits), "cut wrongly", "eva", LATER, batch.attempt)
    return resplits.begin(batch, apply(pages, edits), order)


def resplit(batch: Batch, *documents: str, **options: str) -> Batch:
    batch = begin(batch, *documents, **options)
    carry_out(batch)
    return batches.reload(batch)


def carry_out(batch: Batch) -> None:
    plan = batches.planned(batch)
    assert plan
    made = [
        filing(
            batch,
            ordinal,
            cut.pages,
            barcode=cut.label or "",
            manifest=f"documents/{batch.attempt}/{ordinal}",
        )
        for ordinal, cut in enumerate(plan.documents)
    ]
    finish(batch, made, zone=ZoneInfo("UTC"), at=LATER)


def account_of(batch: Batch) -> list[tuple[int, str, str | None, int | None]]:
    return [(page.place[1], page.kind.value, page.number, page.position) for page in resplits.pages(batch)]


def events() -> list[tuple[int, str, str, dict[str, Any]]]:
    found = Event.objects.select_related("entry", "content").order_by("register", "sequence")
    return [
        (one.entry.sequence, one.kind, one.actor, views._event(one, None, ())["content"]) for one in found
    ]


def sound(batch: Batch) -> bool:
    batch = batches.reload(batch)
    books = [list(account.unaccounted()), list(account.number_gaps()), list(history.breaks())]
    return books == [[], [], []] and batch.state == Batch.State.DONE and batch.pages_done == batch.pages_known


def test_a_split_makes_new_entries_and_voids_the_old(register: Path) -> None:
    batch = filed()
    old = Document.objects.get(entry__sequence=1)
    batch = resplit(batch, "2")
    one, _, three, four = numbered(1, 2, 3, 4)
    assert account_of(batch) == [
        (1, "document", three, 1),
        (2, "document", four, 1),
        (3, "blank", None, None),
        (4, "document", numbered(2)[0], 1),
    ]
    assert [(one.number, one.replaced_by) for one in standing.told(numbered(1, 2, 3, 4))] == [
        (one, (three, four))
    ]
    assert [(number, kind, actor) for number, kind, actor, _ in events()] == [
        (1, "registered", "test"),
        (2, "registered", "test"),
        (3, "registered", "eva"),
        (4, "registered", "eva"),
        (1, "voided", "eva"),
    ]
    assert events()[-1][3] == {"reason": "cut wrongly", "replaced_by": [three, four], "batch": batch.key}
    new = Entry.objects.get(sequence=4)
    assert (new.received_at, new.department, new.access) == (AT, "legal", ["board", "legal"])
    assert standing.places(old) == [(0, 1), (0, 2)]
    (shown,) = views.show(one)["documents"]
    assert (shown["withdrawn"], [page["page"] for page in shown["page_account"]]) == (True, [1, 2])
    assert contents.original_keys(old.entry) == [("originals/ab/x/original", "/drop/a/0-scan.pdf")]
    assert became(batch) == Became((one,), (), tuple(Document.objects.filter(attempt=2)), ())
    assert sound(batch)


def test_a_merge_is_seen_by_those_who_saw_all_of_it(register: Path) -> None:
    batch = resplit(filed(), "4,1-2", blank="3")
    _, three = numbered(1, 3)
    assert account_of(batch)[0] == (1, "document", three, 2)
    assert [one.replaced_by for one in standing.told(numbered(1, 2))] == [(three,), (three,)]
    assert Entry.objects.get(sequence=3).access == ["board"]
    assert sound(batch)


def test_pages_left_out_and_filed_after_all(register: Path) -> None:
    batch = resplit(filed(), "3", separator="4")
    assert account_of(batch)[2:] == [
        (3, "document", numbered(3)[0], 1),
        (4, "separator", None, None),
    ]
    assert [(one.number, one.replaced_by) for one in standing.told(numbered(1, 2, 3))] == [
        (numbered(2)[0], ())
    ]
    assert PageFate.objects.get(page=4).reason == "cut wrongly"
    assert became(batch).dropped == (((0, 4), "separator"),)
    assert sound(batch)


def test_one_after_the_other(register: Path) -> None:
    batch = filed()
    for documents in (["2"], ["1-2"], ["1,4"]):
        batch = resplit(batch, *documents)
    assert [len(page["replaces"]) for page in batch.edits] == [1, 2, 2]
    assert {one.number: one.replaced_by for one in standing.told(numbered(*range(1, 8)))} == {
        number: tuple(numbered(*by))
        for number, by in zip(numbered(1, 2, 3, 4, 5), ((3, 4), (6,), (5,), (5,), (6, 7)), strict=True)
    }
    assert account_of(batch)[:2] == [(1, "document", numbered(6)[0], 1), (2, "document", numbered(7)[0], 1)]
    assert sound(batch)


def test_turns_add_up_and_those_not_done_do_not_count(register: Path) -> None:
    batch = resplit(filed(), rotate="1=90")
    batch = resplit(batch, rotate="1-2=180")
    assert resplits.rotations(batch) == {(0, 1): 270, (0, 2): 180}
    batch = begin(batch, rotate="4=90")
    resplits.abandon(batch, "page 4 is torn")
    assert resplits.rotations(batches.reload(batch)) == {(0, 1): 270, (0, 2): 180}


def test_an_entry_goes_on_without_a_document_that_was_attached(register: Path) -> None:
    first = filed("first")
    number = numbered(1)[0]
    late = open_batch("late", pages=2)
    old = file_one(late, 0, ((0, 1), (0, 2)), attach_to=number, barcode=number)
    close(late, [], [])
    late = resplit(late, "2")
    assert [one.number for one in standing.told(numbered(1, 2, 3))] == []
    assert account_of(late) == [(1, "document", number, 1), (2, "document", numbered(3)[0], 1)]
    assert [kind for _, kind, _, _ in events()][3:] == ["attached", "registered", "withdrawn"]
    assert events()[-1][3] == {
        "document": old.key,
        "reason": "cut wrongly",
        "replaced_by": [number, numbered(3)[0]],
        "batch": late.key,
    }
    assert [one["withdrawn"] for one in views.show(number)["documents"]] == [False, True, False]
    with pytest.raises(Usage, match=f"Document {old.key} of {number} was withdrawn"):
        review.label(old.key, "invoice", actor="eva", at=AT)
    # And when the other document changes, which made the entry: what has its first page takes its place.
    first = resplit(first, "2")
    assert account_of(first)[:2] == [(1, "document", number, 1), (2, "document", numbered(4)[0], 1)]
    assert standing.told(numbered(1, 2, 3, 4)) == []
    assert sound(first)


def test_what_a_person_said_is_kept_where_it_is_clear(register: Path) -> None:
    batch = open_batch(pages=7)
    for ordinal, (pages, said) in enumerate((((1, 2, 3), "invoice"), ((4, 5), ""), ((6, 7), "receipt"))):
        document = file_one(batch, ordinal, tuple((0, page) for page in pages))
        if said:
            review.label(document.key, said, actor="ada", at=AT)
    close(batch, [], [])
    before = Correction.objects.count()
    batch = resplit(batch, "1", "2-4", "6-7,5")
    assert [(one.pages, one.label) for one in became(batch).filed] == [
        (1, "invoice"),
        (3, "invoice"),
        (3, "receipt"),
    ]
    assert became(batch).lost == {}
    assert list(Correction.objects.order_by("id").values_list("before", "after", "actor"))[before:] == [
        ("letter", "invoice", "ada"),
        ("letter", "invoice", "ada"),
        ("letter", "receipt", "ada"),
    ]
    labelled = [(actor, content) for _, kind, actor, content in events() if kind == "labelled"]
    assert labelled[-1] == (
        "eva",
        {
            "document": became(batch).filed[2].key,
            "from": "letter",
            "to": "receipt",
            "guess": "letter",
            "kind": "carried",
            "carried_from": Document.objects.get(attempt=1, ordinal=2).key,
        },
    )


LETTER, LONG, INVOICE, RECEIPT = (1, ""), (3, ""), (2, "invoice"), (2, "receipt")
Lost = dict[int, list[tuple[str, list[int]]]]


@pytest.mark.parametrize(
    ("documents", "cut", "classes", "lost"),
    [
        ([INVOICE], ["2"], ["invoice", "invoice"], {}),
        ([LONG, INVOICE], ["1-4"], ["letter", "invoice"], {0: [("invoice", [4])]}),
        ([LONG, INVOICE], ["5,1"], ["invoice", "letter", "invoice"], {}),
        ([INVOICE, LONG], ["1-5"], ["invoice"], {}),
        ([INVOICE, LONG], ["2-5"], ["invoice", "letter"], {1: [("invoice", [2])]}),
        ([INVOICE, RECEIPT], ["1-3"], ["invoice", "receipt"], {0: [("receipt", [3])]}),
        ([INVOICE, RECEIPT], ["1-4"], [None], {0: [("invoice", [1, 2]), ("receipt", [3, 4])]}),
        ([LETTER, RECEIPT, INVOICE], ["2-3,4-5,1"], ["receipt"], {0: [("invoice", [4, 5])]}),
        ([(1, "receipt"), INVOICE], ["1-3"], [None], {0: [("receipt", [1]), ("invoice", [2, 3])]}),
        ([LONG, (1, "letter")], ["1-4"], ["letter"], {}),
    ],
)
@pytest.mark.parametrize("sheets", [False, True])
def test_a_class_goes_with_the_pages_or_is_told(
    register: Path,
    sheets: bool,
    documents: list[tuple[int, str]],
    cut: list[str],
    classes: list[str | None],
    lost: Lost,
) -> None:
    """One of a sheet like one of a person (paperless-ngx issue 4959); and foreseen as it comes."""
    batch = open_batch(pages=sum(pages for pages, _ in documents))
    page = 1
    for ordinal, (pages, said) in enumerate(documents):
        places = tuple((0, at) for at in range(page, page + pages))
        document = file_one(batch, ordinal, places, named=said if sheets else "")
        if said and not sheets:
            review.label(document.key, said, actor="ada", at=AT)
        page += pages
    close(batch, [], [])
    outcome = foresee(apply(resplits.pages(batch), Edits(tuple(cut))))
    batch = resplit(batch, *cut)
    now = became(batch)
    assert [one.label for one in now.filed] == classes
    assert {
        at: [(name, [page for _, page in of]) for name, of in one] for at, one in now.lost.items()
    } == lost
    assert [one.key for one in review.waiting()] == [one.key for one in now.filed if one.label is None]
    assert sound(batch)
    kept = {at: one.label for at, one in enumerate(now.filed) if one.corrections.exists()}
    assert outcome.kept == kept
    assert {at: one for at, one in outcome.lost.items() if one[0][0] != now.filed[at].label} == now.lost


def test_a_long_document_is_split_too(register: Path) -> None:
    """SQLite looks into no condition of more than a thousand parts."""
    batch = open_batch(pages=1100)
    file_one(batch, 0, tuple((0, page) for page in range(1, 1101)))
    close(batch, [], [])
    assert [one.pages for one in became(resplit(batch, "1100", "1-1098")).filed] == [1098, 1, 1]
    assert sound(batch)


def test_doing_it_again_changes_nothing(register: Path) -> None:
    batch = begin(filed(), "2")
    assert (batch.state, batch.attempt, batch.pages_done, resplits.under_way(batch)) == ("kept", 2, 2, True)
    carry_out(batch)
    once = dump()
    carry_out(batch)
    resplits.abandon(batch, "too late")
    assert dump() == once


def test_one_that_cannot_be_done_leaves_all_as_it_stood(register: Path) -> None:
    batch = filed()
    before = dump()
    resplits.abandon(begin(batch, "2"), "page 2 is torn. Scan it again.")
    after = dump()
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"Batch", "Outbox"}
    batch = batches.reload(batch)
    assert batch.alarms == ["not filed anew as eva asked (2): page 2 is torn. Scan it again."]
    assert (batch.edits[0]["refused"], batch.plan) == ("page 2 is torn. Scan it again.", None)
    assert sound(batch)
    assert became(batch) == Became()
    assert [one.entry.sequence for one in became(resplit(batch, "2")).filed] == [3, 4]


def test_the_one_who_comes_second_is_told_what_the_first_did(register: Path) -> None:
    batch = filed()
    edits = Edits(("2",))
    change = apply(resplits.pages(batch), edits)
    mine = Order("2", "mine", "bob", LATER, batch.attempt)
    running = begin(batch, "1,4")
    with pytest.raises(
        Usage, match=r"is being filed anew for eva since 2026-03-05T05:06 UTC \(1,4; cut wrongly\)"
    ):
        resplits.begin(batch, change, mine)
    carry_out(running)
    with pytest.raises(
        Usage, match=r"was filed anew for eva since .* meanwhile\. Look again: postroom resplit"
    ):
        resplits.begin(batch, change, mine)
    with pytest.raises(Usage, match="Say why, for the history: --reason TEXT"):
        resplits.begin(batch, change, replace(mine, reason=" "))
    assert batches.reload(batch).attempt == 2


def test_a_batch_in_work_is_left_alone(register: Path) -> None:
    batch = open_batch(pages=2)
    file_one(batch, 0, ((0, 1),))
    with pytest.raises(Usage, match="is still in work"):
        resplits.must_stand(batch)
    close(batch, [Fate(0, 2, FateKind.REFUSED, reason="torn")], [NewProblem(0, 2, "torn", "Scan it.")])
    looked_at = batches.reload(batch)
    problems.retry(problems.open_problems()[0].pk)
    close(batch, [Fate(0, 2, FateKind.BLANK)], [])
    with pytest.raises(Usage, match="was tried again meanwhile"):
        resplits.must_stand(batches.reload(batch), looked_at.attempt)


def test_a_batch_is_found_by_its_id_or_a_number(register: Path) -> None:
    batch, other = filed("one"), filed("two")
    number = numbered(1)[0]
    assert resplits.find(str(batch.pk)) == resplits.find(number.lower()) == batch
    third = open_batch("three", pages=1)
    file_one(third, 0, ((0, 1),), attach_to=number)
    with pytest.raises(Usage, match=f"came in the batches {batch.pk}, {third.pk}"):
        resplits.find(number)
    for name in ("99", "IN-2026-000099-1"):
        with pytest.raises(Usage, match="There is no batch"):
            resplits.find(name)
    assert other.pk != batch.pk


def test_what_would_become_of_it_is_what_becomes_of_it(register: Path) -> None:
    batch = filed()
    outcome = foresee(apply(resplits.pages(batch), Edits(("1,4",))))
    now = became(resplit(batch, "1,4"))
    assert (outcome.void, outcome.withdrawn, outcome.attached) == (now.void, now.withdrawn, {})
    assert outcome.void == tuple(numbered(1, 2))
