"""How numbers are written, and what came without network, by programs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from register.models import Entry
from tests.desk.conftest import Program
from tests.desk.test_api import LETTER, told

pytestmark = pytest.mark.usefixtures("services")
FORM = "{year}/{register}/{sequence}-{check}"


def hand_in(program: Program, content: bytes, name: str = "counter.csv", **said: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return program.client.post("/api/v1/numbers/import", {"file": file, **said})


def reserved(program: Program, count: int) -> list[str]:
    asked = {"register": "IN", "count": count, "department": "works"}
    found: list[str] = program.ask("post", "/ranges", asked).json()["open_numbers"]
    return found


def test_numbers_are_written_otherwise() -> None:
    ann, eve = Program("ann"), Program("eve")
    (usual,) = ann.ask("get", "/numbers/forms").json()["items"]
    assert (usual["register"], usual["before"]) == ("all", [])
    seen = ann.ask("get", "/numbers/forms/IN")
    assert (seen.json()["form"], seen["ETag"]) == (usual["form"], '"0"')
    assert told(ann.ask("put", "/numbers/forms/IN", {"form": FORM}))[0] == 403
    done = eve.ask("put", "/numbers/forms/IN", {"form": FORM}, Idempotency_Key="k", If_Match='"0"')
    assert done.status_code == 200, done.content
    again = eve.ask("put", "/numbers/forms/IN", {"form": FORM}, Idempotency_Key="k", If_Match='"0"')
    assert (again.json(), again["ETag"]) == (done.json(), done["ETag"])
    year = datetime.now(UTC).year
    assert done.json()["example"].startswith(f"{year}/IN/123-")
    assert done.json()["before"] == [usual["form"]]
    assert [one["register"] for one in ann.ask("get", "/numbers/forms").json()["items"]] == ["all", "IN"]
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    assert number.startswith(f"{year}/IN/1-")
    for body, if_match, status, why in (
        ({"form": usual["form"]}, '"0"', 412, "numbering IN was changed meanwhile: decided anew by eve"),
        ({"form": "{sequence}"}, "", 422, "the form of numbers is '{sequence}'"),
        ({"form": FORM}, "", 422, "numbering IN is so already"), ({}, "", 422, "form: Field required"),
    ):  # fmt: skip
        found = told(eve.ask("put", "/numbers/forms/IN", body, If_Match=if_match))
        assert (found[0], why in found[1]) == (status, True), found
    assert eve.ask("put", "/numbers/forms/in", {"form": FORM}).status_code == 422


def test_what_came_without_network_is_entered() -> None:
    ann, ben = Program("ann"), Program("ben")
    first, second, third = reserved(ann, 3)
    text = f"number,subject,sender,department\n{first},Noise,Ada,works\n{second},Noise,Ada,nowhere\n"
    assert hand_in(Program("ann", "read"), text.encode()).status_code == 403
    strict = hand_in(ann, text.encode(), strict="true").json()
    assert (strict["entered"], len(strict["faults"]), Entry.objects.count()) == ([], 1, 0)
    done = hand_in(ann, text.encode(), reason="the counter was cut off")
    assert (done.status_code, done.json()["entered"], done.json()["already"]) == (200, [first], [])
    (fault,) = done.json()["faults"]
    assert (fault["line"], fault["problem"][:30]) == (3, "There is no department 'nowher")
    assert hand_in(ann, text.encode()).json()["already"] == [first]
    line = f'{{"number": "{third}", "subject": "Noise", "sender": "Ada", "department": "works"}}'
    refused = hand_in(ben, line.encode(), "counter.JSONL").json()
    assert (refused["entered"], [one["field"] for one in refused["faults"]]) == ([], ["number"])
    assert hand_in(ann, line.encode(), "counter.JSONL").json()["entered"] == [third]
    shown = ann.ask("get", f"/entries/{first}").json()["history"][0]
    assert (shown["actor"], shown["content"]["reason"]) == ("ann", "the counter was cut off")


def test_what_is_no_list_of_entries() -> None:
    ann = Program("ann")
    (number,) = reserved(ann, 1)
    for content, why in (
        (b"\xff\xfe", "file is not UTF-8"), (b"subject\nNoise\n", "column 'number' is missing"),
        (b"number,colour\n", "column 'colour'"),
        (b"number\n" + b"x\n" * 5001, "file has more than 5000 lines"),
    ):  # fmt: skip
        status, detail = told(hand_in(ann, content))
        assert (status, why in detail) == (422, True), detail
    assert told(ann.ask("post", "/numbers/import", {}))[0] == 422
    deep = b"[" * 200_000
    told_of = f'{{"number": "{number}", "received": %s}}'
    moments = ('"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', "1e300", "-1", "NaN", "9" * 5000)
    lines = [deep, b"\x00", b'{"number": "\\ud800"}', *((told_of % one).encode() for one in moments)]
    found = hand_in(ann, b"\n".join(lines), "x.jsonl").json()
    assert (found["entered"], [one["line"] for one in found["faults"]]) == ([], [*range(1, len(lines) + 1)])
    assert hand_in(ann, b"number\n\x00\n").json()["faults"][0]["line"] == 2
