"""Receipts and labels for programs, and rules tried by them."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
import pytest
from django.test import Client

from domain.office import Rule
from flows.follow import follow
from flows.heads import export
from infra.wiring import Services
from register import office
from register.models import EventContent
from tests.desk.conftest import ACT, Program

pytestmark = pytest.mark.usefixtures("services")
LETTER = {"subject": "Noise at night", "senders": ["Ada Ltd"], "department": "works"}


def entered(program: Program, **more: Any) -> str:
    made = program.ask("post", "/entries", {**LETTER, **more})
    return str(made.json()["number"])


def shown(program: Program, data: bytes) -> Any:
    client: Client = program.client
    file = io.BytesIO(data)
    file.name = "receipt.pdf"
    return client.post("/api/v1/receipts/verify", {"file": file})


def altered(data: bytes) -> bytes:
    """The receipt with another subject, made by somebody who does not know its code."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        stream = pdf.attachments["receipt.json"].obj.EF.F
        told = json.loads(bytes(stream.read_bytes()))
        told |= {"subject": "Praise", "code": "guessed", "hash": "0" * 64}
        stream.write(json.dumps(told).encode())
        into = io.BytesIO()
        pdf.save(into)
    return into.getvalue()


def issues(number: str) -> int:
    return EventContent.objects.filter(event__kind="receipt issued", event__entry__number=number).count()


def test_a_receipt_is_given_once_and_had_again() -> None:
    ann = Program("ann")
    number = entered(ann)
    assert ann.ask("get", f"/entries/{number}/receipt").status_code == 404
    made = ann.ask("post", f"/entries/{number}/receipts", {"language": "es"}, Idempotency_Key="r")
    again = ann.ask("post", f"/entries/{number}/receipts", {"language": "es"}, Idempotency_Key="r")
    last = ann.ask("get", f"/entries/{number}/receipt")
    assert (made.status_code, made["Content-Type"], made.content[:5]) == (201, "application/pdf", b"%PDF-")
    assert made.content == again.content == last.content
    assert issues(number) == 1
    found = shown(ann, made.content).json()
    assert (found["genuine"], found["what"], found["number"], found["differs"]) == (
        True,
        "receipt",
        number,
        [],
    )


def test_a_receipt_is_mailed(services: Services) -> None:
    ann = Program("ann")
    number = entered(ann)
    asked = {"mail": "ada@example.org", "language": "de"}
    assert ann.ask("post", f"/entries/{number}/receipts", asked).status_code == 201
    sent = [one.read_text() for one in services.home.rglob("*.eml")]
    assert len(sent) == 1
    assert "To: ada@example.org" in sent[0]
    wrong = ann.ask("post", f"/entries/{number}/receipts", {"mail": "nobody"})
    assert (wrong.status_code, issues(number)) == (422, 1)


def test_what_was_certified_is_told_to_who_may_know_of_it() -> None:
    ann, ben = Program("ann"), Program("ben")
    number = entered(ann, department="legal")
    given = ann.ask("post", f"/entries/{number}/receipts", {}).content
    forged = altered(given)
    told = shown(ann, forged).json()
    assert not told["genuine"]
    assert {"field": "subject", "file": "Praise", "certified": "Noise at night"} in told["differs"]
    hidden = shown(ben, forged).json()
    assert hidden == {
        "genuine": False, "what": "receipt", "number": number, "differs": [],
        "says": "Altered, or never given by this office.",
    }  # fmt: skip
    assert ben.ask("post", f"/entries/{number}/receipts", {}).status_code == 404
    assert ben.ask("get", f"/entries/{number}/receipt").status_code == 404
    assert shown(ann, b"no receipt").json()["what"] == "unknown"
    assert ann.client.post("/api/v1/receipts/verify", {}).status_code == 422


def test_a_file_that_is_too_large_is_refused(services: Services) -> None:
    answer = shown(Program("ann"), b"x" * ((services.settings.desk.upload_mb << 20) + 1))
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")


def test_the_proof_of_a_receipt(services: Services) -> None:
    ann = Program("ann")
    number = entered(ann)
    assert ann.ask("get", f"/entries/{number}/proof").status_code == 422
    ann.ask("post", f"/entries/{number}/receipts", {})
    export(services, datetime.now(UTC) + timedelta(days=1))
    proof = ann.ask("get", f"/entries/{number}/proof")
    assert proof.status_code == 200
    assert proof.json()["proof"]["receipts"][0]["event"]["number"] == number


