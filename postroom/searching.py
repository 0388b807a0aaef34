"""``search``, ``show``, ``get``: finding what was filed."""

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from domain.correspondence import held_by
from domain.entry import Query, Results
from domain.errors import Usage
from domain.numbers import numbers_in
from domain.rights import Action
from flows.search import as_told
from flows.search import search as find
from postroom.acting import is_owner, rights
from postroom.context import services
from postroom.output import answer, count, highlighted, minute, percent, say, screen, table

if TYPE_CHECKING:
    from flows.locate import Place
    from register.standing import Void

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(search)
    app.command()(show)
    app.command()(get)


def day(text: str) -> date:
    """The day that an option names."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write it as 2026-11-30") from error


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", -exclusions, subject: sender: number:')],
    label: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    since: Annotated[
        date | None, typer.Option("--from", parser=day, help="Received on or after, 2026-11-30.")
    ] = None,
    until: Annotated[date | None, typer.Option("--to", parser=day, help="Received on or before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many hits.")] = 10,
    boxes: Annotated[
        bool, typer.Option("--boxes", help="Where the words stand: document, its page, their boxes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Search the full text of everything filed."""
    numbers = numbers_in(query.upper())
    instance = services(database=boxes or bool(numbers) or not is_owner())
    may = rights(instance)
    start = time.perf_counter()
    asked = Query(query, label=label, since=since, until=until, limit=limit)
    found = find(instance, asked, may)
    seconds = time.perf_counter() - start
    places: list[Place] = []
    if boxes:
        from flows.locate import locate

        places = locate(instance, query, found.hits)
    void: list[Void] = []
    if numbers:
        from register.numbering import stored
        from register.standing import told

        void = told([stored(one) for one in numbers], may)
    data = {
        "total": found.total,
        "seconds": round(seconds, 4),
        "hits": [as_told(hit) | (_where(places[at]) if boxes else {}) for at, hit in enumerate(found.hits)],
        "facets": found.facets,
        "void": [
            {
                "number": one.number,
                "voided_at": one.voided_at.isoformat(),
                "void_reason": one.reason,
                "replaced_by": list(one.replaced_by),
            }
            for one in void
        ],
    }

    def people() -> None:
        for one in void:
            say(f"{one}. See: postroom show {one.number}", style="yellow")
        if found.total or not void:
            print_hits(query, found, seconds, places)

    answer(as_json, data, people)


def _where(place: "Place") -> dict[str, Any]:
    words = place.words
    return {
        "document": place.document,
        "document_page": place.page,
        "boxes": None if words is None else [{"text": one.text, "box": list(one.box)} for one in words],
        "reason": place.reason,
    }


def print_hits(query: str, found: Results, seconds: float, places: Sequence["Place"] = ()) -> None:
    """Print the hits of a search for people; with ``places`` also where each of them stands."""
    if not found.total:
        say(f"Nothing found for {query!r}. Try fewer or other words; each word must occur.")
        return
    entries = count(found.total, "entry", "entries")
    shown = f"; the first {len(found.hits)}, more with --limit" if len(found.hits) < found.total else ""
    say(f"{entries} for {query!r} in {seconds * 1000:.0f} ms{shown}")
    for at, hit in enumerate(found.hits):
        page = f", page {hit.page}" if hit.page else ""
        say(f"\n{hit.number}  {hit.label or 'class to be reviewed'}{page}  {hit.subject}", style="bold")
        screen.print(highlighted(hit.snippet))
        if places:
            _print_place(places[at])
    for name, counts in found.facets.items():
        values = ", ".join(f"{value} {number}" for value, number in counts.items())
        if values:
            say(f"\n{name}: {values}" if name == next(iter(found.facets)) else f"{name}: {values}")


def _print_place(place: "Place") -> None:
    if place.words is None:
        _whole(f"where it stands cannot be told: {place.reason}", style="red")
    elif place.document:
        words = " ".join(word.text for word in place.words)
        _whole(f"page {place.page} of document {place.document}: {words}")


def _whole(text: str, style: str = "") -> None:
    """Print a line that is never broken: what is copied from it is a whole key or path."""
    screen.print(Text(text, style=style), soft_wrap=True)


def show(number: Annotated[str, typer.Argument(help="Register number.")], as_json: Json = False) -> None:
    """Show an entry: fields, page account, objects, history."""
    instance = services()
    from register import clock_views, views

    data = views.show(number, rights(instance))
    due = [] if as_json else clock_views.due(number, rights(instance))
    answer(as_json, data, lambda: _print_entry(data, due, instance.settings.zone))


