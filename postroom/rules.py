"""``rule``: what is done with entries as they come in."""

from typing import Annotated, Any

import typer

from domain.errors import Usage
from domain.office import Rule
from postroom.acting import rights
from postroom.context import services
from postroom.office import By, Name, Why, day, history, listing, put, removal
from postroom.option_sets import with_options
from postroom.output import answer, count, say, table
from postroom.searching import Json

rule = typer.Typer(no_args_is_help=True, help="What is done with entries as they come in.")

Owner = Annotated[str | None, typer.Option(help="User who answers for it.")]
Since = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day on which it holds.")]
Until = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(rule, name="rule")


class _Options:
    """The options by which a person says when a rule holds, and what it does."""

    when: Annotated[
        str | None, typer.Option(help="Condition, such as: class == 'invoice' && amount > 1000.0")
    ]
    order: Annotated[int | None, typer.Option(help="Rules with a lower one are asked first.")]
    assign: Annotated[str | None, typer.Option(help="DEPARTMENT, DEPARTMENT/PERSON or /PERSON.")]
    priority: Annotated[str | None, typer.Option(help="Priority that it gets.")]
    confidentiality: Annotated[str | None, typer.Option(help="Who may know of it.")]
    language: Annotated[str | None, typer.Option(help="Language that it gets, two letters.")]
    location: Annotated[str | None, typer.Option(help="Where the paper is to lie.")]
    field: Annotated[
        list[str] | None, typer.Option(help="A field of the office's own, NAME=VALUE; more than once.")
    ]
    tag: Annotated[list[str] | None, typer.Option(help="May be given more than once.")]
    deadline: Annotated[str | None, typer.Option(help="Deadline of the office that it gets.")]
    notify: Annotated[list[str] | None, typer.Option(help="User or e-mail address; more than once.")]
    second_look: Annotated[str | None, typer.Option(metavar="WHY", help="Let somebody look again.")]


def _said_of_rule(given: dict[str, Any]) -> dict[str, Any]:
    """``when``, ``order`` and, by action, what it does ``then``."""
    look = given["second_look"]
    then = {
        "assign": given["assign"],
        "priority": given["priority"],
        "confidentiality": given["confidentiality"],
        "language": (given["language"] or "").lower(),
        "location": given["location"],
        "fields": tuple(given["field"] or ()),
        "tags": tuple(given["tag"] or ()),
        "deadline": given["deadline"],
        "notify": tuple(given["notify"] or ()),
        "second look": (look,) if look else (),
    }
    said = {"when": given["when"], "order": given["order"]}
    return {**said, "then": {name: value for name, value in then.items() if value}}


@rule.command()
@with_options(_Options, _said_of_rule)
def add(
    name: Name,
    said: dict[str, Any],
    owner: Owner = None,
    since: Since = None,
    until: Until = None,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add a rule, or say anew what it does: postroom rule add noise --when "..." --assign works."""
    put("rule", _made(name, owner=owner, since=since, until=until, **said), reason, by, as_json)


@rule.command("test")
@with_options(_Options, _said_of_rule)
def try_out(
    name: Annotated[str, typer.Argument(help="A rule to try, new or in place of one that is there.")] = "",
    said: Any = None,
    without: Annotated[list[str] | None, typer.Option(help="Leave this rule out; more than once.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="Entries from then on.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="Until then; default: last month.")] = "",
    as_json: Json = False,
) -> None:
    """Show which entries of last month would have gone another way, and what conflicts or never held."""
    instance = services()
    from flows.trial import tried
    from register.decisions import office

    rule = _tried(name, office().rules.get(name), **said) if name else None
    first, last = (day(option, text) if text else None for option, text in (("from", since), ("to", until)))
    data = tried(instance, rights(instance), rule, without or (), first, last)
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


def _tried(name: str, before: Rule | None, when: str | None, order: int | None, then: Any) -> Rule:
    """The rule as it is to be tried: what was not said is as it was."""
    if before is None:
        return _made(name, when, order, then)
    if not (when or then or order is not None):
        raise Usage(f"Say what {name} is to do otherwise, or leave it out: --without {name}")
    return _made(name, when or before.when, before.order if order is None else order, then or before.then)


def _made(
    name: str,
    when: str | None,
    order: int | None,
    then: Any,
    owner: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Rule:
    if not when:
        raise Usage("Say when it holds: --when CONDITION, such as \"class == 'invoice'\"; always is: true")
    days = [day(option, text) if text else None for option, text in (("from", since), ("to", until))]
    return Rule(name, 100 if order is None else order, when, then, owner or "", *days)


rule.command("list")(listing("rule", ("order", "name", "when", "then", "owner", "since", "until")))
rule.command("history")(history("rule"))
rule.command("remove")(removal("rule"))
