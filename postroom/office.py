"""``department``, ``user``, ``field``, ``closure``, ``delegation``: what the office decides of itself."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from domain.correspondence import Confidentiality
from domain.errors import Usage
from domain.office import KINDS, Closure, CustomField, Delegation, Department, FieldKind, Post, Role, User
from domain.wire import to_plain
from infra.wiring import Services
from postroom.acting import act, rights
from postroom.context import services
from postroom.option_sets import named, with_options
from postroom.output import answer, say, table
from postroom.searching import Json

Name = Annotated[str, typer.Argument(help="Its name.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
By = Annotated[str, typer.Option(help="Who decides it; default: you.", show_default=False)]
Mail = Annotated[str | None, typer.Option(help="E-mail address.")]
Title = Annotated[str | None, typer.Option(help="In words.")]
From = Annotated[str, typer.Option("--from", metavar="DAY", help="First day, 2026-03-31.")]
To = Annotated[str, typer.Option("--to", metavar="DAY", help="Last day.")]
department = typer.Typer(no_args_is_help=True, help="The parts of the office.")
user = typer.Typer(no_args_is_help=True, help="The people who work with Postroom, and what they may do.")
field = typer.Typer(no_args_is_help=True, help="Fields of the office's own.")
closure = typer.Typer(no_args_is_help=True, help="Days on which the office is closed beside its holidays.")
delegation = typer.Typer(no_args_is_help=True, help="Who stands in for the absent.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    for name, group in (
        ("department", department),
        ("user", user),
        ("field", field),
        ("closure", closure),
        ("delegation", delegation),
    ):
        app.add_typer(group, name=name)


class _OfDepartment:
    """The options by which a person says what a department is."""

    title: Title
    parent: Annotated[str | None, typer.Option(help='Department that it belongs to; "" for none.')]
    email: Mail


class _OfUser:
    """The options by which a person says who somebody is."""

    full_name: Annotated[str | None, typer.Option("--name", help="Their full name.")]
    email: Mail
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="ROLE or ROLE@DEPARTMENT, all of them; may be given more than once."),
    ]
    clearance: Annotated[Confidentiality | None, typer.Option(help="The highest level that they may see.")]
    language: Annotated[str | None, typer.Option(help="Of what is written to them, such as en.")]


def _said_of_user(given: dict[str, Any]) -> dict[str, Any]:
    said = named(given)
    return said | ({"posts": _posts(said.pop("role"))} if "role" in said else {})


def _filled(said: dict[str, Any]) -> dict[str, Any]:
    """What says something; the rest is as it is by itself."""
    return {name: value for name, value in said.items() if value}


@department.command("add")
@with_options(_OfDepartment, named)
def add_department(
    name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False
) -> None:
    """Add a department."""
    put("department", Department(name, **_filled(said)), reason, by, as_json)


@department.command("change")
@with_options(_OfDepartment, named)
def change_department(
    name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False
) -> None:
    """Change what is known of a department."""
    change("department", name, said, reason, by, as_json)


@user.command("add")
@with_options(_OfUser, _said_of_user)
def add_user(name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False) -> None:
    """Add somebody: postroom user add ben --role "case handler@works"."""
    put("user", User(name, **_filled(said)), reason, by, as_json)


@user.command("change")
@with_options(_OfUser, _said_of_user)
def change_user(
    name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False
) -> None:
    """Change somebody; --role names all of their roles anew."""
    change("user", name, said, reason, by, as_json)


@user.command("leave")
def user_leaves(name: Name, reason: Why = "", by: By = "", as_json: Json = False) -> None:
    """Somebody leaves: they may do nothing any more; the history keeps their name."""
    instance = services()
    from postroom.people import deliver
    from register.decisions import office
    from register.office import change as write
    from register.office import find
    from register.staff import still_named

    doing = act(instance, reason, by)
    write("user", name, {"active": False}, doing)
    deliver(instance)
    left = still_named(office(), name, doing.at.astimezone(instance.settings.zone).date())

    def people() -> None:
        say(f"user {name} is changed.")
        for one in left:
            say(f"Still names {name}: {one}. Change or remove it.", style="yellow")

    answer(as_json, {**to_plain(find("user", name)), "still_named": left}, people)


@user.command("return")
def user_returns(name: Name, reason: Why = "", by: By = "", as_json: Json = False) -> None:
    """Somebody who left is back."""
    change("user", name, {"active": True}, reason, by, as_json)


@field.command("add")
def add_field(
    name: Name,
    kind: Annotated[FieldKind, typer.Option(help="What it holds.")] = FieldKind.TEXT,
    label: Annotated[str, typer.Option("--class", help="Only entries of this class have it.")] = "",
    title: Title = None,
    choice: Annotated[list[str] | None, typer.Option(help="One of its values; more than once.")] = None,
    required: Annotated[bool, typer.Option("--required", help="It may not be left out.")] = False,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add a field: postroom field add plot --class permit --kind number."""
    if label:
        from infra.classes import must_be

        must_be(services(), label)
    made = CustomField(name, kind, label, title or "", tuple(choice or ()), required)
    put("field", made, reason, by, as_json)


