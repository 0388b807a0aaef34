"""Notify: what people and programs are to be told goes out, by mail and by webhook."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from hashlib import sha256
from itertools import groupby

import httpx
import structlog

from domain.errors import Deferred, Refused, Unavailable
from domain.notices import DIGEST, MAIL, RECEIPT
from domain.office import Office
from flows.leases import only_one, taken
from infra import webhooks
from infra.mail import Send
from infra.settings import Settings
from infra.wiring import Services, open_mail
from letters import notices as letters
from letters.notices import Item
from register import postings
from register.decisions import office
from register.models import Notice
from register.notices import WEBHOOK, may_know
from register.telling import DISCREET

log = structlog.get_logger()
_LEASE, _HELD = "notify", 600  # seconds: sending one mail takes several answers of a slow server
_ROWS = 200
_TURN = 30.0  # seconds until the lease is let go
Clock = Callable[[], datetime]
_now: Clock = partial(datetime.now, UTC)


class _Withheld(Exception):
    """Whom it was meant for is not told of it any more."""


def notify(services: Services, clock: Clock = _now) -> int:
    """Send what is due; returns how many mails and webhooks went. Another process at it is left to it.

    A server or receiver that does not answer rests, longer each time, and holds up nobody else. What was
    refused for good, or could not be sent for days, is kept with the reason. A notice goes twice only if
    this dies between the sending and its being noted; both bear the same Message-ID or Webhook-Id.
    """
    count = 0
    until = time.monotonic() + _TURN
    with only_one(_LEASE, _HELD) as (held, renew):
        if not held:
            return 0
        postings.ripen(last_hour(services.settings, clock()), clock())
        for send in (_mail, _webhooks):
            while time.monotonic() < until and renew() and (rows := _due(send, clock())):
                count += send(services, rows, clock, renew)
    return count


def _due(send: object, at: datetime) -> list[Notice]:
    return postings.due(MAIL if send is _mail else WEBHOOK, at, _ROWS)


def anything_due(services: Services) -> bool:
    """Whether something is to be sent now, and nobody is at it."""
    at = _now()
    return postings.anything_due(at, last_hour(services.settings, at)) and not taken(_LEASE)


def last_hour(settings: Settings, at: datetime) -> datetime:
    """When digests were last to go."""
    here = at.astimezone(settings.zone)
    hour = here.replace(hour=settings.mail.digest_hour, minute=0, second=0, microsecond=0)
    return (hour if hour <= here else hour - timedelta(days=1)).astimezone(UTC)


def _mail(services: Services, rows: Sequence[Notice], clock: Clock, renew: Callable[[], bool]) -> int:
    count, now = 0, office()
    try:
        with open_mail(services).session() as send:
            for group in postings.together(rows):
                if not renew():
                    break
                count += _each(group, partial(_send_mail, services, now, group, send, clock()), clock)
        postings.answered(MAIL, "")
    except Unavailable as error:
        log.warning("no mail goes out now; it will be tried again", reason=str(error))
        postings.rest(MAIL, "", clock(), str(error))
    return count


def _webhooks(services: Services, rows: Sequence[Notice], clock: Clock, renew: Callable[[], bool]) -> int:
    count, now = 0, office()
    in_order = sorted(rows, key=lambda one: (one.to, one.pk))
    with webhooks.open_client() as client:
        for name, some in groupby(in_order, lambda one: one.to):
            try:
                for row in some:
                    if not renew():
                        return count
                    count += _each([row], partial(_post, services, now, row, client, clock()), clock)
                postings.answered(WEBHOOK, name)
            except Unavailable as error:
                log.warning("a webhook takes nothing now", webhook=name, reason=str(error))
                postings.rest(WEBHOOK, name, clock(), str(error))
    return count


def _each(rows: Sequence[Notice], send: Callable[[], None], clock: Clock) -> int:
    """Send, and note what came of it; 1 if it went.

    Raises:
        Unavailable: its destination takes nothing now.
    """
    try:
        send()
    except (Refused, _Withheld) as error:
        postings.give_up(rows, str(error))
        return 0
    except Deferred as error:
        postings.later(rows, str(error), clock())
        return 0
    except Unavailable:
        raise
    except Exception as error:  # a fault of ours costs no other notice
        log.exception("a notice cannot be sent", key=rows[0].key)
        postings.later(rows, f"{type(error).__name__}: {error}", clock())
        return 0
    postings.went(rows, clock())
    return 1


def _post(services: Services, now: Office, row: Notice, client: httpx.Client, at: datetime) -> None:
    hook = now.webhooks.get(row.to)
    if hook is None:
        raise _Withheld("this webhook was taken away")
    secret = services.settings.webhook_secrets.get(row.to)
    if secret is None:
        raise Unavailable(f"it has no secret: set webhook_secrets.{row.to}, see docs/settings.md")
    told = {name: row.told.get(name, "") for name in ("number", "state", "holder")}
    payload = {**told, "kind": row.kind, "at": row.created_at.astimezone(UTC).isoformat()}
    key = f"msg_{_identity([row])}"
    webhooks.send(client, hook.url, secret.get_secret_value(), key, payload, at)


def _send_mail(services: Services, now: Office, rows: Sequence[Notice], send: Send, at: datetime) -> None:
    settings = services.settings
    known = [one for one in rows if _may_still(now, one, at.astimezone(settings.zone))]
    if not known:
        raise _Withheld(f"{rows[0].to} may not know of it any more")
    first = known[0]
    address, language = first.to, first.language or settings.mail.language
    if user := now.users.get(first.to):
        address, language = user.email, user.language
    if not address:
        raise _Withheld(f"{first.to} has no e-mail address any more")
    name = " ".join(settings.office.name.split())
    items = [_item(one, settings) for one in known]
    if first.way == DIGEST:
        subject, text = letters.digest(items, name, language)
    else:
        write = letters.outside if first.kind in letters.OUTSIDE else letters.mail
        subject, text = write(items[0], name, language)
    send(_message(settings, address, subject, text, rows, at))


def _message(
    settings: Settings, address: str, subject: str, text: str, rows: Sequence[Notice], at: datetime
) -> EmailMessage:
    sender = settings.mail.sender
    domain = sender.rpartition("@")[2]
    name = " ".join(settings.office.name.split())
    message = EmailMessage()
    try:
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise Refused(f"{address} is no address: {error}", "Correct it.") from error
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(at.astimezone(settings.zone))
    message["Message-ID"] = f"<{_identity(rows)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = f"<notices.{domain}>"
    message.set_content(text)
    return message


def _item(row: Notice, settings: Settings) -> Item:
    """What mail says of a notice: of a confidential entry not what stands in it."""
    entry, told = row.entry, dict(row.told)
    subject = entry.subject if entry else ""
    if entry and entry.confidentiality in DISCREET and row.kind not in letters.OUTSIDE:
        subject = ""
        for name in ("reason", "failed"):
            told.pop(name, None)
    at = (entry.received_at if entry and row.kind == RECEIPT else row.created_at).astimezone(settings.zone)
    if "due_at" in told:
        with suppress(ValueError):
            told["due_at"] = datetime.fromisoformat(told["due_at"]).astimezone(settings.zone).isoformat()
    return Item(row.kind, entry.number if entry else "", at, subject, told)


def _may_still(now: Office, row: Notice, here: datetime) -> bool:
    return "@" in row.to or may_know(now, row.to, here.date(), row.entry)


def _identity(rows: Sequence[Notice]) -> str:
    """The same for the same notices whenever they are sent, and another's for no others."""
    keys = (f"{one.key} {one.created_at.astimezone(UTC).isoformat()}" for one in rows)
    return sha256("\n".join(keys).encode()).hexdigest()[:32]
