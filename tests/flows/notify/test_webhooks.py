"""Webhooks go out: to a real receiver, which checks what it is told and takes nothing twice."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from domain.office import Webhook
from flows.notify import notify
from infra.wiring import Services
from register import office, postings
from register.models import Entry
from register.notices import News, post, tell
from tests.flows.notify.office import Moving, made, state, using
from tests.flows.notify.servers import USER, Mailbox, Receiver, receiver
from tests.register.filings import AT
from tests.register.officers import ACT, decide

SECRET = "0123456789abcdef"


@pytest.fixture
def hook(clock: Moving) -> Iterator[Receiver]:
    with receiver(SECRET.encode(), lambda: clock().timestamp()) as found:
        decide(Webhook("erp", f"{found.url}/told"))
        yield found


def hooked(services: Services, *names: str) -> Services:
    return using(services, webhook_secrets={name: SecretStr(SECRET) for name in ("erp", *names)})


def happened(key: str, at: datetime, to: str = "erp") -> None:
    post(News(key, "moved", at, Entry.objects.first() or made()), to, "closed", "ben of works")


def test_a_receiver_checks_what_it_is_told(services: Services, clock: Moving, hook: Receiver) -> None:
    happened("a", AT)
    assert (notify(hooked(services), clock), notify(hooked(services), clock)) == (1, 0)
    said = {
        "number": "IN-2026-000001-7",
        "kind": "moved",
        "state": "closed",
        "holder": "ben of works",
        "at": "2026-03-04T05:06:07+00:00",
    }
    assert hook.taken == [said]
    ((headers, body),) = hook.asked
    now = clock().timestamp()
    assert headers["webhook-timestamp"] == str(int(now))
    # Somebody who heard it says it again, at once and later, or says something else.
    assert (hook.take(headers, body, now), len(hook.taken)) == (204, 1)
    assert hook.take(headers, body, now + 301) == 400
    later = {**headers, "webhook-timestamp": str(int(now) + 301)}
    assert hook.take(later, body, now + 301) == 401
    assert hook.take({**headers, "webhook-id": "msg_other"}, body, now) == 401
    assert hook.take(headers, body.replace(b"closed", b"opened"), now) == 401


def test_a_receiver_that_fails_is_told_again_under_the_same_id(
    services: Services, clock: Moving, hook: Receiver
) -> None:
    hook.answers = [500, 302, 404]
    happened("a", AT)
    for pause in (30, 60, 120):
        assert notify(hooked(services), clock) == 0
        clock.on(seconds=pause)
    assert state("erp")[0][1:] == (True, 3, "404 no, not now")
    assert notify(hooked(services), clock) == 1
    assert len(hook.asked) == 4  # nobody followed where it was sent to
    assert {headers["webhook-id"] for headers, _ in hook.asked} == hook.ids
    assert len({headers["webhook-timestamp"] for headers, _ in hook.asked}) == 4


def test_one_that_is_gone_or_refused_holds_up_no_other(
    services: Services, clock: Moving, hook: Receiver
) -> None:
    hook.answers = [500, 410]
    for key in "abc":
        happened(key, AT)
    assert notify(hooked(services), clock) == 1
    assert state("erp") == [
        (False, True, 1, "500 no, not now"),
        (False, False, 1, "410 no, not now"),
        (True, True, 1, ""),
    ]
    clock.on(seconds=30)
    assert notify(hooked(services), clock) == 1
    assert postings.retry((), clock()) == 1
    assert notify(hooked(services), clock) == 1
    assert len(hook.taken) == 3


@pytest.mark.parametrize("answer", [503, 429, 0])
def test_a_receiver_that_takes_nothing_rests_alone(
    services: Services, clock: Moving, hook: Receiver, answer: int
) -> None:
    url = f"{hook.url}/x" if answer else f"http://127.0.0.1:{Mailbox().port}/"
    decide(Webhook("busy", url))
    happened("a", AT, "busy")
    happened("b", AT, "busy")
    hook.answers = [answer] if answer else []
    assert notify(hooked(services, "busy"), clock) == 0
    assert [one[:3] for one in state("busy")] == [(False, True, 1)] * 2
    happened("c", AT, "busy")
    happened("d", AT)
    tell("k", "ben", "assigned", AT, entry=made())
    assert notify(hooked(services, "busy"), clock) == 2  # erp and ben; the other rests, with what is new
    assert len(hook.asked) == bool(answer) + 1
    decide(Webhook("busy", f"{hook.url}/back"))
    clock.on(seconds=30)
    assert notify(hooked(services, "busy"), clock) == 3


def test_a_webhook_without_a_secret_or_that_was_taken_away(
    services: Services, clock: Moving, hook: Receiver
) -> None:
    happened("a", AT)
    assert notify(services, clock) == 0
    assert state("erp")[0][1:] == (
        True, 1, "it has no secret: set webhook_secrets.erp, see docs/settings.md",
    )  # fmt: skip
    office.take_away("webhook", "erp", ACT)
    clock.on(seconds=30)
    assert notify(hooked(services), clock) == 0
    assert state("erp") == [(False, False, 2, "this webhook was taken away")]
    assert hook.asked == []


def test_who_hears_it_twice_after_a_crash_can_tell(
    services: Services, clock: Moving, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    happened("a", AT)
    with monkeypatch.context() as patch:
        patch.setattr(postings, "went", killed)
        with pytest.raises(KeyboardInterrupt):
            notify(hooked(services), clock)
    assert notify(hooked(services), clock) == 1
    assert (len(hook.asked), len(hook.taken)) == (2, 1)


def test_the_secret_is_shown_nowhere(services: Services, clock: Moving, hook: Receiver) -> None:
    asked = hooked(services)
    assert SECRET not in repr(asked.settings)
    hook.answers = [500]
    happened("a", AT)
    notify(asked, clock)
    headers, body = hook.asked[0]
    assert SECRET not in f"{headers} {body!r} {state('erp')}"
    assert USER not in f"{headers}"
