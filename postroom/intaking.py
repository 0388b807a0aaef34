"""``intake``, ``up``, ``demo``, ``sample``: taking in what was scanned."""

import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from infra.wiring import Services, with_max_error
from postroom.context import services
from postroom.learning import MaxError
from postroom.output import answer, aside, count, percent, say, table
from postroom.progress import Progress
from postroom.searching import Json

if TYPE_CHECKING:
    from flows.intake import Intake

Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 also when something was refused.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(intake)
    app.command()(up)
    app.command()(sample)


def drop_folder(instance: Services, drop: Path | None) -> Path:
    """The folder that holds the stations' folders."""
    if drop is None:
        instance.drop.mkdir(parents=True, exist_ok=True)
        return instance.drop
    if not drop.is_dir():
        raise Usage(f"{drop} is not a folder. Name the folder that holds the stations' folders.")
    return drop.resolve()


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or a termination sets; the work ends at a page and goes on at the next start."""
    stop = threading.Event()

    def asked(*_: object) -> None:
        if not stop.is_set():
            aside.print("Stopping after the pages in work. The next start goes on from there.")
        stop.set()

    signal.signal(signal.SIGINT, asked)
    signal.signal(signal.SIGTERM, asked)
    return stop


def intake(
    drop: Annotated[Path | None, typer.Argument(help="Drop folder; default: drop/ in the home.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, file it and end.")] = False,
    strict: Strict = False,
    max_error: MaxError = None,
    as_json: Json = False,
) -> None:
    """File what is dropped: without --once, watch for more until stopped."""
    instance = with_max_error(services(), max_error)
    folder = drop_folder(instance, drop)
    from flows.intake import intake as run

    start = time.monotonic()
    with Progress(endless=not once) as progress:
        done = run(instance, folder, once=once, stop=stop_on_signals(), watch=progress)
    finish(instance, done, as_json, strict, time.monotonic() - start)


def up(
    drop: Annotated[Path | None, typer.Argument(help="Drop folder; default: drop/ in the home.")] = None,
    until_idle: Annotated[
        bool,
        typer.Option("--until-idle", help="End when all that is there is filed, instead of watching on."),
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the Prefect server's pages; 0: any that is free.")] = 0,
    strict: Strict = False,
    max_error: MaxError = None,
    as_json: Json = False,
) -> None:
    """File what is dropped as Prefect flow runs, under a local Prefect server with its pages on loopback."""
    instance = with_max_error(services(), max_error)
    folder = drop_folder(instance, drop)
    start = time.monotonic()
    with Progress(endless=not until_idle) as progress:
        done = run_up(instance, folder, until_idle, port, progress)
    finish(instance, done, as_json, strict, time.monotonic() - start)


def run_up(instance: Services, folder: Path, until_idle: bool, port: int, progress: Progress) -> "Intake":
    """Start the Prefect server, if none is configured, and run the flows under it."""
    from infra.prefect import prefect_api

    with prefect_api(instance, port) as url:
        progress.note(f"Prefect shows the runs at {url}")
        from flows.serve import serve

        return serve(instance, folder, once=until_idle, stop=stop_on_signals(), watch=progress)


def report(instance: Services, done: "Intake", seconds: float) -> dict[str, Any]:
    """The JSON document of an intake."""
    from register import views

    batches = views.batches(done.batches)
    failed = {one.batch for one in done.failures}
    return {
        "batches": len(batches),
        "pages": sum(one["pages"] for one in batches),
        "fates": views.fates(done.batches),
        "entries": [_entry(document) for document in views.filed_in(done.batches)],
        "refused": [
            {"source": one.claim.source, "page": one.page, "reason": one.reason, "fix": one.fix}
            for one in views.refused_in(done.batches)
        ],
        "duplicates": views.duplicates_in(done.batches),
        "alarms": [{"source": one["source"], "alarm": alarm} for one in batches for alarm in one["alarms"]],
        "failed": [{"batch": one.batch, "source": one.source, "reason": one.reason} for one in done.failures],
        "held": [{"source": source, "why": why} for source, why in done.held],
        "unfinished": [one["batch"] for one in batches if not one["done"]],
        "stopped": [one["source"] for one in batches if not one["done"] and one["batch"] not in failed],
        "seconds": round(seconds, 2),
    }


def _entry(document: Any) -> dict[str, Any]:
    from register import contents, views

    source, pages = views.source_range(document)
    return {
        "number": document.entry.number,
        "document": document.key,
        "class": document.label,
        "guess": document.guess,
        "probability": round(document.probability, 4),
        "why": document.why or None,
        "pages": document.pages,
        "language": document.language or None,
        "object": contents.object_key_of(document, ("pdfa", "pdf")),
        "source": source,
        "page_range": list(pages),
    }


def finish(instance: Services, done: "Intake", as_json: bool, strict: bool, seconds: float = 0.0) -> None:
    """Print what an intake did and end with the exit code that says how it went."""
    data = report(instance, done, seconds)
    answer(as_json, data, lambda: print_report(data))
    if data["failed"] or data["unfinished"] or (strict and data["refused"]):
        sys.exit(1)


def print_report(data: dict[str, Any]) -> None:
    """Print what an intake did, for people."""
    if not any(data[part] for part in ("batches", "held", "failed")):
        say("Nothing to file.")
        return
    if data["entries"]:
        filed = [
            (
                one["number"],
                one["class"] or f"? {one['guess']}",
                # That of a guess is left out: high for what is unlike anything seen, it would mislead.
                percent(one["probability"]) if one["class"] else "",
                one["pages"],
                one["language"],
                f"{Path(one['source']).name} {_pages(one['page_range'])}",
            )
            for one in data["entries"]
        ]
        table(f"{len(filed)} filed", ["number", "class", "prob.", "pages", "lang.", "from"], filed)
    print_to_review(data["entries"])
    if data["refused"]:
        rows = [
            (Path(one["source"]).name, one["page"] or "all", one["reason"], one["fix"])
            for one in data["refused"]
        ]
        table(
            f"{len(rows)} refused (see: postroom exceptions list)",
            ["file", "page", "reason", "what to do"],
            rows,
        )
    if data["duplicates"]:
        again = [(Path(one["source"]).name, one["of"]) for one in data["duplicates"]]
        table(f"{len(again)} received before, not filed again", ["file", "the same as"], again)
    for one in data["alarms"]:
        say(f"Look at {one['source']}: {one['alarm']}", style="yellow")
    for one in data["held"]:
        say(f"Not taken yet: {one['source']} ({one['why']})", style="yellow")
    for source in data["stopped"]:
        say(f"Not finished: {source}. The next start goes on with it.", style="yellow")
    for one in data["failed"]:
        say(f"Not done: {_failure(one['source'], one['reason'])}", style="red")
    fates = ", ".join(f"{number} {kind}" for kind, number in data["fates"].items() if number)
    done = f"{count(data['pages'], 'page')} of {count(data['batches'], 'batch', 'batches')}"
    say(f"{done} in {data['seconds']:.0f} s: {fates}")


def print_to_review(entries: list[dict[str, Any]]) -> None:
    """Say how many of these go to a person, and why."""
    reasons = Counter(one["why"] or "no class" for one in entries if one["class"] is None)
    if reasons:
        told = ", ".join(f"{number} {why}" for why, number in reasons.most_common())
        say(f"{reasons.total()} to review (postroom review list): {told}", style="yellow")


def _failure(source: str, reason: str) -> str:
    """The reason, with what it is about unless it says that itself."""
    return reason if not source or source.lower() in reason.lower() else f"{source}: {reason}"


def _pages(page_range: list[int]) -> str:
    first, last = page_range
    return f"p. {first}" if first == last else f"p. {first}-{last}"


def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write the drop folders and truth.jsonl into.")],
    batches: Annotated[
        int, typer.Option(min=2, help="How many batches; the second is broken on purpose.")
    ] = 12,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    as_json: Json = False,
) -> None:
    """Write sample mail as a mailroom scans it, with the truth about every page."""
    from domain.wire import to_plain
    from samples.generate import write_samples

    if (folder / "truth.jsonl").exists():
        raise Usage(f"{folder} holds sample mail already. Name another folder.")
    made = write_samples(folder, batches, seed)
    people = (
        f"{count(made.pages, 'page')}, {count(made.documents, 'document')} "
        f"in {count(made.files, 'file')}: {folder}"
    )
    answer(as_json, to_plain(made), lambda: say(people))
