"""What the tests of notices share: the time, settings, entries, and what became of a notice."""

from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from infra.settings import MailSettings
from infra.wiring import Services
from register.models import Entry, Notice
from tests.register.filings import AT
from tests.register.officers import LETTER, enter


class Moving:
    """The time of the test."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


def using(services: Services, mail: MailSettings | None = None, **more: Any) -> Services:
    """The services with these settings."""
    said = {**more, **({"mail": mail} if mail else {})}
    return replace(services, settings=services.settings.model_copy(update=said))


def made(**more: Any) -> Entry:
    return enter(details=replace(LETTER, subject="Noise at night", **more), department="works")


def state(one: str) -> list[tuple[bool, bool, int, str]]:
    """Of what this one is told beside the inbox: whether it went, waits, how often it was tried, and why."""
    rows = Notice.objects.filter(to=one).exclude(way="inbox").order_by("id")
    return [(one.sent_at is not None, one.due_at is not None, one.attempts, one.error) for one in rows]


def files(services: Services) -> list[EmailMessage]:
    found = [message_from_bytes(one.read_bytes(), policy=policy.default)
             for one in sorted((services.home / "mail").iterdir())]  # fmt: skip
    return [one for one in found if isinstance(one, EmailMessage)]


def body(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")
