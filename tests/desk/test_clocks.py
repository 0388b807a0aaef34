"""Deadlines by the REST API: decided, and seen by who may see their entries."""

import json
from datetime import UTC, datetime, timedelta

import pytest

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
    assert ben.ask("get", "/clocks?due_within=0").json() == {"items": []}
    clock.tick(services, datetime.now(UTC) + timedelta(days=9))
    (whole,) = ben.ask("get", f"/clocks/{seen}").json()["items"]
    assert whole["terms"]["remind"] == [4.0]
    assert [fired["what"] for fired in whole["fired"]] == ["passed"]
    assert whole["to_come"] == []
    assert told(ben.ask("get", f"/clocks/{hidden}")) == (
        404, f"There is no entry {hidden}. Find it: postroom search WORDS",
    )  # fmt: skip
    assert json.loads(eve.ask("get", "/clocks").content) == {"items": []}
    assert ben.ask("get", "/clocks?due_within=nan").status_code == 422


@pytest.mark.parametrize("asked", ["limit=0", "limit=201", "due_within=-1", "due_within=x"])
def test_what_cannot_be_asked(services: Services, asked: str) -> None:
    assert Program("ann").ask("get", f"/clocks?{asked}").status_code == 422
