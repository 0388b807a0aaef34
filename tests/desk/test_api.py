"""The REST API: what programs ask, and what they are told."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from domain.errors import Usage
from flows.publish import deliver
from infra.wiring import Services
from register import account, tokens
from register.models import Entry, Event, Token
from register.session import borrowed
from tests.desk.conftest import ACT, NOW, Program

pytestmark = pytest.mark.usefixtures("services")
TOKEN = "Give a token that is valid: Authorization: Bearer TOKEN"
LETTER = {"subject": "Noise at night", "senders": ["Ada Ltd"], "department": "works"}


def told(answer: Any) -> tuple[int, str]:
    """The problem that it tells."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert set(body) == {"type", "title", "status", "detail"}
    return body["status"], body["detail"]


def test_an_entry_on_its_way() -> None:
    ann, ben = Program("ann"), Program("ben")
    made = ann.ask("post", "/entries", {**LETTER, "dated": "2026-01-02", "class": "letter", "tags": ["a"]})
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert made["Location"] == f"/api/v1/entries/{number}"
    assert (made.json()["class"], made.json()["dated"], made.json()["tags"]) == (
        "letter",
        "2026-01-02",
        ["a"],
    )
    moved = ben.ask(
        "post", f"/entries/{number}/state", {"to": "in progress", "reason": "mine"}, If_Match=made["ETag"]
    )
    assert (moved.status_code, moved.json()["status"]) == (200, "in progress")
    last = moved.json()["history"][-1]
    assert (last["actor"], last["content"]) == (
        "ben",
        {"from": "assigned", "to": "in progress", "reason": "mine", "source": "127.0.0.1"},
    )
    amended = ben.ask("patch", f"/entries/{number}", {"subject": "Noise", "dated": None})
    assert (amended.json()["subject"], amended.json()["dated"], amended.json()["tags"]) == (
        "Noise",
        None,
        ["a"],
    )
    for what, body in (
        ("claim", {}),
        ("assignment", {"department": "works"}),
        ("return", {"reason": "not mine"}),
        ("shares", {"user": "eve"}),
    ):
        done = ben.ask("post", f"/entries/{number}/{what}", body)
        assert done.status_code == 200, (what, done.content)
    sent = ben.ask("post", f"/entries/{number}/forward", {"recipients": ["Town Hall"]})
    assert (sent.status_code, sent.json()["direction"]) == (201, "outgoing")
    related = ben.ask(
        "post", f"/entries/{number}/relations", {"relation": "concerns", "number": sent.json()["number"]}
    )
    assert len(related.json()["relations"]) == 2
    void = ann.ask(
        "post", f"/entries/{number}/void", {"reason": "twice", "replaced_by": [sent.json()["number"]]}
    )
    assert void.json()["void_reason"] == "twice"


def test_who_may_ask() -> None:
    number = Program("ann").ask("post", "/entries", {**LETTER, "department": "legal"}).json()["number"]
    assert told(Client().get("/api/v1/entries")) == (401, TOKEN)
    assert Client().get("/api/v1/entries")["WWW-Authenticate"] == "Bearer"
    assert told(Client(headers={"Authorization": "Bearer pr_x"}).get("/api/v1/entries"))[0] == 401
    ben = Program("ben")
    assert told(ben.ask("get", f"/entries/{number}")) == (
        404,
        f"There is no entry {number}. Find it: postroom search WORDS",
    )
    assert ben.ask("get", "/entries").json() == {"items": [], "next": None}
    assert ben.ask("get", "/search?q=noise").json()["total"] == 0
    assert Program("ann", "read").ask("get", "/search?q=noise").json()["total"] == 1
    assert told(ben.ask("post", "/entries", LETTER)) == (
        403,
        "ben may not register entries for works that are internal",
    )
    reader = Program("ann", "read")
    assert told(reader.ask("post", "/entries", LETTER))[0] == 403
    assert told(ben.ask("put", "/office/department/new", {}))[0] == 403
    assert Program("eve").ask("put", "/office/department/new", {"title": "New"}).json()["title"] == "New"
    assert Program("eve").ask("delete", "/office/department/new").status_code == 204
    assert [one["name"] for one in ben.ask("get", "/office/department").json()["items"]] == ["legal", "works"]


