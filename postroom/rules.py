"""``rule``: what is done with entries as they come in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any

import typer

from domain.errors import Usage
from domain.office import Rule
from domain.rights import Action
from postroom.acting import rights
from postroom.context import services
from postroom.office import By, Name, Why, day, history, listing, put, removal
from postroom.output import answer, count, say, table
from postroom.searching import Json

rule = typer.Typer(no_args_is_help=True, help="What is done with entries as they come in.")

When = Annotated[str | None, typer.Option(help="Condition, such as: class == 'invoice' && amount > 1000.0")]
Order = Annotated[int | None, typer.Option(help="Rules with a lower one are asked first.")]
Assign = Annotated[str | None, typer.Option(help="DEPARTMENT, DEPARTMENT/PERSON or /PERSON.")]
Priority = Annotated[str | None, typer.Option(help="Priority that it gets.")]
Level = Annotated[str | None, typer.Option("--confidentiality", help="Who may know of it.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="May be given more than once.")]
Deadline = Annotated[str | None, typer.Option(help="Deadline of the office that it gets.")]
Notify = Annotated[list[str] | None, typer.Option(help="User or e-mail address; more than once.")]
Look = Annotated[str | None, typer.Option("--second-look", metavar="WHY", help="Let somebody look again.")]
Owner = Annotated[str | None, typer.Option(help="User who answers for it.")]
Since = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day on which it holds.")]
Until = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(rule, name="rule")


@rule.command()
def add(
    name: Name,
    when: When = None,
    order: Order = None,
    assign: Assign = None,
    priority: Priority = None,
    confidentiality: Level = None,
    tag: Tags = None,
    deadline: Deadline = None,
    notify: Notify = None,
    second_look: Look = None,
    owner: Owner = None,
    since: Since = None,
    until: Until = None,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add a rule, or say anew what it does: postroom rule add noise --when "..." --assign works."""
    services()
    then = _then(assign, priority, confidentiality, tag, deadline, notify, second_look)
    made = _made(name, when, order, then, owner, since, until)
    put("rule", made, reason, by, as_json)


@rule.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="A rule to try, new or in place of one that is there.")] = "",
    when: When = None,
    order: Order = None,
    assign: Assign = None,
    priority: Priority = None,
    confidentiality: Level = None,
    tag: Tags = None,
    deadline: Deadline = None,
    notify: Notify = None,
    second_look: Look = None,
    without: Annotated[list[str] | None, typer.Option(help="Leave this rule out; more than once.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="Entries from then on.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="Until then; default: last month.")] = "",
    as_json: Json = False,
) -> None:
    """Show which entries of last month would have gone another way, and what conflicts or never held."""
    instance = services()
    from flows.follow import text_of
    from register.decisions import office
    from register.office import find
    from register.rights import must_anywhere
    from register.rules import came_in, trial

    must_anywhere(rights(instance), Action.ADMINISTER)
    now = office()
    rules = {one: found for one, found in now.rules.items() if one not in (without or ())}
    for one in without or ():
        find("rule", one, now)
    if name:
        before = now.rules.get(name)
        said = _then(assign, priority, confidentiality, tag, deadline, notify, second_look)
        if before and not (when or said or order is not None):
            raise Usage(f"Say what {name} is to do otherwise, or leave it out: --without {name}")
        rules[name] = _made(
            name,
            when or (before.when if before else None),
            order if order is not None else before.order if before else None,
            said or (before.then if before else {}),
            None,
            None,
            None,
        )
    first, last = _span(since, until, instance.settings.zone)
    past = came_in(first, last, instance.settings.zone)
    found = trial(
        now, rules, ((entry.number, on, told, partial(text_of, instance, entry)) for entry, on, told in past)
    )
    data = {"from": first.isoformat(), "to": last.isoformat(), **found}
    answer(as_json, data, lambda: _show(data))


def _show(data: dict[str, Any]) -> None:
    say(f"{count(data['entries'], 'entry', 'entries')} from {data['from']} to {data['to']}")
    rows = [(one["name"], one["matched"], one["overruled"], one["failed"]) for one in data["rules"]]
    if rows:
        table("Rules", ["rule", "held", "overruled", "could not be asked"], rows)
    for one in data["conflicts"]:
        said = f"{one['first']} and {one['second']} say something else of {one['action']}"
        say(f"{said}: {count(one['entries'], 'entry', 'entries')}; {one['first']} is first", style="yellow")
    if data["dead"]:
        say(f"Never held: {', '.join(data['dead'])}", style="yellow")
    if data["changed"]:
        table(
            f"{len(data['changed'])} would go another way",
            ["number", "with the rules of today", "then"],
            [(one["number"], _said(one["before"]), _said(one["after"])) for one in data["changed"]],
        )
    else:
        say("None would go another way.")


def _said(then: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {value if isinstance(value, str) else ', '.join(value)}" for name, value in then.items()
    )


def _then(
    assign: str | None,
    priority: str | None,
    confidentiality: str | None,
    tag: Sequence[str] | None,
    deadline: str | None,
    notify: Sequence[str] | None,
    second_look: str | None,
) -> dict[str, str | tuple[str, ...]]:
    said = {
        "assign": assign,
        "priority": priority,
        "confidentiality": confidentiality,
        "tags": tuple(tag or ()),
        "deadline": deadline,
        "notify": tuple(notify or ()),
        "second look": (second_look,) if second_look else (),
    }
    return {name: value for name, value in said.items() if value}


def _made(
    name: str,
    when: str | None,
    order: int | None,
    then: Any,
    owner: str | None,
    since: str | None,
    until: str | None,
) -> Rule:
    if not when:
        raise Usage("Say when it holds: --when CONDITION, such as \"class == 'invoice'\"; always is: true")
    days = [day(option, text) if text else None for option, text in (("from", since), ("to", until))]
    return Rule(name, 100 if order is None else order, when, then, owner or "", *days)


def _span(since: str, until: str, zone: Any) -> tuple[Any, Any]:
    """The days asked for; last month by default."""
    this_month = datetime.now(UTC).astimezone(zone).date().replace(day=1)
    last = day("to", until) if until else this_month - timedelta(days=1)
    first = day("from", since) if since else last.replace(day=1)
    return first, last


rule.command("list")(listing("rule", ("order", "name", "when", "then", "owner", "since", "until")))
rule.command("history")(history("rule"))
rule.command("remove")(removal("rule"))
