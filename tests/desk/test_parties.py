"""Parties by the REST API."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from register import party_history
from register.models import Party
from register.session import borrowed
from tests.desk.conftest import Program
from tests.desk.test_api import LETTER, told

pytestmark = pytest.mark.usefixtures("services")
ADA = {
    "name": "Ada Ltd",
    "kind": "organisation",
    "addresses": [{"lines": ["1 High St"], "postcode": "AB1 2CD", "city": "London", "country": "gb"}],
    "identifiers": ["vat:GB980780684"],
    "emails": ["Info@Ada.example"],
    "consents": [{"purpose": "notices", "since": "2026-01-01"}],
    "preferred": "e-mail",
}


def test_a_party_on_its_way() -> None:
    ann = Program("ann")
    made = ann.ask("post", "/parties", {**ADA, "reason": "at the counter"}, Idempotency_Key="k")
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert (made["Location"], made["ETag"]) == (f"/api/v1/parties/{number}", '"1"')
    assert made.json()["emails"] == ["info@ada.example"]
    again = ann.ask("post", "/parties", {**ADA, "reason": "at the counter"}, Idempotency_Key="k")
    assert (again.json()["number"], Party.objects.count()) == (number, 1)
    changed = ann.ask(
        "patch", f"/parties/{number}", {"preferred": None, "phones": ["+34 912 345 678"]}, If_Match='"1"'
    )
    assert (changed.json()["preferred"], changed.json()["phones"]) == (None, ["+34912345678"])
    assert changed.json()["identifiers"] == ADA["identifiers"]
    assert ann.ask("get", f"/parties/{number}", If_None_Match=changed["ETag"]).status_code == 304
    status, why = told(ann.ask("patch", f"/parties/{number}", {"notes": "x"}, If_Match='"1"'))
    assert (status, "changed meanwhile: changed by ann" in why) == (412, True)
    sent = ann.ask("post", "/entries", {**LETTER, "senders": [number]})
    assert sent.json()["parties"] == [{"role": "sender", "name": "Ada Ltd", "party": number}]


def test_two_that_are_one_and_two() -> None:
    ann = Program("ann")
    first, second, third = (
        ann.ask("post", "/parties", {"name": f"Brightwater {form}"}).json()["number"]
        for form in ("Ltd", "GmbH", "SL")
    )
    pairs = ann.ask("get", "/parties/similar").json()["items"]
    assert [(one["first"]["number"], one["second"]["number"]) for one in pairs] == [
        (first, second), (first, third), (second, third),
    ]  # fmt: skip
    merged = ann.ask("post", f"/parties/{first}/merge", {"other": second, "reason": "one house"})
    assert (merged.status_code, merged.json()["merged"]) == (200, [second])
    assert ann.ask("get", f"/parties/{second}").json()["number"] == first
    assert ann.ask("post", f"/parties/{first}/separate", {"other": third}).status_code == 200
    assert ann.ask("get", "/parties/similar").json() == {"items": []}
    assert ann.ask("post", f"/parties/{second}/split", {}).json()["number"] == second
    page = ann.ask("get", "/parties?limit=2").json()
    assert [one["number"] for one in page["items"]] == [first, second]
    assert [one["number"] for one in ann.ask("get", f"/parties?cursor={page['next']}").json()["items"]] == [
        third
    ]


def test_a_history_page_by_page() -> None:
    ann, ben = Program("ann"), Program("ben")
    first, other = (ann.ask("post", "/parties", {"name": name}).json()["number"] for name in ("Ada", "Bob"))
    ann.ask("patch", f"/parties/{first}", {"notes": "x"})
    ann.ask("post", f"/parties/{first}/merge", {"other": other, "reason": "one house"})
    whole = ann.ask("get", f"/parties/{other}/history").json()
    assert (whole["items"], whole["next"]) == (ann.ask("get", f"/parties/{first}").json()["history"], None)
    kinds = [(one["kind"], one["party"]) for one in whole["items"]]
    assert kinds[:3] == [("entered", first), ("entered", other), ("changed", first)]
    page = ann.ask("get", f"/parties/{first}/history?limit=2").json()
    rest = ann.ask("get", f"/parties/{first}/history?cursor={page['next']}").json()
    assert page["items"] + rest["items"] == whole["items"]
    assert told(ben.ask("get", f"/parties/{first}/history"))[0] == 404
    ann.ask("post", "/entries", {**LETTER, "senders": [first]})
    assert ben.ask("get", f"/parties/{first}/history").json() == whole
    assert told(ann.ask("get", f"/parties/{first}/history?cursor=9223372036854775808"))[0] == 422


def test_who_may_and_what_cannot_be() -> None:
    ann, ben = Program("ann"), Program("ben")
    number = ann.ask("post", "/parties", ADA).json()["number"]
    assert told(ben.ask("get", f"/parties/{number}"))[0] == 404
    assert told(ben.ask("post", "/parties", {"name": "Bob"}))[0] == 403
    assert ben.ask("get", "/parties").json()["items"] == []
    ann.ask("post", "/entries", {**LETTER, "senders": [number]})
    assert ben.ask("get", f"/parties/{number}").json()["entries"] == 1
    assert told(ben.ask("patch", f"/parties/{number}", {"notes": "x"}))[0] == 403
    for body, why in (
        ({"name": "Eve", "identifiers": ["vat:GB980780685"]}, "its check digits are wrong"),
        ({"name": "Eve", "emails": ["info@ada.example"]}, f"which is {number}'s, Ada Ltd"),
        ({"name": ""}, "name"),
    ):
        status, detail = told(ann.ask("post", "/parties", body))
        assert (status, why in detail) == (422, True), detail


def test_of_two_who_merge_at_once_one_is_told() -> None:
    ann = Program("ann")
    first, second = (ann.ask("post", "/parties", {"name": name}).json()["number"] for name in ("Ada", "Bob"))
    together = Barrier(2)

    def merge(keep: str, other: str) -> Any:
        with borrowed():
            program = Program("ann")
            together.wait()
            return program.ask("post", f"/parties/{keep}/merge", {"other": other, "reason": "one"})

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(merge, (first, second), (second, first)))
    assert sorted(one.status_code for one in answers) == [200, 412]
    (loser,) = (one for one in answers if one.status_code == 412)
    assert "are one already" in told(loser)[1]
    assert list(party_history.breaks()) == []
