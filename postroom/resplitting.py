"""``resplit``: how a batch was cut, and cutting it otherwise."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from postroom.context import services
from postroom.output import answer, count, say, table
from postroom.progress import Progress
from postroom.searching import Json

if TYPE_CHECKING:
    from domain.layout import Change, Place, StandingPage
    from flows.resplit import Done
    from register.models import Batch
    from register.refiling import Outcome
    from register.words import Lost

Pages = list[str]


def add_to(app: typer.Typer) -> None:
    """Add this verb."""
    app.command()(resplit)


def resplit(
    batch: Annotated[str, typer.Argument(help="A batch, or the register number of a document in it.")],
    documents: Annotated[
        Pages | None,
        typer.Argument(
            metavar="[PAGES]...", help="Each a document that there is to be: 1-3, or 6,4-5, or two numbers."
        ),
    ] = None,
    blank: Annotated[Pages | None, typer.Option(metavar="PAGES", help="Leave out, as blank.")] = None,
    separator: Annotated[
        Pages | None, typer.Option(metavar="PAGES", help="Leave out, as separator sheets.")
    ] = None,
    rotate: Annotated[
        Pages | None, typer.Option(metavar="PAGES=DEGREES", help="Turn clockwise by 90, 180 or 270.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the history. Needed to change anything.")] = "",
    attempt: Annotated[int | None, typer.Option(help="Only if the batch is still in this attempt.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of it, no more.")] = False,
    as_json: Json = False,
) -> None:
    """Show how a batch was cut; with pages or options, cut, merge, order or turn it anew."""
    from capture.edits import Edits

    edits = Edits(*(tuple(one or ()) for one in (documents, blank, separator, rotate)))
    if edits and not dry_run and not reason.strip():
        raise Usage(
            "Say why, for the history: --reason TEXT. Or see first what would become of it: --dry-run"
        )
    instance = services()
    from flows import resplit as flow
    from register import resplits

    found = resplits.find(batch)
    change: dict[str, Any] | None = None
    if edits and dry_run:
        resplits.must_stand(found, attempt)
        pages = flow.look(instance, found)
        change = _foreseen(pages, *flow.plan(pages, edits))
    elif edits:
        with Progress() as progress:
            done = flow.resplit(
                instance,
                found,
                edits,
                reason=reason,
                actor=getpass.getuser(),
                attempt=attempt,
                watch=progress,
            )
        found = resplits.find(str(found.pk))
        pages = flow.look(instance, found)
        change = _became(found, pages, done)
    else:
        pages = flow.look(instance, found)
    data = {
        "batch": found.pk,
        "source": found.source,
        "state": found.state,
        "attempt": found.attempt,
        "alarms": found.alarms,
        "pages": [_page(at, page, found) for at, page in enumerate(pages, start=1)],
        "edits": [
            {name: edit[name] for name in ("attempt", "actor", "at", "reason", "said", "refused")}
            for edit in found.edits
        ],
        "change": change,
    }
    answer(as_json, data, lambda: _print(data))
    if change and (change["refused"] or change["resumed"]):
        sys.exit(1)


def _page(at: int, page: "StandingPage", batch: "Batch") -> dict[str, Any]:
    files = {one.ordinal: one.source for one in batch.claims.all()}
    return {
        "page": at,
        "file": page.place[0] + 1,
        "file_page": page.place[1],
        "source": files[page.place[0]],
        "fate": page.kind.value,
        "reason": page.reason,
        "number": page.number,
        "document": page.document,
        "position": page.position,
        "rotation": page.rotation,
    }


def _counted(pages: Sequence["StandingPage"]) -> dict["Place", int]:
    return {page.place: at for at, page in enumerate(pages, start=1)}


def _foreseen(pages: Sequence["StandingPage"], change: "Change", outcome: "Outcome") -> dict[str, Any]:
    counted = _counted(pages)
    return {
        "dry_run": True,
        "resumed": False,
        "refused": "",
        "pending": "",
        "void": list(outcome.void),
        "withdrawn": list(outcome.withdrawn),
        "filed": [
            {
                "pages": [counted[place] for place in cut.pages],
                "number": outcome.attached.get(ordinal),
                "document": None,
                "class": outcome.kept.get(ordinal),
                "guess": None,
                "probability": None,
                "not_kept": _not_kept(outcome.lost.get(ordinal, ()), counted),
            }
            for ordinal, cut in enumerate(change.separation.documents)
        ],
        "dropped": [
            {"page": counted[fate.source, fate.page], "fate": fate.kind.value}
            for fate in change.separation.fates
            if fate.document is None
        ],
    }


def _became(batch: "Batch", pages: Sequence["StandingPage"], done: "Done") -> dict[str, Any]:
    from register.refiling import became

    counted = _counted(pages)
    now = became(batch)
    held: dict[str | None, list[StandingPage]] = {}
    for page in pages:
        held.setdefault(page.document, []).append(page)
    return {
        "dry_run": False,
        "resumed": done.resumed,
        "refused": done.refused,
        "pending": done.pending,
        "void": list(now.void),
        "withdrawn": list(now.withdrawn),
        "filed": [
            {
                "pages": [counted[one.place] for one in sorted(held[document.key], key=_position)],
                "number": document.entry.number,
                "document": document.key,
                "class": document.label,
                "guess": document.guess,
                "probability": round(document.probability, 4),
                "not_kept": _not_kept(now.lost.get(at, ()), counted),
            }
            for at, document in enumerate(now.filed)
        ],
        "dropped": [{"page": counted[place], "fate": kind} for place, kind in now.dropped],
    }


def _not_kept(lost: "Lost", counted: dict["Place", int]) -> list[dict[str, Any]]:
    return [{"class": name, "pages": [counted[place] for place in places]} for name, places in lost]


def _position(page: "StandingPage") -> int:
    return page.position or 0


def _print(data: dict[str, Any]) -> None:
    change = data["change"]
    if change is None or change["resumed"]:
        rows = list(_rows(data["pages"]))
        columns = ["pages", "fate", "number", "pages there", "turned", "from"]
        table(f"Batch {data['batch']}, attempt {data['attempt']}, {data['state']}", columns, rows)
        for alarm in data["alarms"]:
            say(f"Look: {alarm}", style="yellow")
        for edit in data["edits"]:
            ended = f"; not done: {edit['refused']}" if edit["refused"] else ""
            say(f"{edit['at'][:16]} {edit['actor']}: {edit['said']} ({edit['reason']}){ended}")
    if change is not None:
        _print_change(data["batch"], change)


def _rows(pages: Sequence[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    """Pages in a row that share all but their places are one row."""
    runs: list[list[dict[str, Any]]] = []
    for page in pages:
        last = runs[-1][-1] if runs else None
        same = last and all(last[name] == page[name] for name in ("file", "document", "fate", "rotation"))
        if last and same and (page["position"] is None or page["position"] == last["position"] + 1):
            runs[-1].append(page)
        else:
            runs.append([page])
    for run in runs:
        first, last = run[0], run[-1]
        fate = f"{first['fate']}: {first['reason']}" if first["reason"] else first["fate"]
        turned = "" if first["rotation"] is None else f"{first['rotation']}°"
        source = f"{first['file']}:{_span(first['file_page'], last['file_page'])} {first['source']}"
        yield (
            _span(first["page"], last["page"]),
            fate,
            first["number"],
            _span(first["position"], last["position"]),
            turned,
            source,
        )


def _span(first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"


def _print_change(batch: int, change: dict[str, Any]) -> None:
    if change["resumed"]:
        say("An earlier resplit was stopped half-way; it was carried out now, yours was not. Look again:")
        say(f"postroom resplit {batch}")
    if change["refused"]:
        say(f"Nothing was changed: {change['refused']}", style="red")
        return
    will, was = ("would be", "would not be") if change["dry_run"] else ("is", "was not")
    for number in change["void"]:
        say(f"{number} {will} void")
    for document in change["withdrawn"]:
        say(f"document {document} {will} withdrawn, its entry goes on")
    for one in change["filed"]:
        number = one["number"] or "a new number"
        said = one["class"] or (f"? {one['guess']}" if one["guess"] else "")
        say(f"{number} {will} {_pages(one['pages'])} {said}".rstrip())
        for lost in one["not_kept"]:
            say(f"class {lost['class']} {was} kept for {_pages(lost['pages'])}", style="yellow")
    for one in change["dropped"]:
        say(f"page {one['page']} {will} in no document: {one['fate']}")
    if change["pending"]:
        say(f"Done. The search will show it later: {change['pending']}", style="yellow")
    if change["dry_run"]:
        say(f"Nothing was changed. {count(len(change['filed']), 'document')} to file, with --reason TEXT.")


def _pages(pages: Sequence[int]) -> str:
    return f"{'pages' if len(pages) > 1 else 'page'} {_listed(pages)}"


def _listed(pages: Sequence[int]) -> str:
    """Pages as an operator writes them."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ",".join(_span(run[0], run[-1]) for run in runs)
