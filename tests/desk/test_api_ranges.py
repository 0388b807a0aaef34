"""Numbers reserved and used by programs."""

import json
from datetime import UTC, datetime

import pytest

from register.models import Entry
from register.numbering import set_form
from tests.desk.conftest import ACT, Program

pytestmark = pytest.mark.usefixtures("services")
ASKED = {"register": "IN", "count": 3, "place": "counter 2", "department": "works"}


def test_numbers_are_reserved_once_and_used() -> None:
    ann = Program("ann")
    made = ann.ask("post", "/ranges", ASKED, Idempotency_Key="a")
    again = ann.ask("post", "/ranges", ASKED, Idempotency_Key="a")
    assert (made.status_code, again.status_code, again.json()) == (201, 201, made.json())
    found = made.json()
    year = datetime.now(UTC).year
    names = ("range", "register", "place", "department", "reserved", "open")
    assert [found[name] for name in names] == [f"IN-{year}:1-3", "IN", "counter 2", "works", 3, 3]
    number = found["open_numbers"][1]
    letter = {"number": number, "subject": "Noise", "senders": ["Ada"], "department": "works"}
    used = ann.ask("post", "/entries", letter)
    assert (used.status_code, used.json()["number"]) == (201, number)
    twice = ann.ask("post", "/entries", letter)
    assert twice.status_code == 412
    assert f"{number} is used already: entered by ann" in json.loads(twice.content)["detail"]
    assert ann.ask("get", "/ranges").json() == {"next": None, "items": [{**found, "used": 1, "open": 2,
        "open_numbers": [found["open_numbers"][0], found["open_numbers"][2]]}]}  # fmt: skip
    for one in (found["open_numbers"][0], found["open_numbers"][2]):
        assert ann.ask("post", "/entries", {**letter, "number": one}).status_code == 201
    assert ann.ask("get", "/ranges").json() == {"items": [], "next": None}
    assert [one["open"] for one in ann.ask("get", "/ranges?all=true").json()["items"]] == [0]


def test_the_register_says_the_direction() -> None:
    ann = Program("ann")
    number = ann.ask("post", "/ranges", {"register": "OUT", "count": 1}).json()["open_numbers"][0]
    made = ann.ask("post", "/entries", {"number": number, "subject": "Noise", "recipients": ["Bob"]})
    assert (made.json()["number"], made.json()["direction"]) == (number, "outgoing")


def test_who_may() -> None:
    ann, ben = Program("ann"), Program("ben")
    number = ann.ask("post", "/ranges", ASKED).json()["open_numbers"][0]
    assert ben.ask("post", "/ranges", ASKED).status_code == 403
    assert ben.ask("get", "/ranges?all=true").json() == {"items": [], "next": None}
    letter = {"number": number, "subject": "Noise", "senders": ["Ada"], "department": "works"}
    assert ben.ask("post", "/entries", letter).status_code == 403
    # A case handler may draft what goes out, but not with a number that was reserved for others.
    letter |= {"direction": "outgoing", "recipients": ["Bob"]}
    assert ben.ask("post", "/entries", letter).status_code == 404
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("asked", "status", "problem"),
    [
        ({"count": 0}, 422, "count: "),
        ({"register": "in"}, 422, "register: "),
        ({"year": 1999}, 422, "year is 1999"),
        ({"department": "nowhere"}, 422, "There is no department 'nowhere'"),
    ],
)
def test_what_cannot_be(asked: dict[str, object], status: int, problem: str) -> None:
    answer = Program("ann").ask("post", "/ranges", {**ASKED, **asked})
    assert answer.status_code == status
    assert problem in json.loads(answer.content)["detail"]


def test_a_number_with_slashes_in_an_address() -> None:
    set_form("{year}/{register}/{sequence}-{check}", ACT)
    ann = Program("ann")
    made = ann.ask("post", "/entries", {"subject": "Noise", "senders": ["Ada"]})
    number = made.json()["number"]
    assert number.count("/") == 2
    assert made["Location"] == f"/api/v1/entries/{number.replace('/', '-')}"
    shown = Program("ann").client.get(made["Location"])
    assert shown.json()["number"] == number
    moved = ann.ask("post", f"/entries/{number.replace('/', '.')}/state", {"to": "in progress"})
    assert (moved.status_code, moved.json()["number"]) == (200, number)


def test_a_range_is_reconciled() -> None:
    ann, ben = Program("ann"), Program("ben")
    name = ann.ask("post", "/ranges", ASKED).json()["range"]
    number = ann.ask("get", "/ranges").json()["items"][0]["open_numbers"][0]
    letter = {"number": number, "subject": "Noise", "senders": ["Ada"], "department": "works"}
    assert ann.ask("post", "/entries", letter).status_code == 201
    seen = ann.ask("post", "/ranges/reconcile", {"range": name}).json()
    assert (seen["used"], seen["open"], seen["void"]) == (1, 2, 0)
    rest = {"range": name, "void_rest": True}
    assert ann.ask("post", "/ranges/reconcile", rest).status_code == 422
    rest |= {"reason": "the counter closed"}
    assert ben.ask("post", "/ranges/reconcile", rest).status_code == 404
    done = [ann.ask("post", "/ranges/reconcile", rest, Idempotency_Key="r") for _ in range(2)]
    assert [one.status_code for one in done] == [200, 200]
    assert [(one.json()["used"], one.json()["open"], one.json()["void"]) for one in done] == [(1, 0, 2)] * 2


def test_ranges_page_by_page() -> None:
    ann, ben = Program("ann"), Program("ben")
    made = [ann.ask("post", "/ranges", {**ASKED, "count": 1}).json() for _ in range(4)]
    letter = {"subject": "Noise", "senders": ["Ada"], "department": "works"}
    ann.ask("post", "/entries", {**letter, "number": made[1]["open_numbers"][0]})
    names = [one["range"] for one in made]
    first = ann.ask("get", "/ranges?limit=2").json()
    assert ([one["range"] for one in first["items"]], first["next"]) == ([names[0], names[2]], names[2])
    rest = ann.ask("get", f"/ranges?limit=2&cursor={first['next']}").json()
    assert ([one["range"] for one in rest["items"]], rest["next"]) == ([names[3]], None)
    whole = ann.ask("get", f"/ranges?all=true&limit=2&cursor={names[0]}").json()
    assert [one["range"] for one in whole["items"]] == [names[1], names[2]]
    assert ben.ask("get", f"/ranges?cursor={names[0]}").status_code == 404
    assert ann.ask("get", "/ranges?cursor=nonsense").status_code == 404
