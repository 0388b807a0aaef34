"""Refiling: the one transaction in which an operator's documents take the place of those that stood.

New documents with new numbers take the pages, and entries that have none left are void. An entry goes on that
has other documents too, or whose number stands as a label on a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from domain.document import Cut, Fate, FateKind
from domain.layout import Change, Place
from register import batches, review, standing, voids
from register.filing import Filing, file_document
from register.models import Batch, Claim, Document, Entry, PageFate
from register.resplits import end, named, under_way
from register.session import write
from register.words import Lost, heard


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change means for the register.

    Attributes:
        void: numbers of the entries that are void then.
        withdrawn: ids of the documents whose entries go on without them.
        attached: by place among the new documents, the number of the entry that goes on with it.
        kept: by place among them, the class that a person gave and that stays.
        lost: by place among them, the classes that people gave and that do not stay.
    """

    void: tuple[str, ...]
    withdrawn: tuple[str, ...]
    attached: dict[int, str]
    kept: dict[int, str] = field(default_factory=dict)
    lost: dict[int, Lost] = field(default_factory=dict)


def foresee(change: Change) -> Outcome:
    """What the change would mean as things stand now."""
    replaced, cuts = named(change.replaced), change.separation.documents
    had, owners = _held(replaced)
    said = {ordinal: heard(_old(owners, cut.pages), had, cut.pages) for ordinal, cut in enumerate(cuts)}
    return replace(
        _outcome(replaced, cuts),
        kept={ordinal: one.kept.after for ordinal, one in said.items() if one.kept},
        lost={ordinal: one.lost for ordinal, one in said.items() if one.lost},
    )


@dataclass(frozen=True, slots=True)
class Became:
    """What the last resplit of a batch did: documents ``filed``, pages ``dropped`` with their fate.

    ``lost`` are, by the place of a document in ``filed``, the classes that people gave and that did not stay.
    """

    void: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    filed: tuple[Document, ...] = ()
    dropped: tuple[tuple[Place, str], ...] = ()
    lost: dict[int, Lost] = field(default_factory=dict)


def became(batch: Batch) -> Became:
    """What the last resplit of the batch did."""
    edit = batch.edits[-1]
    if edit["refused"]:
        return Became()
    replaced = named([one["document"] for one in edit["replaces"]])
    made = Document.objects.filter(batch=batch, attempt=edit["attempt"]).select_related("entry")
    filed = tuple(made.order_by("ordinal"))
    fates = PageFate.objects.filter(claim__batch=batch, attempt=edit["attempt"], document=None)
    dropped = fates.order_by("claim__ordinal", "page").values_list("claim__ordinal", "page", "kind")
    return Became(
        tuple(sorted({one.entry.number for one in replaced if one.entry.voided_at is not None})),
        tuple(one.key for one in replaced if one.entry.voided_at is None),
        filed,
        tuple(((file, page), kind) for file, page, kind in dropped),
        _lost(replaced, filed),
    )


def _lost(replaced: Sequence[Document], filed: Sequence[Document]) -> dict[int, Lost]:
    """By place, the classes that did not stay; where the classifier says the same, nothing is lost."""
    had, owners = _held(replaced)
    found = {}
    for at, document in enumerate(filed):
        pages = standing.places(document)
        lost = heard(_old(owners, pages), had, pages).lost
        if lost := tuple(one for one in lost if one[0] != document.label):
            found[at] = lost
    return found