def _print_head(data: dict[str, Any], zone: ZoneInfo) -> None:
    say(f"{data['number']}  {data['subject']}", style="bold")
    at = _moment(data["received_at"], zone)
    came = "entered" if data["direction"] == "outgoing" else "received"
    say(f"{data['direction']} by {data['channel']}, {came} {at}, register {data['register']}")
    say(f"{data['status']}, with {held_by(data['department'], data['person'])}", style="bold")
    if data["voided_at"]:
        instead = f"; replaced by {', '.join(data['replaced_by'])}" if data["replaced_by"] else ""
        since = _moment(data["voided_at"], zone)
        _whole(f"VOID since {since}: {data['void_reason']}{instead}", style="bold red")
    usual = {"priority": "normal", "confidentiality": "internal"}
    for name in ("class", "dated", "reference", "priority", "confidentiality", "language", "location"):
        if data[name] and data[name] != usual.get(name):
            say(f"{name}: {data[name]}")
    for name, value in data["custom"].items():
        say(f"{name}: {_value(value)}")
    if data["access"]:
        say(f"shared: {', '.join(data['access'])}")
    if data["tags"]:
        say(f"tags: {', '.join(data['tags'])}")
    for party in data["parties"]:
        known_as = f" ({party['party']})" if party["party"] else ""
        _whole(f"{party['role']}: {party['name']}{known_as}")
    for one in data["relations"]:
        _whole(f"{one['relation']} {one['number']}")
    for one in data["alarms"]:
        _whole(f"Look at batch {one['batch']}: {one['alarm']}", style="yellow")


def _print_entry(data: dict[str, Any], due: Sequence[tuple[str, datetime | None]], zone: ZoneInfo) -> None:
    _print_head(data, zone)
    for deadline, until in due:
        say(f"due {minute(until.isoformat(), zone)}: {deadline}" if until else f"{deadline} stands still")
    for one in data["documents"]:
        label = one["class"] or f"to be reviewed, perhaps {one['guess']}"
        pages = count(one["pages"], "page")
        _whole(
            f"\nDocument {one['document']}: {label} ({percent(one['probability'])}), {pages}, "
            f"batch {one['batch']}{', withdrawn' if one['withdrawn'] else ''}"
            f"{f', replaced by {newer[0]}' if (newer := one['replaced_by']) else ''}",
            style="bold",
        )
        _print_fields(one)
        if one["signatures"]:
            say("Signatures", style="bold")
        for signature in one["signatures"]:
            _whole(f"  {_signature(signature, zone)}")
        for attachment in one["attachments"]:
            _whole(f"Attached: {attachment['source']}  {attachment['key']}")
        codes = [
            (code["text"], code["format"], code["page"], "yes" if code["chosen"] else "no", code["why"])
            for code in one["candidates"]
        ]
        if codes:
            table("Barcodes", ["text", "format", "page of its file", "label", "why"], codes)
        say("Page account", style="bold")
        for first, last, source, page in _runs(one["page_account"]):
            _whole(f"  {_pages(first, last)}: {_pages(page, page + last - first)} of {source}")
        say("Objects", style="bold")
        for kept in one["objects"]:
            _whole(f"  {kept['role']:<9} {kept['size']:>11,} bytes  {kept['key']}")
    table(
        "History",
        ["event", "what", "who", "when", "why"],
        [
            (row["sequence"], _what(row, zone), row["actor"], _moment(row["at"], zone), _why(row))
            for row in data["history"]
        ],
    )


def _what(event: dict[str, Any], zone: ZoneInfo) -> str:
    """What was done, with what it changed where that is short."""
    content = event["content"] or {}
    match event["kind"]:
        case "moved":
            return f"{content.get('from')} → {content.get('to')}"
        case "assigned" | "given back" | "brought back":
            to = content.get("to", {})
            return f"{event['kind']} to {held_by(to.get('department'), to.get('person'))}"
        case "deadline soon" | "deadline passed":
            return f"{event['kind']}: {content.get('deadline')}"
        case "deadline extended":
            dues = [content[one]["due_at"] for one in ("before", "after")]
            before, after = (_moment(one, zone) if one else "standing still" for one in dues)
            return f"{event['kind']}: {content['deadline']}, {before} → {after}"
        case "related" | "no longer related":
            return f"{content.get('relation')} {content.get('number')}"
        case "routed":
            by = ", ".join(content.get("rules", {}))
            return f"routed by {by}" if by else "a rule failed"
        case "amended":
            return "; ".join(["amended", *_changes(content)])
    return str(event["kind"])


