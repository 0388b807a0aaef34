"""``exceptions``, ``review``, ``label``: what a person must decide."""

import sys
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Usage
from infra.wiring import Services
from postroom.acting import act, is_owner, rights
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
    may = rights(services())
    from register.problems import listed, told

    data = told(listed(may))
    answer(as_json, data, lambda: _print_problems(data))


def _for_registry(instance: Services) -> None:
    from register.problems import must_see

    must_see(rights(instance))


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
    _for_registry(instance)
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
    _for_registry(services())
    from register.problems import dismiss as take_off

    data = [{"id": take_off(one).pk, "state": "dismissed"} for one in ids]
    answer(as_json, data, lambda: say(f"Dismissed: {', '.join(str(one) for one in ids)}"))


@review.command("list")
def list_review(as_json: Json = False) -> None:
    """Documents that the classifier was not sure of, and those drawn for a look without its guess."""
    instance = services()
    from register.review import told, waiting

    data = told(waiting(rights(instance)))

    def show() -> None:
        if not data:
            say("Nothing to review.")
            return
        rows = [
            (
                one["number"],
                "(not shown)" if one["blind"] else f"{one['guess']} {percent(one['probability'])}",
                "blind review: say what you see" if one["blind"] else one["why"],
                one["subject"],
                one["document"],
            )
            for one in data
        ]
        table(f"{len(data)} to review", ["number", "guess", "why", "subject", "document"], rows)
        say("Decide with: postroom label NUMBER CLASS")

    answer(as_json, data, show)


@review.command("again")
def judge_again(as_json: Json = False) -> None:
    """Let the model in use judge what waits for a class; what it may file leaves the queue."""
    if not is_owner():
        raise Usage("postroom review again is for the installation's owner: leave out --as")
    instance = services()
    from flows.retrain import judge_again as again

    looked, given = again(instance)
    deliver(instance)
    data = {"judged": looked, "filed": given}
    answer(as_json, data, lambda: say(f"{len(given)} of {looked} have a class now."))


def label(
    document: Annotated[
        str | None,
        typer.Argument(help="Document id, or the number of an entry with one document.", show_default=False),
    ] = None,
    class_name: Annotated[
        str | None, typer.Argument(metavar="CLASS", help="Its class.", show_default=False)
    ] = None,
    many: Annotated[
        Path | None, typer.Option("--from", metavar="CSV", help="Many: columns document, label, reason.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take its class away: a person decides, and no model.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: Annotated[str, typer.Option(help="Who says so; default: you.", show_default=False)] = "",
    as_json: Json = False,
) -> None:
    """Say what class a document is."""
    if many is not None and (document or remove):
        raise Usage("Give either a document or --from CSV")
    if many is None and (document is None or remove == bool(class_name)):
        raise Usage("Name a document and a class, or give --remove: postroom label DOCUMENT CLASS")
    instance = services()
    from infra.classes import today
    from register.review import label as decide

    now = today(instance)
    doing = act(instance, by=by)
    rows = _said_in(many, set(now.values())) if many else [(document or "", class_name or "", reason)]
    data = []
    for name, said_class, why in rows:
        said = decide(
            name, said_class, actor=doing.actor, at=datetime.now(UTC), today=now, reason=why,
            rights=doing.rights, source=doing.source,
        )  # fmt: skip
        data.append(
            {
                "document": said.document.key,
                "number": said.document.entry.number,
                "class": said.document.label,
                "blind": said.blind,
                "differ": said.differ,
            }
        )
    deliver(instance)

    def show() -> None:
        if many:
            say(f"{count(len(data), 'document')} labelled.")
        for one in data:
            if one["differ"]:
                say(f"Two people differ on {one['number']}: somebody must decide. It waits in the review.")
            elif not many:
                say(
                    f"{one['number']} is {one['class']} now."
                    if one["class"]
                    else f"{one['number']} has no class now."
                )

    answer(as_json, data if many else data[0], show)


def _said_in(path: Path, known: Collection[str]) -> list[tuple[str, str, str]]:
    """The rows of a CSV: document, class, reason. All are looked at before any is written."""
    from models.data import numbered

    lines = numbered(path)
    _, heading = next(lines)
    if not {"document", "label"} <= set(heading):
        raise Usage(f"{path} line 1: the heading must name the columns document and label")
    rows = []
    for line, values in lines:
        row = dict(zip(heading, values, strict=False))
        document, name = row.get("document", ""), row.get("label", "")
        if not document or name not in known:
            raise Usage(f"{path} line {line}: {name!r} is no class, or no document is named")
        rows.append((document, name, row.get("reason", "")))
    return rows


def deliver(instance: Services) -> None:
    """Publish what was written; where archive or index do not answer, say that it will be found later."""
    from flows.publish import quietly

    if waits := quietly(instance):
        aside.print(f"Written down. The search will show it later: {waits}", markup=False)