def test_labels_of_a_range_and_of_entries() -> None:
    ann = Program("ann")
    number = entered(ann)
    name = ann.ask("post", "/ranges", {"register": "IN", "count": 30}).json()["range"]
    sheets = ann.ask("post", "/labels/sheet", {"range": name, "start": 2})
    assert (sheets.status_code, sheets["Content-Type"]) == (200, "application/pdf")
    with pikepdf.open(io.BytesIO(sheets.content)) as pdf:
        assert len(pdf.pages) == 2
    zpl = ann.ask("post", "/labels/zpl", {"numbers": [number], "dpi": 300})
    assert (zpl.status_code, zpl["Content-Type"]) == (200, "application/zpl")
    assert zpl.content.startswith(b"^XA")
    assert number.encode() in zpl.content
    waiting = ann.ask("get", "/labels/waiting").json()["items"]
    assert (len(waiting), {one["range"] for one in waiting}) == (31, {None, name})
    assert ann.ask("get", "/labels/waiting?days=1").json() == {"items": []}


@pytest.mark.parametrize(
    ("path", "asked", "problem"),
    [
        ("sheet", {}, "Say which numbers: numbers or range"),
        ("sheet", {"numbers": ["IN-2026-000001-0"], "size": "A9"}, "size is 'A9'"),
        ("sheet", {"range": "IN-2026:7-9"}, "IN-2026:7-9"),
        ("sheet", {"numbers": ["1"], "start": 22}, "has places 1 to 21"),
        ("zpl", {"numbers": ["1"], "dpi": 200}, "dpi"),
        ("zpl", {"numbers": ["\u3042"]}, "is no register number"),
        ("zpl", {"range": "IN-2026:1-3", "width": 15, "height": 10}, "too small"),
        ("zpl", {"numbers": ["none"]}, "'NONE' is no register number"),
    ],
)
def test_labels_that_cannot_be(path: str, asked: dict[str, Any], problem: str) -> None:
    answer = Program("ann").ask("post", f"/labels/{path}", asked)
    assert answer.status_code in (404, 422)
    assert problem in json.loads(answer.content)["detail"]


def test_a_rule_is_tried_on_what_came_in(services: Services) -> None:
    ann, eve = Program("ann"), Program("eve")
    number = entered(ann, department="")
    other = entered(ann, subject="A bill", department="")
    follow(services)
    office.put("rule", Rule("bills", 10, "has_words(subject, 'bill')", {"assign": "legal"}), ACT)
    today = datetime.now(UTC).astimezone(services.settings.zone).date().isoformat()
    rule = {"name": "noise", "order": 5, "when": "has_words(subject, 'noise')", "then": {"assign": "works"}}
    asked = {"rule": rule, "without": ["bills"], "from": today, "to": today}
    found = eve.ask("post", "/rules/test", asked)
    assert found.status_code == 200
    assert found.json()["changed"] == [
        {"number": number, "before": {}, "after": {"assign": "works"}},
        {"number": other, "before": {"assign": "legal"}, "after": {}},
    ]
    assert ann.ask("post", "/rules/test", asked).status_code == 403
    broken = eve.ask("post", "/rules/test", {"rule": {**rule, "when": "has_words(subject"}})
    assert (broken.status_code, "noise" in json.loads(broken.content)["detail"]) == (422, False)
    nowhere = eve.ask("post", "/rules/test", {"rule": {**rule, "then": {"assign": "moon"}}})
    assert (nowhere.status_code, "'moon'" in json.loads(nowhere.content)["detail"]) == (422, True)
    assert eve.ask("post", "/rules/test", {"without": ["nobody"]}).status_code == 404
    late = eve.ask("post", "/rules/test", {"to": "9999-12-31"})
    assert (late.status_code, "yet to come" in json.loads(late.content)["detail"]) == (422, True)
    listed = eve.ask("put", "/office/rule/y", {"order": 1, "when": "true", "then": {"priority": ["low"]}})
    assert (listed.status_code, "not a list" in json.loads(listed.content)["detail"]) == (422, True)
    assert eve.ask("post", "/rules/test", {"rule": {"name": "x"}}).status_code == 422


def test_where_entries_stay() -> None:
    ann = Program("ann")
    number = entered(ann)
    ann.ask("post", f"/entries/{number}/state", {"to": "in progress"})
    found = ann.ask("get", "/reports/bottlenecks?elapsed=true").json()
    assert (found["by"], found["time"]) == ("state", "elapsed")
    assert {one["name"]: one["open"] for one in found["stays"]} == {
        "in progress": 1, "registered": 0, "assigned": 0,
    }  # fmt: skip
    assert ann.ask("get", "/reports/bottlenecks?by=moon").status_code == 422
    wrong = ann.ask("get", "/reports/bottlenecks?since=2026-03-02&until=2026-03-01")
    assert (wrong.status_code, "earlier day first" in json.loads(wrong.content)["detail"]) == (422, True)
    assert ann.ask("get", "/reports/bottlenecks?until=9999-12-31").status_code == 422
