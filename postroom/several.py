"""What a command did with an entry, or with many, told."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from domain.correspondence import holder
from domain.errors import Usage
from infra.wiring import Services
from postroom.acting import rights
from postroom.output import answer, count, say, table
from postroom.people import deliver

if TYPE_CHECKING:
    from register.models import Entry

Numbers = Annotated[
    list[str],
    typer.Argument(
        metavar="NUMBER...", help="Register number, or several; - reads them from standard input."
    ),
]


def each(
    instance: Services,
    numbers: Sequence[str],
    do: "Callable[[str], Entry]",
    said: "Callable[[Entry], str]",
    as_json: bool,
    seen: int | None = None,
) -> None:
    """Do it with one entry, or with each of several by itself; those that failed are told, with exit code 1.

    Args:
        instance: whose entries.
        numbers: of the entries.
        do: with one of them.
        said: what to tell of it.
        as_json: as JSON.
        seen: last event that the caller knew of, which only one entry can have.

    Raises:
        Usage: no number is given, or ``seen`` with several; or it cannot be done with the only one.
    """
    wanted = _given(numbers)
    if len(wanted) == 1:
        done = do(wanted[0])
        told(instance, done, as_json, said(done))
        return
    if seen is not None:
        raise Usage("--seen is an event of one entry: give one number")
    from register.bulk import each as each_of

    tried = each_of(wanted, do)
    deliver(instance)
    failed = [{"number": one.number, "problem": one.problem} for one in tried if not one.entry]
    data = {"done": [one.number for one in tried if one.entry], "failed": failed}

    def people() -> None:
        for one in tried:
            if one.entry:
                say(said(one.entry))
        if failed:
            rows = [(one["number"], one["problem"]) for one in failed]
            table(f"Not done with {count(len(failed), 'entry', 'entries')}", ["number", "why"], rows)

    answer(as_json, data, people)
    if failed:
        sys.exit(1)


def told(instance: Services, done: "Entry", as_json: bool, said: str) -> None:
    """Publish what was done with an entry, and tell of it."""
    from register import views

    deliver(instance)
    may = rights(instance)
    if not views.may(done.number, may):  # whoever has just given it away, or a rule that made it secret
        unseen = said or f"{done.number} is entered. You may not see it."
        answer(as_json, {"number": done.number}, lambda: say(unseen))
        return
    now = views.show(done.number, may)
    who = holder(now["department"], now["person"])
    entered = f"{done.number} is entered, {now['status']}{f', with {who}' if who else ''}."
    answer(as_json, now, lambda: say(said or entered))


def _given(numbers: Sequence[str]) -> list[str]:
    read = (sys.stdin.read().split() if one == "-" else [one] for one in numbers)
    wanted = list(dict.fromkeys(number for some in read for number in some))
    if not wanted:
        raise Usage("No number is given: name an entry, or several; - reads them from standard input")
    return wanted