@closure.command("add")
def add_closure(
    name: Name, since: From, until: To, reason: Why = "", by: By = "", as_json: Json = False
) -> None:
    """Close the office on these days: deadlines stand still."""
    put("closure", Closure(name, day("from", since), day("to", until)), reason, by, as_json)


@delegation.command("add")
def add_delegation(
    absent: Annotated[str, typer.Argument(help="User who is away.")],
    deputy: Annotated[str, typer.Argument(help="User who stands in.")],
    since: From,
    until: To,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let a user do, on these days, what the absent one may do with the entries that they hold."""
    name = f"{absent} {since}"
    made = Delegation(name, absent, deputy, day("from", since), day("to", until))
    put("delegation", made, reason, by, as_json)


def day(option: str, text: str) -> date:
    """The day that was written.

    Raises:
        Usage: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"{option} is {text!r}, which is no day: write it as 2026-03-31") from error


def put(kind: str, value: Any, reason: str, by: str, as_json: bool) -> None:
    """Write down that this holds, and say so."""
    instance = services()
    from register.office import put as write

    write(kind, value, act(instance, reason, by))
    told(instance, kind, value.name, as_json, f"{kind} {value.name} is written down.")


def change(kind: str, name: str, said: dict[str, Any], reason: str, by: str, as_json: bool) -> None:
    """Change what was named, and say so."""
    if not said:
        raise Usage("Say what is to change; see --help")
    instance = services()
    from register.office import change as write

    write(kind, name, said, act(instance, reason, by))
    told(instance, kind, name, as_json, f"{kind} {name} is changed.")


def told(instance: Services, kind: str, name: str, as_json: bool, said: str) -> None:
    """Publish, and say what holds under the name now."""
    from postroom.people import deliver
    from register.office import find

    deliver(instance)
    answer(as_json, to_plain(find(kind, name)), lambda: say(said))


def _posts(roles: Sequence[str]) -> tuple[Post, ...]:
    return tuple(map(_post, filter(None, roles)))


def _post(text: str) -> Post:
    name, _, where = text.partition("@")
    try:
        return Post(Role(name.strip().replace("-", " ")), where.strip())
    except ValueError as error:
        known = ", ".join(Role)
        raise Usage(f"role is {name!r}. The roles are: {known}; such as 'registrar@works'") from error


def listing(kind: str, columns: Sequence[str]) -> Callable[..., None]:
    """A command that lists what holds of a kind."""

    def show(as_json: Json = False) -> None:
        may = rights(services())
        from register.decisions import office
        from register.office import told

        found = getattr(office(), KINDS[kind][0])
        data = [told(kind, found[name], may) for name in sorted(found)]

        def people() -> None:
            if not data:
                say("There is none.")
                return
            rows = [[_shown(one[column]) for column in columns] for one in data]
            table(f"{kind}: {len(data)}", [one.replace("_", " ") for one in columns], rows)

        answer(as_json, data, people)

    show.__doc__ = f"List each {kind}."
    return show


def removal(kind: str) -> Callable[..., None]:
    """A command that takes one of a kind away."""

    def remove(name: Name, reason: Why = "", by: By = "", as_json: Json = False) -> None:
        instance = services()
        from postroom.people import deliver
        from register.office import take_away

        take_away(kind, name, act(instance, reason, by))
        deliver(instance)
        answer(as_json, {"name": name, "removed": True}, lambda: say(f"{kind} {name} is gone."))

    remove.__doc__ = f"Take a {kind} away; its history stays."
    return remove


def history(kind: str) -> Callable[..., None]:
    """A command that shows what was decided of one of a kind."""

    def show(name: Name, as_json: Json = False) -> None:
        may = rights(services())
        from register.office import versions

        data = versions(kind, name, may)

        def people() -> None:
            named = ("sequence", "actor", "at", "source", "reason", "value")
            heads = ["decision", "who", "when", "from where", "why", "what holds"]
            table(f"{kind} {name}", heads, [tuple(one[it] for it in named) for one in data])

        answer(as_json, data, people)

    show.__doc__ = f"Show what was decided of a {kind}, oldest first."
    return show


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        where = f"@{value['department']}" if value.get("department") else ""
        return f"{value['role']}{where}" if "role" in value else str(value)
    return str(value)


_COLUMNS = {
    "department": (department, ("name", "title", "parent", "email")),
    "user": (user, ("name", "full_name", "email", "posts", "clearance", "active")),
    "field": (field, ("name", "kind", "label", "title", "choices", "required")),
    "closure": (closure, ("name", "since", "until")),
    "delegation": (delegation, ("name", "absent", "deputy", "since", "until")),
}
for _kind, (_group, _columns) in _COLUMNS.items():
    _group.command("list")(listing(_kind, _columns))
    _group.command("history")(history(_kind))
    if _kind != "user":
        _group.command("remove")(removal(_kind))