def test_a_register_is_listed_page_by_page_in_order_of_number() -> None:
    ann = Program("ann")
    made = [ann.ask("post", "/entries", {**LETTER, "tags": [tag]}).json()["number"] for tag in "aba"]
    ann.ask("post", f"/entries/{made[1]}/void", {"reason": "twice"})
    first = ann.ask("get", "/entries?register=IN&order=number&void=all&limit=2").json()
    assert ([one["number"] for one in first["items"]], first["next"]) == (made[:2], made[1])
    rest = ann.ask("get", f"/entries?register=IN&order=number&void=all&limit=2&cursor={made[1]}").json()
    assert ([one["number"] for one in rest["items"]], rest["next"]) == (made[2:], None)
    assert rest["items"][0]["senders"] == ["Ada Ltd"]
    for query, found in (
        ("void=void", [made[1]]), ("tag=a&limit=1", [made[2]]), ("tag=a&tag=b", []),
        ("party=ada&from=2020-01-01&about=noise", [made[2], made[0]]),
    ):  # fmt: skip
        assert [one["number"] for one in ann.ask("get", f"/entries?{query}").json()["items"]] == found
    for query, status, problem in (
        ("status=nonsense", 404, "status is 'nonsense', which is not there. There are: answered, "),
        ("class=novel", 422, "There is no class 'novel'. The classes are: "),
        ("field=plot", 422, "query.field.0: Value error, write it as NAME=VALUE"),
        ("field=plot=1", 404, "There is no field 'plot'. There is none yet"),
        ("to=9999-12-31", 422, "to is 9999-12-31: give a day of the years 1900 to 2200"),
        ("year=1", 422, "year: Input should be greater than or equal to 1900"),
    ):
        said = told(ann.ask("get", f"/entries?{query}"))
        assert (said[0], said[1].startswith(problem)) == (status, True), said


def test_tokens_end() -> None:
    program = Program("ann")
    assert program.ask("get", "/entries").status_code == 200
    tokens.revoke(Token.objects.get().name, "ann", ACT)
    assert told(program.ask("get", "/entries"))[0] == 401
    short = tokens.give("short", "ann", ["read"], 1, ACT)
    assert tokens.known(short, NOW + timedelta(hours=23)) is not None
    assert tokens.known(short, NOW + timedelta(hours=25)) is None


def test_what_cannot_be_is_told_with_field_value_and_fix() -> None:
    ann = Program("ann")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    before = Event.objects.count()
    asked: list[tuple[str, str, Any, int, str]] = [
        ("post", "/entries", {"subject": "x"}, 422, "sender is missing"),
        ("post", "/entries", {**LETTER, "sneder": "x"}, 422, "body.sneder: Extra inputs are not permitted"),
        ("post", "/entries", {**LETTER, "priority": "soon"}, 422, "body.priority: Input should be 'low'"),
        ("post", "/entries", {**LETTER, "received_at": "2999-01-01T00:00:00Z"}, 422, "which is yet to come"),
        ("post", f"/entries/{number}/state", {"to": "soon"}, 422, "There is no state 'soon'"),
        (
            "post",
            f"/entries/{number}/assignment",
            {"department": "wroks"},
            422,
            "There is no department 'wroks'",
        ),
        ("get", "/entries/IN-1999-000001-1", None, 404, "There is no entry IN-1999-000001-1"),
        ("get", "/entries/in%00", None, 422, "number"),
        ("get", "/entries?limit=0", None, 422, "limit"),
        ("get", "/nothing", None, 404, ""),
    ]
    for method, path, body, status, said in asked:
        answer = ann.ask(method, path, body)
        assert answer.status_code == status, (path, answer.content)
        assert said in answer.content.decode(), (path, answer.content)
    broken = ann.client.post("/api/v1/entries", "{", content_type="application/json")
    assert told(broken)[0] == 400
    large = ann.client.post("/api/v1/entries", "x" * (2 << 20), content_type="application/json")
    assert told(large)[0] == 413
    assert Event.objects.count() == before


