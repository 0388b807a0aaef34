"""``verify``, ``status``, ``doctor``: whether all is well."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from domain.errors import Usage
from postroom.context import home, services
from postroom.output import answer, count, say, table
from postroom.searching import Json


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(verify)
    app.command()(status)
    app.command()(doctor)
    app.command()(rebuild)


def verify(
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Read this share of the archive, longest unchecked first.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Check that no page, number, object, event or search entry is missing or altered."""
    instance = services()
    from flows.verify import verify as check

    data = check(instance, share)
    answer(as_json, data, lambda: _print_check(data))
    if not data["ok"]:
        sys.exit(1)


def _print_check(data: dict[str, Any]) -> None:
    said = [count(data["batches"], "batch", "batches"), count(data["pages"], "page")]
    say(f"{', '.join(said)}, {count(data['objects_checked'], 'object')} checked")
    for name, wrong in data["wrong"].items():
        if wrong:
            say(f"{len(wrong)} {name.replace('_', ' ')}:", style="red")
            for one in wrong[:20]:
                say(f"  {one}")
    for one in data["first_altered"]:
        of = f", entry {one['number']}" if one["number"] else ""
        place = f"register {one['register']}, event {one['sequence']}{of}"
        say(f"The first event that was altered: {place}: {one['problem']}", style="red")
    for one in data["reserved"]:
        numbers = count(one["open"], "number")
        since = count(one["days"], "day")
        say(f"{numbers} of {one['range']} open since {since}: postroom number reconcile {one['range']}")
    if data["ok"]:
        say("All accounted for: no page lost, no number missing, nothing altered.", style="green")


def status(as_json: Json = False) -> None:
    """What waits, what is in work, what is stuck."""
    instance = services()
    from flows.follow import desk
    from register.clock_views import totals
    from register.following import undone
    from register.unheld import without_holder
    from register.views import status as look

    now, with_all = datetime.now(UTC), desk(instance)
    unheld = without_holder(with_all.office, with_all.calendar.day_of(now), with_all.states)
    data = {
        **look(now, instance.settings.stuck_after_seconds),
        "deadlines": totals(now),
        "without_holder": len(unheld),
        "undone": undone(),
    }
    answer(as_json, data, lambda: _print_status(data))


_ALARMS = 10  # said; a screen has room for no more


def _print_status(data: dict[str, Any]) -> None:
    void = f", {data['void']} of them void" if data["void"] else ""
    say(f"{count(data['entries'], 'entry', 'entries')} in the register{void}")
    if data["damaged_objects"]:
        lost = count(data["damaged_objects"], "damaged object")
        say(f"{lost} in the archive. See which: postroom verify --share 0", style="red")
    if data["without_holder"]:
        lost = count(data["without_holder"], "entry", "entries")
        say(f"Nobody can work on {lost}. Which, and to bring them back: postroom clock check", style="red")
    for one in data["undone"][:_ALARMS]:
        say(f"{one['number']}: {one['what']} was not done: {one['why']}", style="red")
    if data["undone"]:
        say(f"{len(data['undone'])} not done. To try once more: postroom clock run", style="red")
    due = data["deadlines"]
    if due["running"]:
        say(
            f"{count(due['running'], 'deadline')} running, {due['passed']} passed. Which: postroom clock list"
        )
    rows = [
        (name, queue["length"], "" if queue["age"] is None else _age(queue["age"]))
        for name, queue in data["queues"].items()
    ]
    table("Queues", ["queue", "waiting", "oldest"], rows)
    for one in data["alarms"][:_ALARMS]:
        say(f"Look at batch {one['batch']}, {one['source']}: {one['alarm']}", style="yellow")
    if data["alarms"]:
        more = max(len(data["alarms"]) - _ALARMS, 0)
        also = f"{count(more, 'alarm')} more today (--json). " if more else ""
        say(f"{also}How a batch stands, and to put it right: postroom resplit BATCH")
    if not data["batches"]:
        say("No batch in work.")
        return
    batches = [
        (
            one["batch"],
            one["station"],
            one["source"],
            f"{one['pages_done']} of {one['pages_known']}",
            "" if one["pages_per_minute"] is None else f"{one['pages_per_minute']:.0f}/min",
            "" if one["seconds_left"] is None else _age(one["seconds_left"]),
            _age(one["age"]),
            "STUCK" if one["stuck"] else one["state"],
        )
        for one in data["batches"]
    ]
    table("In work", ["batch", "station", "source", "pages", "rate", "left", "age", "state"], batches)


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def rebuild(
    index: Annotated[bool, typer.Option("--index", help="Make the search index anew.")] = False,
    from_archive: Annotated[
        bool, typer.Option("--from-archive", help="Make the register and the index anew.")
    ] = False,
    sizes_only: Annotated[
        bool, typer.Option("--sizes-only", help="Of what need not be read compare the size only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make anew what can be made: the index from the register, or both from the archive alone."""
    if index == from_archive:
        raise Usage("Say what to make anew: postroom rebuild --index, or postroom rebuild --from-archive")
    if sizes_only and index:
        raise Usage("--sizes-only is for postroom rebuild --from-archive.")
    instance = services()
    from flows import rebuild as anew

    if index:
        held = anew.rebuild_index(instance)
        answer(
            as_json,
            {"entries": held},
            lambda: say(f"The index holds {count(held, 'entry', 'entries')} again."),
        )
        return
    data = anew.rebuild(instance, sizes_only=sizes_only)
    answer(as_json, data, lambda: _print_rebuilt(data))
    if not data["ok"]:
        sys.exit(1)


def _print_rebuilt(data: dict[str, Any]) -> None:
    made = [
        count(data["entries"], "entry", "entries"),
        count(data["documents"], "document"),
        count(data["batches"], "batch", "batches"),
        count(data["pages"], "page"),
        count(data["events"], "event"),
        count(data["objects"], "object"),
    ]
    say(f"Made anew from the archive: {', '.join(made)}; {data['indexed']} in the index")
    if data["orphans"]:
        say(f"The archive holds {count(data['orphans'], 'object')} that no record names.")
    if data["differences"]:
        say(f"{count(len(data['differences']), 'difference')}:", style="red")
        for one in data["differences"]:
            say(f"  {one['key']}: {one['problem']}")
    elif data["compared"] == "hashes":
        say("All is as it was: every object was read, and none is altered.", style="green")
    if data["compared"] == "sizes":
        say("Only records, manifests and texts were read. To read the rest: postroom verify")


def doctor(as_json: Json = False) -> None:
    """Say what is in use, what is missing and how to mend it."""
    from infra.doctor import examine

    data = examine(home())
    answer(as_json, data, lambda: _print_health(data))
    if not data["ok"]:
        sys.exit(1)


def _print_health(data: dict[str, Any]) -> None:
    rows = [(one["name"], "ok" if one["ok"] else "WRONG", one["found"], one["fix"]) for one in data["checks"]]
    table(f"Postroom {data['version']} in {data['home']}", ["what", "", "found", "to mend it"], rows)
    say("The main job can run." if data["ok"] else "The main job cannot run yet.")