def _changes(content: dict[str, Any]) -> Iterator[str]:
    """What an amendment changed, each as ``field: before → after``."""
    before, after = content.get("before", {}), content.get("after", {})
    for name in after:
        if name == "custom":
            fields = sorted({*before[name], *after[name]})
            pairs = [(one, before[name].get(one), after[name].get(one)) for one in fields]
        else:
            pairs = [("class" if name == "label" else name, before[name], after[name])]
        yield from (f"{field}: {_value(old)} → {_value(new)}" for field, old, new in pairs if old != new)
    for role, numbers in content.get("parties", {}).items():
        yield f"{role}: now {', '.join(map(str, numbers))}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value or "")) or "nothing"


def _why(event: dict[str, Any]) -> str:
    content = event["content"] or {}
    failed = [f"{rule} failed: {why}" for rule, why in content.get("failed", {}).items()]
    return "; ".join([*filter(None, [str(content.get("reason") or "")]), *failed])


def _signature(one: dict[str, Any], zone: ZoneInfo) -> str:
    """Whose, when, and whether it holds, in one line."""
    at = f", {_moment(one['signed_at'], zone)}" if one["signed_at"] else ""
    claimed = "" if one["stamped"] or not at else " as the signer says"
    covers = "" if one["whole"] else "; it does not cover what was added later"
    signer, found = one["signer"] or "signer unknown", one["problem"] or "intact and trusted"
    return f"{signer}{at}{claimed}: {found}{covers}"


def _print_fields(document: dict[str, Any]) -> None:
    """The fields and line items. What fails its check has no confidence beside it: it is not good."""
    fields = [
        (
            field["name"],
            field["value"],
            field["page"],
            "" if field["valid"] is False else percent(field["confidence"]),
            {False: "WRONG CHECK DIGITS", True: "checked", None: ""}[field["valid"]],
        )
        for field in document["fields"]
    ]
    if fields:
        table("Fields", ["field", "value", "page", "confidence", "check"], fields)
    lines = [
        (
            *(line[name] for name in ("description", "quantity", "unit_price", "amount", "page")),
            {False: "DOES NOT ADD UP", True: "adds up", None: ""}[line["valid"]],
        )
        for line in document["lines"]
    ]
    if lines:
        table("Line items", ["description", "quantity", "unit price", "amount", "page", "check"], lines)


def _moment(at: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _pages(first: int, last: int) -> str:
    return f"page {first}" if first == last else f"pages {first}-{last}"


def _runs(account: Sequence[dict[str, Any]]) -> Iterator[tuple[int, int, str, int]]:
    """First and last page of what lies in a row in one file, the file, and the first page there."""
    for (source, shift), rows in groupby(account, lambda row: (row["source"], row["page"] - row["position"])):
        positions = [row["position"] for row in rows]
        yield positions[0], positions[-1], source, positions[0] + shift


def get(
    number: Annotated[str, typer.Argument(help="Register number.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; it must not exist yet.")],
    original: Annotated[bool, typer.Option("--original", help="What was received, byte for byte.")] = False,
    document: Annotated[
        str, typer.Option(help="Id of one of its documents, such as an earlier version.", show_default=False)
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Write an entry's PDF/A, or the file it came in, to a file."""
    instance = services()
    from register import contents, views

    entry = views.entry(number, rights(instance), Action.EXPORT)
    if original:
        keys = contents.original_keys(entry, document)
        if len(keys) > 1:
            _get_all(instance.archive, keys, output, force)
            files = [{"key": key, "name": name} for key, name in keys]
            data = {"number": number, "output": str(output), "files": files}
            answer(as_json, data, lambda: say(f"{len(keys)} files in {output}"))
            return
        key = keys[0][0]
    else:
        key = contents.object_key(entry, ("pdfa", "pdf"), document)
    if output.is_dir():
        raise Usage(f"{output} is a folder. Name a file: -o {output / (number + '.pdf')}")
    _write(instance.archive, key, output, force)
    data = {"number": number, "output": str(output), "files": [{"key": key, "name": output.name}]}
    answer(as_json, data, lambda: say(str(output)))


def _get_all(archive: Any, keys: list[tuple[str, str]], folder: Path, force: bool) -> None:
    """The files of a series, each under its place and name, in a folder."""
    if folder.exists() and not folder.is_dir():
        raise Usage(f"{len(keys)} files belong to this entry. Name a folder for them with -o.")
    folder.mkdir(parents=True, exist_ok=True)
    for place, (key, name) in enumerate(keys, start=1):
        _write(archive, key, folder / f"{place:04}-{Path(name).name}", force)


def _write(archive: Any, key: str, output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise Usage(f"{output} exists already. Name another file, or add --force.")
    try:
        with archive.open(key) as stored, output.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 1 << 20)
    except OSError as error:
        raise Usage(f"cannot write {output}: {error.strerror}") from error
