"""``inbox``, ``notice``, ``webhook``, ``user notices``: what people type, and what they are told."""

import re
import shlex
from pathlib import Path

import pytest
import time_machine

from infra.wiring import open_services
from register import postings
from register.models import Notice
from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "notices.md"


@pytest.fixture
def home(home: Path) -> Path:
    for line in (
        "department add works",
        "user add ann --role registrar",
        'user add ben --role "case handler@works" --email ben@example.org --language de',
        "user add eve --role administrator",
        "entry new --subject Noise --sender Ada --department works --person ben",
    ):
        done = run(home, *shlex.split(line))
        assert done.exit_code == 0, (line, done.output)
    return home


def test_the_page_is_what_happens(tmp_path: Path) -> None:
    open_services(tmp_path)
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        for block in re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE.read_text("utf-8")):
            for line in block.splitlines():
                done = run(tmp_path, *shlex.split(line)[1:])
                assert done.exit_code == 0, (line, done.output)
    (mail,) = (tmp_path / "mail").iterdir()
    assert "Subject: IN-2026-000001-7 wurde Ihnen zugewiesen" in mail.read_text()
    assert asked(tmp_path, "inbox", "--as", "ben")["unread"] == 0


def test_the_events_of_the_page_are_those_that_can_be_asked_for() -> None:
    from domain.notices import EVENTS

    told = re.findall(r"(?s)\nEvents: (.*?)\. Redirections", PAGE.read_text("utf-8"))[0]
    assert set(re.findall(r"`([^`]+)`", told)) == EVENTS


def test_an_inbox_is_read(home: Path) -> None:
    assert refused(home, "inbox") == "Say whose inbox it is: postroom inbox --as USER"
    shown = asked(home, "inbox", "--as", "ben")
    (item,) = shown["items"]
    assert shown["unread"] == 1
    assert {**item, "at": "", "told": {}} == {
        "id": item["id"],
        "kind": "assigned",
        "number": "IN-2026-000001-7",
        "subject": "Noise",
        "text": "IN-2026-000001-7 wurde Ihnen zugewiesen",
        "told": {},
        "at": "",
        "read_at": None,
    }
    people = run(home, "inbox", "--as", "ben").stdout
    assert "1 not read" in people
    assert "IN-2026-000001-7 wurde Ihnen zugewiesen" in people
    other = refused(home, "inbox", "read", str(item["id"]), "--as", "ann")
    assert other == f"There is no notice {item['id']} in your inbox. See: postroom inbox"
    (read,) = asked(home, "inbox", "read", str(item["id"]), "--as", "ben")
    assert read["read_at"]
    assert asked(home, "inbox", "--unread", "--as", "ben") == {"unread": 0, "items": []}
    assert run(home, "inbox", "--as", "ann").stdout == "Nothing.\n"


def test_users_choose_how_they_are_told(home: Path) -> None:
    before = asked(home, "user", "notices", "ben")
    assert (before["assigned"], before["shared"]) == ("mail", "none")
    words = ("user", "notices", "ben", "--set", "assigned=digest", "--set", "deadline-soon=mail")
    after = asked(home, *words, "--as", "ben")
    assert after == {**before, "assigned": "digest", "deadline soon": "mail"}
    assert asked(home, "user", "list")[1]["notices"] == {"assigned": "digest", "deadline soon": "mail"}
    assert refused(home, *words, "--as", "ann").startswith("ann has no role that may administer")
    assert refused(home, "user", "notices", "ben", "--set", "assigned") == (
        "--set 'assigned' says no way: write it as assigned=digest"
    )
    assert set(asked(home, "user", "notices", "ann").values()) == {"none"}  # no address


def test_what_waits_is_seen_and_sent(home: Path) -> None:
    (waits,) = asked(home, "notice", "list")
    assert {**waits, "id": 0, "created_at": "", "due_at": ""} == {
        "id": 0, "to": "ben", "way": "mail", "kind": "assigned", "number": "IN-2026-000001-7",
        "created_at": "", "due_at": "", "attempts": 0, "error": None,
    }  # fmt: skip
    assert asked(home, "notice", "send") == {"sent": 1, "waiting": 0}
    assert asked(home, "notice", "list") == []
    Notice.objects.filter(way="mail").update(sent_at=None)
    postings.give_up(Notice.objects.filter(way="mail"), "550 no such user")  # type: ignore[arg-type]
    (failed,) = asked(home, "notice", "list", "--failed")
    assert (failed["error"], failed["due_at"]) == ("550 no such user", None)
    assert "550 no such user" in run(home, "notice", "list", "--failed").stdout
    assert asked(home, "notice", "retry") == {"retried": 1, "sent": 1, "waiting": 0}
    assert refused(home, "notice", "retry", str(failed["id"])) == (
        f"No notice {failed['id']} waits. See: postroom notice list --failed"
    )
    for words in (("notice", "list"), ("notice", "send"), ("notice", "retry"), ("webhook", "list")):
        assert refused(home, *words, "--as", "ann") == "ann has no role that may administer"


def test_webhooks_are_the_offices_and_their_secrets_are_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = run(home, "webhook", "add", "erp", "https://erp.example.org/", "--event", "moved", "--as", "eve")
    assert "It is told nothing before it has a secret: set webhook_secrets.erp" in added.stdout
    row = {"name": "erp", "url": "https://erp.example.org/", "kinds": ["moved"]}
    assert asked(home, "webhook", "list", "--as", "eve") == [{**row, "signs": False}]
    monkeypatch.setenv("POSTROOM_WEBHOOK_SECRETS", '{"erp": "0123456789abcdef"}')
    shown = run(home, "webhook", "list").stdout
    assert ("yes" in shown, "0123456789abcdef" in shown) == (True, False)
    assert asked(home, "webhook", "list") == [{**row, "signs": True}]
    (decided,) = asked(home, "webhook", "history", "erp")
    assert (decided["actor"], decided["value"]) == ("eve", row)
    assert refused(home, "webhook", "history", "erp", "--as", "ben").startswith("ben has no role")
    assert asked(home, "webhook", "remove", "erp") == {"name": "erp", "removed": True}
    monkeypatch.setenv("POSTROOM_WEBHOOK_SECRETS", '{"erp": "short"}')
    said = refused(home, "webhook", "list")
    assert said.startswith("setting webhook_secrets.erp = ***: Value error, at least 16 signs")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            {"PASSWORD": "geheim", "HOST": "mail.example.org", "TLS": "none"},
            "mail.password = ***: Value error, it",
        ),
        ({"SENDER": "nobody"}, "mail.sender = 'nobody': String should match pattern"),
        ({"DIGEST_HOUR": "24"}, "mail.digest_hour = '24': Input should be less than or equal to 23"),
    ],
)
def test_mail_that_cannot_be(
    home: Path, monkeypatch: pytest.MonkeyPatch, setting: dict[str, str], said: str
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(f"POSTROOM_MAIL__{name}", value)
    assert refused(home, "notice", "list").startswith(f"setting {said}")


def test_the_doctor_says_where_mail_goes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.doctor import examine

    def mail() -> tuple[bool, str]:
        (found,) = (one for one in examine(home)["checks"] if one["name"] == "mail")
        return found["ok"], found["found"]

    assert mail() == (True, f"folder, {home / 'mail'}")
    monkeypatch.setenv("POSTROOM_MAIL__HOST", "localhost")
    monkeypatch.setenv("POSTROOM_MAIL__PORT", "1")
    ok, found = mail()
    assert (ok, found.startswith("localhost:1 takes no mail: ")) == (False, True)
