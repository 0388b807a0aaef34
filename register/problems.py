"""The exceptions queue: what a person must decide, and the two things that can be done about it."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from domain.document import FateKind
from domain.errors import Usage
from domain.rights import Action, Rights
from register.models import Batch, Claim, PageFate, Problem
from register.records import record_batch
from register.rights import must_anywhere
from register.session import write


def open_problems() -> list[Problem]:
    """All that wait for a person, oldest first."""
    return listed(None)


def must_see(rights: Rights | None) -> None:
    """See that somebody registers mail: the queue tells of letters that are no entries yet.

    Raises:
        Forbidden: they do not.
    """
    must_anywhere(rights, Action.REGISTER)


def listed(rights: Rights | None, *, limit: int | None = None, after: int = 0) -> list[Problem]:
    """What waits for a person, oldest first: at most ``limit``, behind the line of the id ``after``.

    Raises:
        Forbidden: whoever asks does not register mail.
    """
    must_see(rights)
    found = Problem.objects.filter(state=Problem.State.OPEN, pk__gt=after)
    return list(found.select_related("claim", "batch").order_by("id")[:limit])


def told(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Lines of the queue as people are told of them: why, and what to do."""
    return [
        {
            "id": one.pk,
            "source": one.claim.source,
            "page": one.page,
            "reason": one.reason,
            "fix": one.fix,
            "since": one.since.isoformat(),
        }
        for one in problems
    ]


def waiting(problem_id: int) -> Problem:
    """This line of the queue, with its file, as long as it waits.

    Raises:
        Usage: no such line, it was dealt with already, or its batch is still in work.
    """
    with write():
        problem = _open(problem_id)
        batch = problem.batch
        if batch.state not in (Batch.State.DONE, Batch.State.RELEASED):
            raise Usage(f"Batch {batch.pk} is still in work. Try again when it is done: postroom status")
        return problem


def _open(problem_id: int) -> Problem:
    found = Problem.objects.select_for_update(of=("self",)).filter(pk=problem_id)
    problem = found.select_related("batch", "claim").first()
    if problem is None:
        raise Usage(f"There is no exception {problem_id}. See them all: postroom exceptions list")
    if problem.state != Problem.State.OPEN:
        raise Usage(f"Exception {problem_id} was {problem.state} already.{_successors(problem)}")
    return problem


def _successors(problem: Problem) -> str:
    """Which lines of the queue tell of the same file or page since this one was retried, if any does."""
    later = Problem.objects.filter(claim=problem.claim, state=Problem.State.OPEN, attempt__gt=problem.attempt)
    if problem.page is not None:
        later = later.filter(Q(page=problem.page) | Q(page=None))
    ids = ", ".join(str(pk) for pk in later.order_by("id").values_list("id", flat=True))
    return f" It was refused again: now it is exception {ids}." if ids else ""


def check_passwords(problem_ids: Sequence[int]) -> None:
    """Refuse a retry without a password of files that nobody has opened yet; it would only be refused again.

    Raises:
        Usage: one of the lines asks for a password.
    """
    asking = Problem.objects.filter(pk__in=problem_ids, state=Problem.State.OPEN, fix__contains="--password")
    closed = asking.filter(claim__rendition="", claim__members=None).order_by("id")
    if ids := " ".join(str(pk) for pk in closed.values_list("id", flat=True)):
        raise Usage(
            f"A password is needed. Nothing was changed. Give it: postroom exceptions retry {ids} --password"
        )


def _take(problem_id: int, state: str) -> Problem:
    problem = _open(problem_id)
    problem.state = state
    problem.save()
    return problem


def dismiss(problem_id: int) -> Problem:
    """Take the line from the queue; its page keeps its fate and its original stays in the archive."""
    with write():
        problem = _take(problem_id, Problem.State.DISMISSED)
        record_batch(Batch.objects.select_for_update().get(pk=problem.batch_id))
        return problem


def retry(problem_id: int) -> Batch:
    """Open the batch for a new attempt at the pages of this line; the caller runs it.

    For a whole file (``page`` None) all its pages that are in no document are tried again, and so
    are the lines of the queue about them. A duplicate is filed this time.

    Raises:
        Usage: no such line, it was dealt with already, or its batch is still in work.
    """
    with write():
        problem = _take(problem_id, Problem.State.RETRIED)
        batch = Batch.objects.select_for_update().get(pk=problem.batch_id)
        if batch.state not in (Batch.State.DONE, Batch.State.RELEASED):
            raise Usage(f"Batch {batch.pk} is still in work. Try again when it is done: postroom status")
        batch.state, batch.attempt = Batch.State.KEPT, batch.attempt + 1
        whole_batch = batch.duplicate_of is not None
        batch.plan = None
        if whole_batch:
            batch.alarms = []
        batch.duplicate_of = None
        batch.save()
        claims = (
            Claim.objects.filter(batch=batch) if whole_batch else Claim.objects.filter(pk=problem.claim_id)
        )
        again = PageFate.objects.filter(claim__in=claims, kind__in=(FateKind.REFUSED, FateKind.DUPLICATE))
        others = Problem.objects.filter(claim__in=claims, state=Problem.State.OPEN)
        if problem.also and not whole_batch:
            pages = [Q(claim__batch=batch, claim__ordinal=source, page=page) for source, page in problem.also]
            again = PageFate.objects.filter(reduce(or_, pages), kind=FateKind.REFUSED)
        elif problem.page is None or whole_batch:
            others.update(state=Problem.State.RETRIED)
        else:
            again = again.filter(page=problem.page)
            others.filter(page=problem.page).update(state=Problem.State.RETRIED)
        removed, _ = again.delete()
        batch.pages_done = batch.pages_known - removed
        batch.save()
        record_batch(batch)
    return batch