def finish(batch: Batch, filings: Sequence[Filing], *, zone: ZoneInfo, at: datetime) -> None:
    """File these documents, all that the plan has, in place of those that they replace; end the batch.

    Doing it again changes nothing.
    """
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        plan = batches.planned(now)
        if not under_way(now) or plan is None:
            return
        edit = now.edits[-1]
        replaced = named([one["document"] for one in edit["replaces"]], lock=True)
        had, owners = _held(replaced)
        stood = set(standing.documents().filter(pk__in=had).values_list("pk", flat=True))
        outcome = _outcome(replaced, plan.documents)
        _free(now, [(fate.source, fate.page) for fate in plan.fates])
        takers: dict[Place, str] = {}
        for filing in filings:
            old = _old(owners, filing.pages)
            said = heard(old, had, filing.pages)
            if said.torn:
                filing = replace(filing, verdict=replace(filing.verdict, label=None))  # noqa: PLW2901
            document = file_document(
                now,
                _inheriting(filing, old, outcome.attached.get(filing.ordinal, "")),
                zone=zone,
                actor=edit["actor"],
                at=at,
            )
            takers |= dict.fromkeys(filing.pages, document.entry.number)
            if said.kept and not document.corrections.exists():
                review.carry(document, said.kept, actor=edit["actor"], at=at)
        _drop(now, plan.fates, edit["reason"])
        why, who = edit["reason"], edit["actor"]
        for one in replaced:
            if one.key in outcome.withdrawn and one.pk in stood:
                numbers = _takers(takers, had[one.pk])
                voids.withdraw(one, why, actor=who, at=at, replaced_by=numbers)
        lost: dict[int, list[Place]] = {}
        for place, one in owners.items():
            lost.setdefault(one.entry_id, []).append(place)
        for entry in Entry.objects.filter(number__in=outcome.void, voided_at=None).order_by("number"):
            numbers = _takers(takers, lost[entry.pk])
            voids.void(entry, why, actor=who, at=at, replaced_by=numbers, batch=now)
        end(now)


def _held(replaced: Sequence[Document]) -> tuple[dict[int, list[Place]], dict[Place, Document]]:
    """The pages of each document, by its key, and who has each of them."""
    had = {one.pk: standing.places(one) for one in replaced}
    return had, {place: one for one in replaced for place in had[one.pk]}


def _old(owners: dict[Place, Document], pages: Sequence[Place]) -> list[Document]:
    """The documents that these pages come from, in the order of the pages."""
    return list(dict.fromkeys(owners[place] for place in pages if place in owners))


def _takers(takers: dict[Place, str], places: Sequence[Place]) -> list[str]:
    """The numbers that have these pages now."""
    return list(dict.fromkeys(takers[place] for place in places if place in takers))


def _outcome(replaced: Sequence[Document], cuts: Sequence[Cut]) -> Outcome:
    """An entry goes on when it has other documents, or a label on a page says that the page is its own."""
    of_entries = standing.documents().filter(entry__in=[one.entry_id for one in replaced])
    others = of_entries.exclude(pk__in=[one.pk for one in replaced])
    shared = set(others.values_list("entry__number", flat=True))
    heirs = {
        standing.label_place(one) or standing.places(one)[0]: one.entry.number
        for one in replaced
        if one.entry.voided_at is None and (one.barcode == one.entry.number or one.entry.number in shared)
    }
    attached = {
        ordinal: number
        for ordinal, cut in enumerate(cuts)
        for number in [next((heirs[place] for place in cut.pages if place in heirs), "")]
        if number
    }
    counting = {one.entry.number for one in replaced if one.entry.voided_at is None}
    void = counting - shared - set(attached.values())
    withdrawn = [one.key for one in replaced if one.entry.number not in void]
    return Outcome(tuple(sorted(void)), tuple(withdrawn), attached)


def _free(batch: Batch, places: Sequence[Place]) -> None:
    """Take back what earlier attempts decided of these pages."""
    earlier = PageFate.objects.filter(claim__batch=batch, attempt__lt=batch.attempt)
    for file, some in groupby(sorted(places), key=itemgetter(0)):
        earlier.filter(claim__ordinal=file, page__in=[page for _, page in some]).delete()


def _drop(batch: Batch, fates: Sequence[Fate], reason: str) -> None:
    """Write the fates of the pages that are in no document."""
    claims = dict(Claim.objects.filter(batch=batch).values_list("ordinal", "id"))
    for fate in fates:
        if fate.kind != FateKind.DOCUMENT:
            PageFate.objects.get_or_create(
                claim_id=claims[fate.source],
                page=fate.page,
                defaults={"attempt": batch.attempt, "kind": fate.kind, "reason": reason},
            )


def _inheriting(filing: Filing, old: Sequence[Document], attach_to: str) -> Filing:
    """With what goes with the number: register and department of the first page's; who may see all of it.

    What was forgotten by the classifier stays so, in whichever document its pages are.
    """
    if not old:
        return replace(filing, attach_to=attach_to)
    first = old[0].entry
    access = [label for label in first.access if all(label in one.entry.access for one in old)]
    return replace(
        filing,
        attach_to=attach_to,
        register=first.register,
        department=first.department,
        access=tuple(access),
        forgotten=any(one.forgotten for one in old),
    )
