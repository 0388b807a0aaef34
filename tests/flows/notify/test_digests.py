"""Digests: all of a day in one mail, at the office's hour."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import notify as notifying
from flows.notify import last_hour, notify
from infra.wiring import Services
from register import office
from register.models import Entry
from register.notices import tell
from tests.flows.notify.office import Moving, body, files, made, state, using
from tests.flows.notify.servers import Mailbox, mail_server
from tests.register.filings import AT
from tests.register.officers import ACT


def digests(services: Services) -> Services:
    for name in ("ben", "zoë"):
        office.prefer(name, {"assigned": "digest"}, ACT)
    return services


def test_a_digest_tells_all_of_a_day_once(services: Services, clock: Moving, tmp_path: Path) -> None:
    box = Mailbox()
    digests(services)
    gone = made()
    for number, one in enumerate((made(), made(), gone)):
        tell(f"k{number}", "ben", "assigned", AT + timedelta(minutes=number), entry=one, told={"by": "ann"})
    tell("k", "zoë", "assigned", AT, entry=made())
    Entry.objects.filter(pk=gone.pk).update(department="legal")
    with mail_server(tmp_path, box) as mail:
        asked = using(services, mail)
        clock.on(minutes=90)  # half past six
        assert notify(asked, clock) == 0
        clock.on(minutes=30)
        assert (notify(asked, clock), notify(asked, clock)) == (2, 0)
        first, second = box.mails
        assert (first["Subject"], second["Subject"]) == ("Registry: 2 notices", "Registry: 1 Mitteilung")
        assert body(first) == (
            "* IN-2026-000002-5 was given to you\n  Subject: Noise at night\n  By: ann\n\n"
            "* IN-2026-000003-3 was given to you\n  Subject: Noise at night\n  By: ann\n\n-- \n"
            "Sent by Registry. How you are told is yours to choose: postroom user notices\n"
        )
        # What became known after the hour, though it happened before, waits for the next day.
        tell("late", "ben", "assigned", AT, entry=made())
        assert notify(asked, clock) == 0
        clock.on(hours=24)
        box.mails.clear()
        assert notify(asked, clock) == 1
        assert box.mails[0]["Subject"] == "Registry: 1 notice"


def test_a_digest_that_could_not_go_is_the_same_mail_later(
    services: Services, clock: Moving, tmp_path: Path
) -> None:
    box = Mailbox(answers={"ben@example.org": "451 later"}, dies_at=("after", 1))
    digests(services)
    for number in range(3):
        tell(f"k{number}", "ben", "assigned", AT, entry=made())
    clock.on(hours=2)
    with mail_server(tmp_path, box) as mail:
        asked = using(services, mail)
        assert notify(asked, clock) == 0
        assert [one[:3] for one in state("ben")] == [(False, True, 1)] * 3
        box.answers.clear()
        clock.on(seconds=30)
        assert notify(asked, clock) == 0  # it took the mail, and died before it said so
        clock.on(seconds=60)
        assert notify(asked, clock) == 1
    assert [one["Subject"] for one in box.mails] == ["Registry: 3 notices"] * 2
    assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]


def test_a_long_digest_is_one_mail(
    services: Services, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifying, "_ROWS", 4)
    digests(services)
    letter = made()
    for number in range(11):
        tell(f"k{number}", "ben", "assigned", AT, entry=letter)
    clock.on(hours=2)
    assert notify(services, clock) == 1
    (mail,) = files(services)
    assert mail["Subject"] == "Registry: 11 notices"


@pytest.mark.parametrize(
    ("zone", "now", "hour"),
    [
        ("UTC", "2026-03-04T06:59:59+00:00", "2026-03-03T07:00:00+00:00"),
        ("UTC", "2026-03-04T07:00:00+00:00", "2026-03-04T07:00:00+00:00"),
        ("Europe/Madrid", "2026-03-29T04:59:59+00:00", "2026-03-28T06:00:00+00:00"),
        ("Europe/Madrid", "2026-03-29T05:00:00+00:00", "2026-03-29T05:00:00+00:00"),
    ],
)
def test_the_hour_of_digests_is_the_offices(services: Services, zone: str, now: str, hour: str) -> None:
    settings = using(services, timezone=zone).settings
    assert last_hour(settings, datetime.fromisoformat(now)).isoformat() == hour
