"""The inbox, asked by programs."""

import pytest

from domain.office import Department
from flows.publish import deliver
from infra.wiring import Services
from register import office
from tests.desk.conftest import ACT, Program


@pytest.fixture
def numbers(services: Services) -> list[str]:
    """Entries that ann gave to ben."""
    office.put("department", Department("roads", parent="works"), ACT)
    ann = Program("ann")
    body = {"subject": "Noise", "senders": ["Ada"], "department": "works", "person": "ben"}
    made = [ann.ask("post", "/entries", body).json()["number"] for _ in range(3)]
    deliver(services)
    return made


def test_a_users_inbox_in_pages(numbers: list[str]) -> None:
    ben = Program("ben")
    first = ben.ask("get", "/inbox?limit=2").json()
    assert (first["unread"], [one["number"] for one in first["items"]]) == (3, numbers[:0:-1])
    second = ben.ask("get", f"/inbox?limit=2&cursor={first['next']}").json()
    assert ([one["number"] for one in second["items"]], second["next"]) == (numbers[:1], None)
    newest = first["items"][0]
    assert {**newest, "id": 0, "at": ""} == {
        "id": 0,
        "kind": "assigned",
        "number": numbers[2],
        "subject": "Noise",
        "text": f"{numbers[2]} was given to you",
        "told": {"by": "ann"},
        "at": "",
        "read_at": None,
    }
    read = ben.ask("post", f"/inbox/{newest['id']}/read", {})
    assert (read.status_code, read.json()["read_at"] is None) == (200, False)
    left = ben.ask("get", "/inbox?unread=true").json()
    assert (left["unread"], [one["number"] for one in left["items"]]) == (2, numbers[1::-1])


def test_nobody_reads_anothers(numbers: list[str]) -> None:
    mine = Program("ben").ask("get", "/inbox").json()["items"][0]["id"]
    ann = Program("ann")
    assert ann.ask("get", "/inbox").json() == {"unread": 0, "items": [], "next": None}
    assert ann.ask("post", f"/inbox/{mine}/read", {}).status_code == 404
    assert Program("ben", "read").ask("post", f"/inbox/{mine}/read", {}).status_code == 403
    assert ann.ask("post", "/inbox/9223372036854775807/read", {}).status_code == 404
    assert ann.ask("post", "/inbox/9223372036854775808/read", {}).status_code == 422


def test_what_one_may_not_see_any_more_is_not_there(numbers: list[str]) -> None:
    ann, ben = Program("ann"), Program("ben")
    ann.ask("post", f"/entries/{numbers[0]}/assignment", {"department": "legal"})
    shown = ben.ask("get", "/inbox").json()
    assert (shown["unread"], [one["number"] for one in shown["items"]]) == (2, numbers[:0:-1])