def test_the_loser_of_a_race_is_told() -> None:
    ann = Program("ann")
    made = ann.ask("post", "/entries", LETTER)
    number = made.json()["number"]
    ann.ask("post", f"/entries/{number}/claim", {})
    status, said = told(ann.ask("patch", f"/entries/{number}", {"subject": "x"}, If_Match=made["ETag"]))
    assert status == 412
    assert said.startswith(f"{number} was changed meanwhile: assigned by ann")
    assert told(ann.ask("patch", f"/entries/{number}", {"subject": "x"}, If_Match="x"))[0] == 412
    now = ann.ask("get", f"/entries/{number}")
    again = ann.ask("get", f"/entries/{number}", If_None_Match=now["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_pages_of_a_list() -> None:
    ann = Program("ann")
    made = [ann.ask("post", "/entries", LETTER).json()["number"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = ann.ask("get", f"/entries?limit=2&cursor={cursor}").json()
        seen += [one["number"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == made[::-1]


def test_the_same_request_again_makes_nothing(services: Services) -> None:
    ann = Program("ann")
    first = ann.ask("post", "/entries", LETTER, Idempotency_Key="k1")
    again = ann.ask("post", "/entries", LETTER, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["number"] == again.json()["number"]
    status, said = told(ann.ask("post", "/entries", {**LETTER, "subject": "x"}, Idempotency_Key="k1"))
    assert (status, said) == (422, "Idempotency-Key was used for another request: take a new one")
    assert ann.ask("post", "/entries", {"subject": "x"}, Idempotency_Key="k2").status_code == 422
    assert ann.ask("post", "/entries", LETTER, Idempotency_Key="k2").status_code == 201
    assert Entry.objects.count() == 2


def test_many_at_once_with_one_key_make_one_entry() -> None:
    ann = Program("ann")
    start = threading.Barrier(6)

    def post(_: int) -> str:
        with borrowed():
            start.wait()
            client = Client(headers={"Authorization": f"Bearer {ann.token}", "Idempotency-Key": "one"})
            answer = client.post("/api/v1/entries", LETTER, content_type="application/json")
            return str(answer.json()["number"])

    with ThreadPoolExecutor(6) as threads:
        numbers = set(threads.map(post, range(6)))
    assert len(numbers) == 1
    assert (Entry.objects.count(), list(account.number_gaps())) == (1, [])


def test_who_gives_an_entry_away_is_told_no_more_of_it() -> None:
    ann, ben = Program("ann"), Program("ben")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    gone = ben.ask("post", f"/entries/{number}/assignment", {"department": "legal"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert Entry.objects.get().department == "legal"


def test_the_same_with_many() -> None:
    ann, ben = Program("ann"), Program("ben")
    mine, theirs = (
        ann.ask("post", "/entries", {**LETTER, "department": where}).json()["number"]
        for where in ("works", "legal")
    )
    body = {"action": "move", "to": "in progress", "numbers": [theirs, mine]}
    twice = [ben.ask("post", "/entries/bulk", body, Idempotency_Key="k1").json() for _ in range(2)]
    unknown = f"There is no entry {theirs}. Find it: postroom search WORDS"
    assert twice == [{"done": [mine], "failed": [{"number": theirs, "problem": unknown}]}] * 2
    assert Event.objects.filter(kind="moved", actor="ben").count() == 1
    nowhere = ben.ask("post", "/entries/bulk", {"action": "move", "numbers": [mine]})
    assert told(nowhere) == (422, "to is missing: name the state that follows")
    for action, more in (
        ("claim", {}), ("return", {"reason": "not mine"}), ("share", {"user": "eve"}),
        ("assign", {"department": "legal"}), ("void", {"reason": "twice"}),
    ):  # fmt: skip
        answer = ann.ask("post", "/entries/bulk", {"action": action, "numbers": [mine], **more}).json()
        assert answer == {"done": [mine], "failed": []}, action


def test_webhooks_are_for_administrators() -> None:
    eve, ann = Program("eve"), Program("ann")
    said = {"url": "https://erp.example/told?key=1", "kinds": ["moved"]}
    assert eve.ask("put", "/office/webhook/erp", said).status_code == 200
    assert eve.ask("get", "/office/webhook").json() == {"items": [{"name": "erp", **said}]}
    assert ann.ask("get", "/office/webhook").status_code == 403
    assert ann.ask("put", "/office/webhook/erp", said).status_code == 403
    assert eve.ask("delete", "/office/webhook/erp").status_code == 204


def test_where_there_is_nothing_a_problem_says_so() -> None:
    ann = Program("ann")
    nothing = ann.ask("get", "/nothing")
    assert (told(nothing), nothing["Content-Type"]) == (
        (404, "There is nothing at /api/v1/nothing. What there is: /api/v1/openapi.json"),
        "application/problem+json",
    )
    assert told(Client().post("/api/v2/x"))[0] == 404
    other = ann.ask("delete", "/entries")
    assert (told(other), other["Allow"]) == (
        (405, "/api/v1/entries does not take DELETE, but GET, HEAD, POST"), "GET, HEAD, POST",
    )  # fmt: skip
    assert "text/html" in Client().get("/nothing")["Content-Type"]


def test_head_is_get_without_the_body() -> None:
    ann = Program("ann")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    whole, head = (ann.ask(how, f"/entries/{number}") for how in ("get", "head"))
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
    assert head["Content-Length"] == str(len(whole.content))
    assert ann.ask("head", "/entries/IN-2026-999999-0").status_code == 404
    assert ann.ask("head", "/rules/test").status_code == 405
    assert Client().head("/api/v1/entries").status_code == 401


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1899-12-31T00:00:00"]
)
def test_a_time_that_no_office_was_open_is_refused(at: str) -> None:
    refused = Program("ann").ask("post", "/entries", {**LETTER, "received_at": at})
    assert told(refused) == (422, "body.received_at: Value error, give a year from 1900 to 2999")


@pytest.mark.parametrize("days", [-1, 36501, 99_999_999_999])
def test_a_token_has_days_that_can_be_counted(days: int) -> None:
    with pytest.raises(Usage, match=f"days is {days}: give up to 36500, or 0 for a token that stays"):
        tokens.give("long", "ann", ["read"], days, ACT)


def test_two_administrators_do_not_overwrite_each_other() -> None:
    eve, ben = Program("eve"), Program("ben")
    path = "/office/department/tax"
    first = eve.ask("put", path, {"title": "Tax"})
    seen = ben.ask("get", path)
    assert (seen.json()["title"], seen["ETag"]) == ("Tax", first["ETag"])
    second = eve.ask("put", path, {"title": "Taxes"}, If_Match=seen["ETag"])
    assert second.status_code == 200
    for method, body in (("put", {"title": "Dues"}), ("delete", {})):
        status, problem = told(eve.ask(method, path, body, If_Match=seen["ETag"]))
        assert status == 412
        assert problem.startswith("department tax was changed meanwhile: decided anew by eve at ")
    assert eve.ask("delete", path, {}, If_Match=second["ETag"]).status_code == 204
    items = ben.ask("get", f"{path}/history").json()["items"]
    assert [one["value"] and one["value"]["title"] for one in items] == ["Tax", "Taxes", None]
    assert {one["source"] for one in items} == {"127.0.0.1"}
    assert ben.ask("get", path).status_code == 404
    assert ben.ask("get", "/office/department/none/history").status_code == 404
    assert ben.ask("get", "/office/webhook/x/history").status_code == 403


def test_what_was_shared_is_taken_back() -> None:
    ann = Program("ann")
    made = [ann.ask("post", "/entries", {**LETTER, "department": "legal"}).json()["number"] for _ in range(2)]
    for number in made:
        ann.ask("post", f"/entries/{number}/shares", {"user": "ben"})
    assert ann.ask("post", f"/entries/{made[0]}/unshare", {"user": "ben"}).json()["access"] == []
    told_of = ann.ask("post", "/entries/bulk", {"action": "unshare", "numbers": made, "user": "ben"}).json()
    assert (told_of["done"], [one["number"] for one in told_of["failed"]]) == ([made[1]], [made[0]])
    sent = ann.ask(
        "post", "/entries/bulk", {"action": "forward", "numbers": made, "recipients": ["The county"]}
    ).json()
    assert (sent["done"], sent["failed"]) == (made, [])
    assert ann.ask("get", "/entries?direction=outgoing").json()["items"][0]["recipients"] == ["The county"]


def test_what_is_missing_is_named_as_a_field_not_as_an_option() -> None:
    ann = Program("ann")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    asked = {"state": {"to": "rejected"}, "assignment": {}, "return": {}, "forward": {"recipients": []}}
    for path, body in asked.items():
        status, problem = told(ann.ask("post", f"/entries/{number}/{path}", body))
        assert (status, "--" in problem) == (422, False), problem


def test_hits_of_a_search_page_by_page(services: Services) -> None:
    ann = Program("ann")
    made = [ann.ask("post", "/entries", LETTER).json()["number"] for _ in range(3)]
    deliver(services)
    first = ann.ask("get", "/search?limit=2").json()
    assert (first["total"], len(first["hits"]), first["next"]) == (3, 2, 2)
    rest = ann.ask("get", f"/search?limit=2&cursor={first['next']}").json()
    assert (rest["total"], rest["facets"], rest["next"]) == (3, first["facets"], None)
    assert sorted(hit["number"] for hit in first["hits"] + rest["hits"]) == sorted(made)
    counts = ann.ask("get", "/search?limit=0").json()
    assert (counts["total"], counts["hits"], counts["next"]) == (3, [], None)
    assert ann.ask("get", "/search?cursor=9800&limit=200").json()["hits"] == []
    for query in ("cursor=9801", "cursor=-1", "cursor=x"):
        assert ann.ask("get", f"/search?{query}").status_code == 422
