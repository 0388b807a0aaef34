"""Receipts by mail: what goes is what was given."""

import email
import email.policy
import hashlib
import json
from pathlib import Path

import pytest

from domain.errors import Unavailable
from infra.wiring import open_services
from register.models import EventContent
from tests.flows.notify.servers import Mailbox, mail_server
from tests.typed import asked, refused, run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "postroom.toml").write_text(
        '[office]\nname = "Town Hall"\npublic_url = "https://registry.example.org"\n'
        '[mail]\nsender = "registry@example.org"\n'
    )
    open_services(tmp_path)
    return tmp_path


def entered(home: Path) -> str:
    return str(asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--by", "eva")["number"])


def test_it_is_sent_as_it_was_given(home: Path) -> None:
    number = entered(home)
    told = asked(home, "receipt", "issue", number, "--mail", "ada@example.org", "--language", "de")
    (sent,) = (home / "mail").glob("*.eml")
    message = email.message_from_bytes(sent.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["From"]) == ("ada@example.org", "Town Hall <registry@example.org>")
    assert message["Subject"] == f"Empfangsbestätigung {number}"
    body = message.get_body()
    assert body
    assert "Ob sie echt ist: https://registry.example.org/check" in body.get_content()
    (pdf,) = message.iter_attachments()
    content = pdf.get_content()
    assert (pdf.get_filename(), pdf.get_content_type()) == (f"{number}.pdf", "application/pdf")
    said = json.loads(EventContent.objects.get(event__kind="receipt issued").body)
    assert (said["sha256"], said["mailed_to"]) == (hashlib.sha256(content).hexdigest(), "ada@example.org")
    assert told == {"number": number, "file": None, "size": len(content), "mailed_to": "ada@example.org"}
    (shown := home / "shown.pdf").write_bytes(content)
    assert asked(home, "receipt", "verify", shown)["genuine"]
    page = run(
        home, "receipt", "issue", number, "--mail", "ada@example.org", "-o", str(home / "r.pdf")
    ).output
    assert "Sent to ada@example.org" in page
    assert (home / "r.pdf").exists()


@pytest.mark.parametrize(
    "address", ["ada", "@example.org", "ada@", "a@b.c, d@e.f", "a@b\n.c", "ä@example.org"]
)
def test_what_is_no_address_gets_none(home: Path, address: str) -> None:
    number = entered(home)
    why = refused(home, "receipt", "issue", number, "--mail", address)
    assert why.startswith(f"mail is {address!r}, which is no address")
    assert not EventContent.objects.filter(event__kind="receipt issued").exists()


def test_a_real_server_gets_it(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    number = entered(home)
    box = Mailbox()
    with mail_server(tmp_path_factory.mktemp("server"), box):
        with (home / "postroom.toml").open("a") as file:
            file.write(f'host = "127.0.0.1"\nport = {box.port}\ntls = "none"\n')
        asked(home, "receipt", "issue", number, "--mail", "ada@example.org")
    (message,) = box.mails
    (pdf,) = message.iter_attachments()
    said = json.loads(EventContent.objects.get(event__kind="receipt issued").body)
    assert hashlib.sha256(pdf.get_content()).hexdigest() == said["sha256"]


def test_a_server_that_takes_no_mail_is_told(home: Path) -> None:
    number = entered(home)
    with (home / "postroom.toml").open("a") as file:
        file.write('host = "127.0.0.1"\nport = 1\ntls = "none"\n')
    done = run(home, "receipt", "issue", number, "--mail", "ada@example.org")
    assert isinstance(done.exception, Unavailable)
