"""Deadlines by the REST API: decided, and seen by who may see their entries."""

import json
from datetime import UTC, datetime, timedelta

from flows import clock
from infra.wiring import Services
from tests.desk.conftest import Program
from tests.desk.test_api import LETTER, told


def test_deadlines_are_decided_by_who_may(services: Services) -> None:
    ann, eve = Program("ann"), Program("eve")
    body = {"hours": 8, "remind": [2], "escalate": "works/ben", "until": ["closed"]}
    made = eve.ask("put", "/office/deadline/answer", body)
    assert made.status_code == 200, made.content
    assert made.json() == {
        "name": "answer", "hours": 8.0, "days": 0, "label": "", "priority": "", "direction": "", "state": "",
        "until": ["closed"], "pauses": ["waiting"], "legal": False, "remind": [2.0], "escalate": "works/ben",
        "by_rule": False,
    }  # fmt: skip
    assert ann.ask("get", "/office/deadline").json() == {"items": [made.json()]}
    assert ann.ask("put", "/office/deadline/other", body).status_code == 403
    for wrong, said in (
        ({"hours": 8, "state": "begun"}, "state is 'begun': the states of such entries are: "),
        ({"hours": 8, "label": "novel"}, "There is no class 'novel'"),
        ({"hours": 8, "days": 2}, "hours is 8 and days is 2: give one of them"),
        ({"hours": "soon"}, "hours: Input should be a valid number"),
    ):
        status, detail = told(eve.ask("put", "/office/deadline/other", wrong))
        assert (status, detail[: len(said)]) == (422, said)
    assert eve.ask("delete", "/office/deadline/answer").status_code == 204


def test_clocks_are_seen_by_who_may_see_their_entries(services: Services) -> None:
    ann, ben, eve = Program("ann"), Program("ben"), Program("eve")
    eve.ask("put", "/office/deadline/answer", {"days": 2, "remind": [4]})
    seen = ann.ask("post", "/entries", LETTER).json()["number"]
    hidden = ann.ask("post", "/entries", {**LETTER, "department": "legal"}).json()["number"]
    clock.tick(services)
    assert [one["number"] for one in ann.ask("get", "/clocks").json()["items"]] == [seen, hidden]
    (one,) = ben.ask("get", "/clocks?limit=5").json()["items"]
    assert (one["number"], one["deadline"], one["state"], one["legal"]) == (seen, "answer", "running", False)
    assert ben.ask("get", "/clocks?due_within=0").json() == {"items": [], "next": None}
    clock.tick(services, datetime.now(UTC) + timedelta(days=9))
    (whole,) = ben.ask("get", f"/clocks/{seen}").json()["items"]
    assert whole["terms"]["remind"] == [4.0]
    assert [fired["what"] for fired in whole["fired"]] == ["passed"]
    assert whole["to_come"] == []
    assert told(ben.ask("get", f"/clocks/{hidden}")) == (
        404, f"There is no entry {hidden}. Find it: postroom search WORDS",
    )  # fmt: skip
    assert json.loads(eve.ask("get", "/clocks").content) == {"items": [], "next": None}
    assert ben.ask("get", "/clocks?due_within=nan").status_code == 422


def test_what_cannot_be_asked(services: Services) -> None:
    ann = Program("ann")
    for asked in (
        "limit=0", "limit=201", "due_within=-1", "due_within=x", "cursor=x", "cursor=~", "cursor=1~",
        "cursor=2026-13-01T00:00:00Z~1", "cursor=2026-01-01T00:00:00~1", "cursor=~1234567890123456789",
    ):  # fmt: skip
        assert ann.ask("get", f"/clocks?{asked}").status_code == 422, asked


def test_clocks_page_by_page(services: Services) -> None:
    ann, eve = Program("ann"), Program("eve")
    for name, body in (("answer", {"days": 2}), ("law", {"days": 9, "legal": True})):
        eve.ask("put", f"/office/deadline/{name}", body)
    made = [ann.ask("post", "/entries", LETTER).json()["number"] for _ in range(3)]
    ann.ask("post", f"/entries/{made[0]}/state", {"to": "in progress"})
    clock.tick(services)
    ann.ask("post", f"/entries/{made[0]}/state", {"to": "waiting", "reason": "for a plan"})
    clock.tick(services)
    whole = ann.ask("get", "/clocks").json()
    assert (len(whole["items"]), whole["next"]) == (6, None)
    assert [one["due_at"] is None for one in whole["items"]].count(True) == 1
    pages = [ann.ask("get", "/clocks?limit=2").json()]
    while pages[-1]["next"]:
        pages.append(ann.ask("get", f"/clocks?limit=2&cursor={pages[-1]['next']}").json())
    named = [(one["number"], one["deadline"]) for one in whole["items"]]
    assert [(one["number"], one["deadline"]) for page in pages for one in page["items"]] == named
    assert len(pages) == 3
    ended = pages[0]["items"][-1]["number"]  # costs no other its place
    ann.ask("post", f"/entries/{ended}/void", {"reason": "twice"})
    rest = ann.ask("get", f"/clocks?cursor={pages[0]['next']}").json()["items"]
    assert [(one["number"], one["deadline"]) for one in rest] == [one for one in named[2:] if one[0] != ended]
    for at in ("0001-01-01T00:00:00Z~1", "9999-12-31T23:59:59.999999Z~999999999999999999", "~1"):
        assert ann.ask("get", f"/clocks?cursor={at}").status_code == 200


def test_a_deadline_is_extended_once(services: Services) -> None:
    ann, ben, eve = Program("ann"), Program("ben"), Program("eve")
    eve.ask("put", "/office/deadline/answer", {"days": 2})
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    (before,) = ben.ask("get", f"/clocks/{number}").json()["items"]
    body = {"days": 3, "reason": "they asked"}
    for _ in range(2):
        made = ben.ask("post", f"/clocks/{number}/extend", body, Idempotency_Key="k")
        assert made.status_code == 200, made.content
        (after,) = made.json()["items"]
        assert (after["extended"], after["due_at"] > before["due_at"]) == (1, True)
    assert told(ben.ask("post", f"/clocks/{number}/extend", {"days": 3})) == (
        422, f"Say why answer of {number} is extended: give the reason",
    )  # fmt: skip
    assert ben.ask("post", f"/clocks/{number}/extend", {**body, "to": "soon"}).status_code == 422
    assert ben.ask("post", f"/clocks/{number}/extend", body, If_Match='"1"').status_code == 412
