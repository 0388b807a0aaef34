"""The public page: what it says of what is shown to it, in whose language, and what it keeps to itself."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from desk import check as page
from desk.addresses import Limit, address, whose
from desk.check_words import LANGUAGES, language_of
from desk.instance import serve
from domain.correspondence import Details, Direction
from domain.errors import PostroomError, Unavailable, Usage
from domain.receipt import NAME, Receipt
from domain.wire import from_json
from flows import heads
from flows.proofs import check_alone
from flows.receipts import issue
from infra.settings import DeskSettings, OfficeSettings
from infra.wiring import Services
from letters.receipt import Letterhead, receipt_pdf
from register.acts import Act
from register.entries import enter, strike
from register.models import EventContent
from tests.desk.conftest import Program
from tests.register.tampering import past_the_guards

ACT = Act("eva", datetime(2026, 3, 4, 9, 7, tzinfo=UTC))


@pytest.fixture
def desk(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    look = OfficeSettings(name="Town <Hall>", public_url="https://registry.example.org/")
    found = replace(services, settings=services.settings.model_copy(update={"office": look}))
    serve(found)
    monkeypatch.setattr(page, "_limit", Limit())
    return found


@pytest.fixture
def client() -> Client:
    return Client(headers={"Accept-Language": "en"})


def entered(desk: Services, subject: str = "Noise <b>") -> str:
    details = Details(subject=subject, senders=("Ada & Co",))
    return enter(Direction.INCOMING, details, ACT, zone=desk.settings.zone).number


def inside(pdf: bytes) -> Receipt:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return from_json(Receipt, document.attachments[NAME].get_file().read_bytes())


def shown(client: Client, content: bytes) -> Any:
    return client.post("/check", {"file": SimpleUploadedFile("x.pdf", content)})


def told(answer: Any) -> str:
    """The heading of what it says."""
    found = re.search(r'<section class="told \w+" role="status"><h2>(.*?)</h2>', answer.content.decode())
    return found[1] if found else ""


def test_a_genuine_one_and_others(desk: Services, client: Client) -> None:
    number = entered(desk)
    pdf = issue(desk, number, ACT)
    receipt = inside(pdf)
    assert told(shown(client, pdf)) == "Genuine"
    assert told(shown(client, pdf + b"\n")) == "Altered"
    assert "Do not trust what its pages show" in shown(client, pdf + b"\n").content.decode()
    assert told(shown(client, b"%PDF-1.4 something else")) == "Unknown"
    altered = receipt_pdf(replace(receipt, senders=("Eve",), pages=3), Letterhead("Town Hall"))
    said = shown(client, altered).content.decode()
    assert "This differs:" in said
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td [^>]*>(.*?)</td><td [^>]*>(.*?)</td></tr>', said)
    assert rows == [("From", "Eve", "Ada &amp; Co"), ("Pages", "3", "0")]
    strike(number, replace(ACT, reason="typed twice"))
    void = shown(client, pdf)
    assert told(void) == "Genuine, but its entry does not count any more"
    assert "typed twice" not in void.content.decode()


def test_who_guesses_is_told_nothing(desk: Services, client: Client) -> None:
    """Neither what was certified, nor which guess was right, nor whether there is such an entry at all."""
    number = entered(desk, "Sick leave of Mrs. Miller")
    receipt = inside(issue(desk, number, ACT))
    guessed = replace(receipt, code="A" * 16, hash="0" * 64, subject="A guess")
    never = replace(guessed, number="IN-2026-000099-1")
    answers = [shown(client, receipt_pdf(one, Letterhead("Town Hall"))) for one in (guessed, never)]
    assert answers[0].content == answers[1].content
    assert "Miller" not in answers[0].content.decode()
    asked = [
        client.get("/check", {"n": one, "c": "A" * 16})
        for one in (number, "IN-2026-000099-1", "\0", "x" * 999)
    ]
    assert {(one.status_code, one.content) for one in asked} == {(404, asked[0].content)}
    assert told(asked[0]) == "Not found"
    assert client.get("/check/receipt", {"n": number, "c": "A" * 16}).status_code == 404


def test_the_qr_code_leads_to_the_receipt(desk: Services, client: Client) -> None:
    number = entered(desk)
    pdf = issue(desk, number, ACT, "de")
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=200 / 72).to_pil().convert("L")
        text = " ".join(document[0].get_textpage().get_text_bounded().split())
    found = {one.format.name: one.text for one in zxingcpp.read_barcodes(picture)}
    link = urlsplit(found["QRCode"])
    code = inside(pdf).code
    assert (link.netloc, link.path) == ("registry.example.org", "/check")
    assert parse_qs(link.query) == {"n": [number], "c": [code]}
    assert len(code) == 16
    assert " ".join(code[i : i + 4] for i in range(0, 16, 4)) in text
    assert "Ob sie echt ist: https://registry.example.org/check" in text
    answer = client.get(f"/check?{link.query}")
    said = answer.content.decode()
    assert (answer.status_code, told(answer)) == (200, "A receipt was given")
    for one in (number, "Ada &amp; Co", "Noise &lt;b&gt;", inside(pdf).hash, "Town &lt;Hall&gt;"):
        assert one in said
    (there,) = re.findall(r'href="(/check/receipt\?.*?)"', said)
    got = client.get(there.replace("&amp;", "&"))
    assert (got.content, got["Content-Type"]) == (pdf, "application/pdf")
    typed = {"number": number.lower(), "code": " ".join(code.lower())}
    assert told(client.post("/check", typed)) == "A receipt was given"
    look = OfficeSettings(name="New name")
    serve(replace(desk, settings=desk.settings.model_copy(update={"office": look})))
    gone = client.get(there.replace("&amp;", "&"))
    assert (gone.status_code, told(gone)) == (410, "Ask the office")
    with past_the_guards():
        EventContent.objects.filter(event__entry__number=number).delete()
    assert client.get(f"/check?{link.query}").status_code == 404


def test_it_needs_nothing_but_html(desk: Services, client: Client) -> None:
    answer = client.get("/check")
    said = answer.content.decode()
    assert answer.status_code == 200
    assert not re.search(r"<script|<img|https?://|\son\w+=|style=", said)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert answer.cookies == {}
    labels = re.findall(r"<label>.*?<input (?:type=\"file\" )?name=\"(\w+)\"", said)
    assert labels == ["file", "number", "code"]
    assert client.put("/check").status_code == 405


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "en"), ("de-AT,de;q=0.9", "de"), ("pt, fr;q=0.5, es;q=0.8", "es"), ("FR", "fr"), ("xx", "en"),
        ("de;q=0, en", "en"), ("de;q=x, fr", "fr"), (";;;,,,", "en"),
    ],
)  # fmt: skip
def test_it_speaks_four_languages(desk: Services, wanted: str, language: str) -> None:
    assert language_of(wanted) == language
    said = Client(headers={"Accept-Language": wanted}).get("/check").content.decode()
    assert f'<html lang="{language}">' in said
    assert LANGUAGES[language]["title"] in said


def test_each_language_says_all() -> None:
    assert list(LANGUAGES) == ["en", "es", "de", "fr"]
    assert [name for name, words in LANGUAGES.items() if set(words) != set(LANGUAGES["en"])] == []
    findings = ("genuine", "void", "altered", "drawn over", "made up", "document", "unknown", *page._STATUS)
    assert {f"{one}{end}" for one in findings for end in ("", "_says")} <= set(LANGUAGES["en"])


def test_what_is_too_much_or_nothing(desk: Services, client: Client) -> None:
    small = DeskSettings(upload_mb=1)
    serve(replace(desk, settings=desk.settings.model_copy(update={"desk": small})))
    large = shown(client, b"x" * ((1 << 20) + 1))
    assert (large.status_code, told(large)) == (413, "Too large")
    assert "up to 1 MB" in large.content.decode()
    assert shown(client, b"x" * ((1 << 20) + (1 << 17))).status_code == 413
    for body in ({}, {"number": "IN-2026-000001-7"}, {"code": "x"}):
        assert client.post("/check", body).status_code == 400
    broken = client.post("/check", b"--x\r\nnonsense", content_type="multipart/form-data")
    assert (broken.status_code, told(broken)) == (400, "Nothing to check")
    assert client.post("/check", b"{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("kind", [Unavailable, Usage])
def test_a_register_that_does_not_answer(
    desk: Services, client: Client, monkeypatch: pytest.MonkeyPatch, kind: type[PostroomError]
) -> None:
    def silent(*_: Any) -> None:
        raise kind("the register's database does not answer, or was altered")

    monkeypatch.setattr("register.receipts.knows", silent)
    for path in ("/check", "/check/receipt"):
        answer = client.get(path, {"n": "IN-2026-000001-7", "c": "A"})
        assert (answer.status_code, told(answer)) == (503, "Not now")


def test_who_asks_too_often_waits(desk: Services, client: Client) -> None:
    few = DeskSettings(checks_per_minute=2, checks_per_minute_all=4, proxies=["10.0.0.0/8"])
    serve(replace(desk, settings=desk.settings.model_copy(update={"desk": few})))

    def ask(remote: str, forwarded: str = "") -> int:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return client.get("/check?n=a&c=b", REMOTE_ADDR=remote, headers=headers).status_code

    assert [ask("192.0.2.1") for _ in range(3)] == [404, 404, 429]
    waits = client.get("/check?n=a&c=b", REMOTE_ADDR="192.0.2.1")
    assert 1 <= int(waits["Retry-After"]) <= 30
    assert f"in {waits['Retry-After']} seconds" in waits.content.decode()
    # Whoever is no proxy may say what they want; behind one, it is who stands last.
    assert ask("192.0.2.1", "203.0.113.9") == 429
    assert ask("10.1.2.3", "198.51.100.7, 203.0.113.9") == 404
    assert client.get("/check", REMOTE_ADDR="192.0.2.1").status_code == 200  # the form costs nothing
    assert [ask("10.1.2.3", "203.0.113.9"), ask("203.0.113.44")] == [404, 429]  # all together


def test_what_counts_as_one_asker() -> None:
    assert whose("2001:db8:1:2:3:4:5:6") == whose("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert (whose("::ffff:192.0.2.1"), whose("192.0.2.1"), whose("")) == ("192.0.2.1", "192.0.2.1", "")

    def asked(remote: str, forwarded: str) -> str:
        request: Any = type(
            "Request", (), {"META": {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}}
        )
        return address(request, ("10.0.0.1", "10.9.0.0/16"))

    assert asked("192.0.2.1", "1.2.3.4") == "192.0.2.1"
    assert asked("10.0.0.1", "1.2.3.4") == "1.2.3.4"
    assert asked("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.3.3") == "1.2.3.4"
    assert asked("10.0.0.1", "") == asked("10.0.0.1", "nonsense") == "10.0.0.1"


def test_the_limit_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    limit = Limit(lambda: now[0])
    assert [limit.wait("a", 2, 99) for _ in range(3)] == [0, 0, 30]
    now[0] = 30
    assert [limit.wait("a", 2, 99) for _ in range(2)] == [0, 30]
    monkeypatch.setattr("desk.addresses._MOST", 3)
    for name in "bcdef":
        limit.wait(name, 2, 99)
    assert len(limit._left) == 3


def test_the_api_notes_who_asked(desk: Services) -> None:
    few = DeskSettings(proxies=["127.0.0.1"])
    serve(replace(desk, settings=desk.settings.model_copy(update={"desk": few})))
    made = Program("ann").ask(
        "post", "/entries", {"subject": "Noise", "senders": ["Ada"]}, X_Forwarded_For="192.0.2.77"
    )
    assert made.json()["history"][0]["content"]["source"] == "192.0.2.77"


@pytest.fixture(autouse=True)
def _as_before(services: Services) -> Iterator[None]:
    yield
    serve(services)


def test_heads_and_proofs_are_published(desk: Services, client: Client, tmp_path: Path) -> None:
    number = entered(desk)
    pdf = issue(desk, number, ACT)
    asked = {"n": number, "c": inside(pdf).code}
    early = client.get("/check/proof", asked)
    assert (early.status_code, told(early)) == (404, "Not yet")
    heads.export(desk, ACT.at)
    assert client.get("/check/heads").json() == {"days": ["2026-03-04"]}
    files = tmp_path / "r.pdf", tmp_path / "heads.json", tmp_path / "proof.json"
    got = [pdf, client.get("/check/heads/2026-03-04.json").content, client.get("/check/proof", asked).content]
    for path, content in zip(files, got, strict=True):
        path.write_bytes(content)
    assert check_alone(*files).genuine
    assert "/check/proof?" in client.get("/check", asked).content.decode()
    assert client.get("/check/proof", {**asked, "c": "x"}).status_code == 404
    for day in ("2020-01-01", "..", "%00"):
        assert client.get(f"/check/heads/{day}.json").status_code == 404
