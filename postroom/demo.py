"""``demo``: the main job on sample mail, from the drop folder to a search hit."""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import typer

from domain.entry import Query
from infra.wiring import Services
from postroom.context import services
from postroom.intaking import print_report, print_to_review, report, run_up
from postroom.output import count, percent, say, table
from postroom.progress import Progress
from postroom.searching import print_hits

BATCHES, SEED = 12, 7
QUERY = "factura"


def add_to(app: typer.Typer) -> None:
    """Add this verb."""
    app.command()(demo)


def demo() -> None:
    """File a sample batch as Prefect flow runs, search it, and say where to look next."""
    instance = services()
    drop = _drop_sample(instance)
    say("Filing the sample mail as Prefect flow runs (the server takes half a minute to start) ...")
    start = time.monotonic()
    with Progress() as progress:
        done = run_up(instance, drop, True, 0, progress)
    data = report(instance, done, time.monotonic() - start)
    _print_entries(data)
    print_report({**data, "entries": []})
    if not data["entries"] and data["duplicates"]:
        say("This mail was filed before: nothing was filed twice.", style="green")
    say("")
    query = Query(QUERY, limit=3)
    searching = time.perf_counter()
    found = instance.index.search(query)
    print_hits(query.text, found, time.perf_counter() - searching)
    _where_next(instance, data, found.hits[0].number if found.hits else "")
    if data["failed"] or data["unfinished"]:
        sys.exit(1)


def _drop_sample(instance: Services) -> Path:
    """The sample in the drop folder, as a scanner leaves it there; it is written once and then copied."""
    from samples.generate import write_samples

    sample = instance.home / "sample"
    if not (sample / "truth.jsonl").exists():
        say(f"Writing sample mail to {sample} ...")
        made = write_samples(sample, BATCHES, SEED)
        say(
            f"{count(made.pages, 'page')}, {count(made.documents, 'document')} "
            f"in {count(made.files, 'file')}."
        )
    shutil.copytree(sample, instance.drop, dirs_exist_ok=True)
    return instance.drop


def _print_entries(data: dict[str, Any]) -> None:
    from register import views

    if not data["entries"]:
        return
    rows = []
    for one in data["entries"]:
        entry = views.entry(one["number"])
        sender = next((row.written for row in entry.parties.filter(role="sender")), "")
        label = f"{one['class']} {percent(one['probability'])}" if one["class"] else f"? {one['guess']}"
        rows.append(
            (
                one["number"],
                label,
                one["pages"],
                sender,
                entry.subject,
                entry.reference,
            )
        )
    table(
        count(len(rows), "entry", "entries"),
        ["number", "class", "pages", "sender", "subject", "reference"],
        rows,
    )
    print_to_review(data["entries"])


def _where_next(instance: Services, data: dict[str, Any], number: str) -> None:
    number = number or (data["entries"][0]["number"] if data["entries"] else "NUMBER")
    command = "postroom" if shutil.which("postroom") else ".venv/bin/postroom"
    say("\nWhere to look next", style="bold")
    pad = len(command) + 35
    for line, what in (
        (f"{command} show {number}", "the entry with its fields, page account and history"),
        (f"{command} get {number} -o letter.pdf", "its searchable PDF/A"),
        (f"{command} search 'invoice'", "the archive in full text"),
        (f"{command} exceptions list", "what could not be filed, and why"),
        (f"{command} review list", "documents whose class a person must decide"),
        (f"{command} verify", "that no page, number or object is missing"),
    ):
        say(f"  {line:<{pad}} {what}")
    say(f"  {instance.home / 'archive'!s:<{pad}} the archive itself")
