"""Mail goes out: to real servers, to nobody who may not know, once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from domain.correspondence import Confidentiality
from domain.errors import Missing, Refused
from flows import notify as notifying
from flows.leases import only_one
from flows.notify import notify
from infra.settings import MailSettings, load_settings
from infra.wiring import Services
from register import office, outbox, postings
from register.models import Entry, Notice
from register.notices import News, tell, write_to
from tests.flows.notify.office import Moving, body, files, made, state, using
from tests.flows.notify.servers import Mailbox, mail_server
from tests.register.filings import AT
from tests.register.officers import ACT


def test_without_a_server_mail_is_a_file(services: Services, clock: Moving) -> None:
    told = {"by": "ann", "reason": "yours\nnow"}
    tell("k", "zoë", "assigned", AT, entry=made(), told=told)
    assert (notify(services, clock), notify(services, clock)) == (1, 0)
    (mail,) = files(services)
    assert {**mail} == {
        "From": "Registry <postroom@localhost>",
        "To": "zoe@example.org",
        "Subject": "IN-2026-000001-7 wurde Ihnen zugewiesen",
        "Date": "Wed, 04 Mar 2026 05:06:07 +0000",
        "Message-ID": mail["Message-ID"],
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": "<notices.localhost>",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    assert body(mail) == (
        "IN-2026-000001-7 wurde Ihnen zugewiesen\n\nBetreff: Noise at night\nVon: ann\nGrund: yours now\n\n"
        "-- \nGesandt von Registry. Wie Sie benachrichtigt werden, bestimmen Sie: postroom user notices\n"
    )
    assert state("zoë") == [(True, True, 1, "")]


def test_a_sender_outside_is_told_number_state_and_subject(services: Services, clock: Moving) -> None:
    secret = made(confidentiality=Confidentiality.SECRET)
    write_to("a", "ada@example.com", News("a", "receipt", AT, secret), "es")
    write_to("b", "ada@example.com", News("b", "status", AT, secret, {"state": "closed"}), "xx")
    assert notify(services, clock) == 2
    assert {one["Subject"]: body(one) for one in files(services)} == {
        "Hemos recibido su carta: IN-2026-000001-7": (
            "Hemos recibido su carta: IN-2026-000001-7\n\nAsunto: Noise at night\nRecibido: 2026-03-04 05:06"
            " UTC\n\n-- \nIndique este número cuando nos escriba.\n\nRegistry\n"
        ),
        "Your letter IN-2026-000001-7: closed": (
            "Your letter IN-2026-000001-7: closed\n\nSubject: Noise at night\n\n-- \n"
            "Please name this number when you write to us.\n\nRegistry\n"
        ),
    }


def test_of_a_confidential_entry_mail_says_the_number_alone(services: Services, clock: Moving) -> None:
    office.change("user", "ben", {"clearance": Confidentiality.SECRET}, ACT)
    hidden = made(confidentiality=Confidentiality.CONFIDENTIAL)
    tell("k", "ben", "given back", AT, entry=hidden, told={"by": "ann", "reason": "the culprit is Carl"})
    notify(services, clock)
    (mail,) = files(services)
    assert body(mail) == (
        "IN-2026-000001-7 came back\n\nBy: ann\n\n-- \n"
        "Sent by Registry. How you are told is yours to choose: postroom user notices\n"
    )


def test_nobody_makes_headers_of_a_subject_a_name_or_an_address(services: Services, clock: Moving) -> None:
    bad = "Noise\r\nBcc: eve@example.com\r\n\r\nClick here"
    named = using(services, office=services.settings.office.model_copy(update={"name": bad}))
    write_to("a", "ada@example.com", News("a", "of\r\nBcc: eve@example.com", AT, made()), "en")
    write_to("b", "ada@example.com\r\nBcc: eve@example.com", News("b", "routed", AT))
    write_to("c", "ada@example.com, eve@example.com", News("c", "routed", AT))
    assert notify(named, clock) == 1
    (mail,) = files(services)
    assert mail["Bcc"] is None
    assert mail["To"] == "ada@example.com"
    assert mail["Subject"] == "IN-2026-000001-7: of Bcc: eve@example.com"
    assert [one[:3] for one in state("ada@example.com, eve@example.com")] == [(False, False, 1)]


@pytest.mark.parametrize(("tls", "auth"), [("none", False), ("starttls", True), ("tls", False)])
def test_a_real_server_takes_it(
    services: Services, clock: Moving, tmp_path: Path, tls: str, auth: bool
) -> None:
    box = Mailbox()
    for name in ("ben", "zoë"):
        tell("k", name, "assigned", AT, entry=made())
    with mail_server(tmp_path, box, tls, auth) as mail:
        assert notify(using(services, mail), clock) == 2
        assert notify(using(services, mail), clock) == 0
    assert [one["To"] for one in box.mails] == ["ben@example.org", "zoe@example.org"]
    assert body(box.mails[1]).startswith("IN-2026-000002-5 wurde Ihnen zugewiesen\n")
    assert (services.home / "mail").exists() is False


@pytest.mark.parametrize("wrong", ["password", "certificates", "plain"])
def test_a_server_that_does_not_take_us_is_asked_again_later(
    services: Services, clock: Moving, tmp_path: Path, wrong: str
) -> None:
    box = Mailbox()
    tell("k", "ben", "assigned", AT, entry=made())
    with mail_server(tmp_path, box, "starttls", True) as mail:
        settings: dict[str, dict[str, Any]] = {
            "password": {"password": SecretStr("of yesterday")},
            "certificates": {"certificates": ""},
            "plain": {"tls": "none"},
        }
        bad = settings[wrong]
        assert notify(using(services, mail.model_copy(update=bad)), clock) == 0
        ((went, waits, tries, why),) = state("ben")
        assert (went, waits, tries) == (False, True, 1)
        assert why.startswith(f"localhost:{box.port} takes no mail: ")
        assert "of yesterday" not in why
        clock.on(seconds=31)
        assert notify(using(services, mail), clock) == 1
    assert box.told() == [("ben@example.org", "IN-2026-000001-7 was given to you")]


def test_one_refused_recipient_holds_up_nobody(services: Services, clock: Moving, tmp_path: Path) -> None:
    box = Mailbox(answers={"a@example.com": "550 no such user", "b@example.com": "451 come back later"})
    for name in "abcd":
        write_to(name, f"{name}@example.com", News(name, "routed", AT, made()))
    with mail_server(tmp_path, box) as mail:
        asked = using(services, mail)
        assert notify(asked, clock) == 2
        assert [to for to, _ in box.told()] == ["c@example.com", "d@example.com"]
        assert state("a@example.com") == [(False, False, 1, "550 no such user")]
        assert state("b@example.com") == [(False, True, 1, "451 come back later")]
        box.answers.clear()
        clock.on(seconds=31)
        assert notify(asked, clock) == 1
        assert [to for to, _ in box.told()] == ["b@example.com"]
        assert [one.to for one in postings.listed(failed=True, limit=9)] == ["a@example.com"]
        assert (postings.retry((), clock()), notify(asked, clock)) == (1, 1)
        assert [to for to, _ in box.told()] == ["a@example.com"]
    with pytest.raises(Missing):
        postings.retry([Notice.objects.get(to="a@example.com").pk], clock())


def test_a_server_that_is_down_rests_longer_each_time(
    services: Services, clock: Moving, tmp_path: Path
) -> None:
    box = Mailbox()
    asked = using(services, MailSettings(host="localhost", port=box.port, tls="none"))
    write_to("a", "a@example.com", News("a", "routed", AT, made()))
    for pause in (30, 60, 120):
        assert notify(asked, clock) == 0
        clock.on(seconds=pause - 1)
        assert notify(asked, clock) == 0
        clock.on(seconds=1)
    assert [one[:3] for one in state("a@example.com")] == [(False, True, 3)]
    write_to("b", "b@example.com", News("b", "routed", clock(), made()))
    assert notify(asked, clock) == 0
    write_to("c", "c@example.com", News("c", "routed", clock(), made()))
    with mail_server(tmp_path, box):
        assert (notify(asked, clock), box.sessions) == (0, 0)  # it rests, and so does what is new
        clock.on(seconds=240)
        assert notify(asked, clock) == 3
        assert sorted(to for to, _ in box.told()) == ["a@example.com", "b@example.com", "c@example.com"]
    write_to("d", "d@example.com", News("d", "routed", clock(), made()))
    assert notify(asked, clock) == 0
    clock.on(seconds=30)  # it answered meanwhile: from the start
    with mail_server(tmp_path, box):
        assert notify(asked, clock) == 1


def test_what_cannot_go_for_days_is_given_up_and_kept(services: Services, clock: Moving) -> None:
    asked = using(services, MailSettings(host="localhost", port=Mailbox().port, tls="none"))
    write_to("a", "a@example.com", News("a", "routed", AT, made()))
    tries = 0
    while not postings.listed(failed=True, limit=9):
        clock.on(hours=6)
        assert notify(asked, clock) == 0
        tries += 1
    assert (tries, clock() - AT) == (20, timedelta(hours=120))
    ((went, waits, attempts, why),) = state("a@example.com")
    assert (went, waits, attempts) == (False, False, 20)
    assert why.startswith("given up after 20 tries: localhost:")
    assert sum((postings.pause(n) for n in range(19)), timedelta()) > timedelta(days=2)
    postings.retry((), clock())
    assert notify(services, clock) == 1


@pytest.mark.parametrize(("dies", "twice"), [("before", False), ("after", True)])
def test_a_server_that_dies_in_the_midst(
    services: Services, clock: Moving, tmp_path: Path, dies: str, twice: bool
) -> None:
    box = Mailbox(dies_at=(dies, 2))
    for name in "abc":
        write_to(name, f"{name}@example.com", News(name, "routed", AT, made()))
    with mail_server(tmp_path, box) as mail:
        asked = using(services, mail)
        assert notify(asked, clock) == 1
        clock.on(seconds=30)
        assert notify(asked, clock) == 2
    to = [one["To"] for one in box.mails]
    assert to == ["a@example.com", *["b@example.com"] * (1 + twice), "c@example.com"]
    ids = {one["Message-ID"] for one in box.mails}
    assert len(ids) == 3  # who got it twice can tell


def test_killed_between_sending_and_noting_it_goes_twice_and_can_be_told(
    services: Services, clock: Moving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Mailbox()
    tell("k", "ben", "assigned", AT, entry=made())

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with mail_server(tmp_path, box) as mail:
        asked = using(services, mail)
        with monkeypatch.context() as patch:
            patch.setattr(postings, "went", killed)
            with pytest.raises(KeyboardInterrupt):
                notify(asked, clock)
        assert notify(asked, clock) == 1
        assert notify(asked, clock) == 0
    assert len(box.mails) == 2
    assert len({one["Message-ID"] for one in box.mails}) == 1


def test_a_fault_of_ours_costs_no_other_notice(
    services: Services, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_to(name, f"{name}@example.com", News(name, "routed", AT, made()))
    item = notifying._item

    def broken(row: Notice, settings: Any) -> Any:
        if row.to == "a@example.com":
            raise LookupError("no such word")
        return item(row, settings)

    monkeypatch.setattr(notifying, "_item", broken)
    assert notify(services, clock) == 1
    assert state("a@example.com") == [(False, True, 1, "LookupError: no such word")]


def test_one_process_sends(services: Services, clock: Moving) -> None:
    tell("k", "ben", "assigned", AT, entry=made())
    with only_one("notify") as (held, _):
        assert held
        assert notify(services, clock) == 1  # of the same process and thread: its own lease
    assert notifying.anything_due(services) is False


def test_another_process_at_it_is_left_to_it(services: Services, clock: Moving) -> None:
    tell("k", "ben", "assigned", AT, entry=made())
    assert notifying.anything_due(services)
    with outbox.lease("notify", "elsewhere:1:1", lambda holder: False) as held:
        assert held
        assert (notify(services, clock), notifying.anything_due(services)) == (0, False)
    assert notify(services, clock) == 1


def test_who_may_not_know_of_it_any_more_is_not_told(services: Services, clock: Moving) -> None:
    first, second = made(), made()
    tell("k", "ben", "assigned", AT, entry=first)
    tell("k", "zoë", "assigned", AT, entry=second)
    Entry.objects.filter(pk=first.pk).update(department="legal")
    office.change("user", "zoë", {"email": ""}, ACT)
    assert notify(services, clock) == 0
    assert state("ben") == [(False, False, 1, "ben may not know of it any more")]
    assert state("zoë") == [(False, False, 1, "zoë has no e-mail address any more")]


@pytest.mark.parametrize("address", ["@example.org", "ada@", "ada lee@example.org", "ada@b@example.org"])
def test_what_is_no_address_is_refused_and_not_a_fault(address: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no address"):
        notifying._message(load_settings(tmp_path), address, "Noise", "It came.", [], AT)
