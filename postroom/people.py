"""``exceptions``, ``review``, ``label``: what a person must decide."""

import getpass
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Usage
from postroom.context import services
from postroom.output import answer, aside, count, percent, say, table
from postroom.searching import Json

exceptions = typer.Typer(no_args_is_help=True, help="Files and pages that could not be filed.")
review = typer.Typer(no_args_is_help=True, help="Documents whose class a person must decide.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(exceptions, name="exceptions")
    app.add_typer(review, name="review")
    app.command()(label)


@exceptions.command("list")
def list_exceptions(as_json: Json = False) -> None:
    """What waits, with the reason and what to do."""
    services()
    from register.problems import open_problems

    data = [
        {
            "id": one.pk,
            "source": one.claim.source,
            "page": one.page,
            "reason": one.reason,
            "fix": one.fix,
            "since": one.since.isoformat(),
        }
        for one in open_problems()
    ]
    answer(as_json, data, lambda: _print_problems(data))


def _print_problems(data: list[dict[str, Any]]) -> None:
    if not data:
        say("No exceptions. Every page was filed.")
        return
    rows = [(one["id"], one["source"], one["page"] or "all", one["reason"], one["fix"]) for one in data]
    table(count(len(data), "exception"), ["id", "file", "page", "reason", "what to do"], rows)


@exceptions.command()
def retry(
    ids: Annotated[list[int], typer.Argument(help="Ids from: postroom exceptions list")],
    ask: Annotated[bool, typer.Option("--password", help="Ask for the password that opens them.")] = False,
    password_file: Annotated[
        Path | None,
        typer.Option(help="File with that password in its first line; - reads it from the input."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try the page or file again; a duplicate is filed."""
    password = _password(ask, password_file)
    instance = services()
    from flows.replay import replay
    from postroom.intaking import finish
    from register.problems import check_passwords

    if password is None:
        check_passwords(ids)
    start = time.monotonic()
    done = replay(instance, ids, password)
    finish(instance, done, as_json, strict=False, seconds=time.monotonic() - start)


def _password(ask: bool, file: Path | None) -> str | None:
    """The password, from a person or a file; never from the command line, where others may see it."""
    if file is not None:
        try:
            with sys.stdin if str(file) == "-" else file.open(encoding="utf-8") as lines:
                return lines.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"{file}: the password cannot be read there ({error})") from error
    return str(typer.prompt("Password", hide_input=True)) if ask else None


@exceptions.command()
def dismiss(
    ids: Annotated[list[int], typer.Argument(help="Ids from: postroom exceptions list")],
    as_json: Json = False,
) -> None:
    """Take lines from the queue. The originals stay in the archive."""
    services()
    from register.problems import dismiss as take_off

    data = [{"id": take_off(one).pk, "state": "dismissed"} for one in ids]
    answer(as_json, data, lambda: say(f"Dismissed: {', '.join(str(one) for one in ids)}"))


@review.command("list")
def list_review(as_json: Json = False) -> None:
    """Documents that the classifier was not sure of."""
    services()
    from register.review import waiting
    from register.views import alternatives

    data: list[dict[str, Any]] = [
        {
            "document": one.key,
            "number": one.entry.number,
            "guess": one.guess,
            "probability": round(one.probability, 4),
            "alternatives": alternatives(one)[:3],
            "pages": one.pages,
            "subject": one.entry.subject,
            "source": one.batch.source,
        }
        for one in waiting()
    ]

    def show() -> None:
        if not data:
            say("Nothing to review.")
            return
        rows = [
            (one["number"], f"{one['guess']} {percent(one['probability'])}", one["subject"], one["document"])
            for one in data
        ]
        table(f"{len(data)} to review", ["number", "guess", "subject", "document"], rows)
        say("Decide with: postroom label NUMBER CLASS")

    answer(as_json, data, show)


def label(
    document: Annotated[
        str, typer.Argument(help="Document id, or the number of an entry with one document.")
    ],
    class_name: Annotated[str, typer.Argument(metavar="CLASS", help="Its class.")],
    as_json: Json = False,
) -> None:
    """Say what class a document is."""
    instance = services()
    from domain.errors import Unavailable
    from flows.publish import publish
    from register.review import label as decide

    decided = decide(document, class_name, actor=getpass.getuser(), at=datetime.now(UTC))
    try:
        publish(instance)
    except Unavailable as error:
        aside.print(f"Labelled. The search will show it later: {error}", markup=False)
    data = {"document": decided.key, "number": decided.entry.number, "class": decided.label}
    answer(as_json, data, lambda: say(f"{decided.entry.number} is {decided.label} now."))
