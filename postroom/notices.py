"""``inbox``, ``notice``, ``webhook``, ``user notices``: what people and programs are told."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from domain.errors import Usage
from domain.office import Webhook
from domain.rights import Action
from infra.wiring import Services
from postroom.acting import act, rights
from postroom.context import services
from postroom.office import By, Name, Why, history, put, removal, user
from postroom.output import answer, count, say, table
from postroom.searching import Json

inbox = typer.Typer(invoke_without_command=True, help="What a user was told.")
notice = typer.Typer(no_args_is_help=True, help="Mail and webhooks on their way out.")
webhook = typer.Typer(no_args_is_help=True, help="Programs that are told of what happens to entries.")

Ids = Annotated[list[int], typer.Argument(help="Ids of notices.")]
Limit = Annotated[int, typer.Option(min=1, max=10000, help="Most that are shown.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    for name, group in (("inbox", inbox), ("notice", notice), ("webhook", webhook)):
        app.add_typer(group, name=name)


@inbox.callback()
def show(
    context: typer.Context,
    unread: Annotated[bool, typer.Option("--unread", help="Only what was not read yet.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show what a user was told, the newest first: postroom inbox --as ben."""
    if context.invoked_subcommand:
        return
    instance = services()
    from register import inbox as notices

    may = _whose(instance)
    found = notices.inbox(may, limit, unread=unread)
    data = {"unread": notices.unread(may), "items": notices.told(found, may.user.language)}
    answer(as_json, data, lambda: _show(data))


@inbox.command()
def read(ids: Ids, as_json: Json = False) -> None:
    """Note that these were read."""
    instance = services()
    from register import inbox as notices

    may = _whose(instance)
    found = notices.read(ids, may, datetime.now(UTC))
    data = notices.told(found, may.user.language)
    answer(as_json, data, lambda: say(f"{count(len(data), 'notice')} read."))


def _whose(instance: Services) -> Any:
    may = rights(instance)
    if may is None:
        raise Usage("Say whose inbox it is: postroom inbox --as USER")
    return may


def _show(data: dict[str, Any]) -> None:
    if not data["items"]:
        say("Nothing.")
        return
    rows = [
        (
            one["id"],
            "" if one["read_at"] else "new",
            one["at"][:16].replace("T", " "),
            one["text"],
            one["subject"],
        )
        for one in data["items"]
    ]
    table(f"{data['unread']} not read", ["id", "", "when", "what", "subject"], rows)


@user.command("notices")
def prefer(
    name: Name,
    ways: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KIND=WAY", help="mail, digest or none; more than once."),
    ] = None,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Show or choose how a user is told: postroom user notices ben --set assigned=digest --as ben."""
    instance = services()
    from postroom.people import deliver
    from register.office import prefer as choose
    from register.office import preferred

    if ways:
        choose(name, dict(map(_way, ways)), act(instance, reason, by))
        deliver(instance)
    data = preferred(name, rights(instance))
    answer(as_json, data, lambda: table(f"{name} is told", ["kind", "beside the inbox"], data.items()))


def _way(text: str) -> tuple[str, str]:
    kind, found, way = text.rpartition("=")
    if not found:
        raise Usage(f"--set {text!r} says no way: write it as assigned=digest")
    return kind.strip().replace("-", " "), way.strip()


def _must_administer(instance: Services) -> None:
    from register.rights import must_anywhere

    must_anywhere(rights(instance), Action.ADMINISTER)


@notice.command("list")
def list_notices(
    failed: Annotated[bool, typer.Option("--failed", help="Those that were given up.")] = False,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Mail and webhooks that wait to go out, the oldest first, with what went wrong."""
    may = rights(services())
    from register.outgoing import listed, told

    data = told(listed(may, failed=failed, limit=limit))

    def people() -> None:
        if not data:
            say("None was given up." if failed else "None waits.")
            return
        rows = [
            (one["id"], one["to"], one["way"], one["kind"], one["number"], one["attempts"], one["error"])
            for one in data
        ]
        table(count(len(data), "notice"), ["id", "to", "way", "kind", "number", "tries", "error"], rows)

    answer(as_json, data, people)


@notice.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Default: all that were given up.")] = None,
    as_json: Json = False,
) -> None:
    """Try notices anew that were given up or rest, and send what is due."""
    instance = services()
    from register.outgoing import retry as again

    tried = again(ids or (), datetime.now(UTC), rights(instance))
    _send(instance, as_json, {"retried": tried})


@notice.command()
def send(as_json: Json = False) -> None:
    """Send what is due now; postroom up, intake and work do so by themselves."""
    instance = services()
    _must_administer(instance)
    _send(instance, as_json, {})


def _send(instance: Services, as_json: bool, data: dict[str, int]) -> None:
    from flows.follow import follow
    from flows.notify import notify
    from register.postings import listed

    follow(instance)
    sent = notify(instance)
    waits = listed(failed=False, limit=10000)
    data = {**data, "sent": sent, "waiting": len(waits)}
    answer(as_json, data, lambda: say(f"{sent} sent; {data['waiting']} wait. See: postroom notice list"))


@webhook.command("add")
def add_webhook(
    name: Name,
    url: Annotated[str, typer.Argument(help="That is told, http or https.")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--event", help="Kind of event that it is told of; more than once. Default: all."),
    ] = None,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let a program be told of what happens: postroom webhook add erp https://... --event moved."""
    instance = services()
    put("webhook", Webhook(name, url, tuple(dict.fromkeys(kind or ()))), reason, by, as_json)
    if name not in instance.settings.webhook_secrets and not as_json:
        say(f"It is told nothing before it has a secret: set webhook_secrets.{name}, docs/settings.md")


@webhook.command("list")
def list_webhooks(as_json: Json = False) -> None:
    """List the webhooks, and whether each has a secret to sign with."""
    instance = services()
    _must_administer(instance)
    from register.decisions import office

    known = instance.settings.webhook_secrets
    data: list[dict[str, Any]] = [
        {"name": one.name, "url": one.url, "kinds": list(one.kinds), "signs": one.name in known}
        for one in sorted(office().webhooks.values(), key=lambda one: one.name)
    ]
    rows = [
        (one["name"], one["url"], ", ".join(one["kinds"]) or "all", "yes" if one["signs"] else "no secret")
        for one in data
    ]
    answer(
        as_json, data, lambda: table(count(len(data), "webhook"), ["name", "url", "events", "signs"], rows)
    )


@webhook.command("history")
def webhook_history(name: Name, as_json: Json = False) -> None:
    """Show what was decided of a webhook, oldest first."""
    _must_administer(services())
    history("webhook")(name, as_json)


webhook.command("remove")(removal("webhook"))
