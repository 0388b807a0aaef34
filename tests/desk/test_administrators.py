"""What administrators' programs look after: notices that could not go, tokens."""

from datetime import date

import pytest

from domain.office import Delegation
from register import office
from register.models import Notice
from tests.desk.conftest import ACT, NOW, Program
from tests.desk.test_api import told

pytestmark = pytest.mark.usefixtures("services")


def test_notices_that_could_not_go_are_tried_anew() -> None:
    eve = Program("eve")
    rows = [
        Notice.objects.create(
            key=f"k{at}", to="ann", way="mail", kind="assigned", created_at=NOW, due_at=due, error=error,
            attempts=attempts,
        )
        for at, (due, error, attempts) in enumerate([(NOW, "", 0), (None, "given up", 20), (None, "no", 20)])
    ]  # fmt: skip
    (waits,) = eve.ask("get", "/notices").json()["items"]
    assert (waits["id"], waits["to"], waits["attempts"], waits["error"]) == (rows[0].pk, "ann", 0, None)
    page = eve.ask("get", "/notices?failed=true&limit=1").json()
    rest = eve.ask("get", f"/notices?failed=true&cursor={page['next']}").json()
    assert [one["error"] for one in (*page["items"], *rest["items"])] == ["given up", "no"]
    assert eve.ask("post", "/notices/retry", {"ids": [rows[2].pk]}).json() == {"retried": 1}
    assert eve.ask("post", "/notices/retry", {}).json() == {"retried": 1}
    assert len(eve.ask("get", "/notices").json()["items"]) == 3
    for ids, status in (([(1 << 63) - 1], 404), ([1 << 63], 422), ([0], 422)):
        assert told(eve.ask("post", "/notices/retry", {"ids": ids}))[0] == status
    ann = Program("ann")
    for method, path, body in (("get", "/notices", None), ("post", "/notices/retry", {})):
        assert told(ann.ask(method, path, body)) == (403, "ann has no role that may administer")


def test_a_program_asks_who_it_is() -> None:
    ben = Program("ben", "read")
    (token,) = ben.ask("get", "/office/user/ben/tokens").json()["items"]
    assert token["scopes"] == ["read"]
    assert ben.ask("get", "/me").json() == {
        "user": "ben", "full_name": "", "email": "", "language": "en", "clearance": "confidential",
        "posts": [{"role": "case handler", "department": "works"}], "stands_in_for": [], "token": token,
    }  # fmt: skip
    office.put("delegation", Delegation("spring", "ann", "ben", date.min, date.max), ACT)
    assert ben.ask("get", "/me").json()["stands_in_for"] == ["ann"]


def test_tokens_are_listed_and_end() -> None:
    ann, eve = Program("ann"), Program("eve")
    lost = Program("ann", "read")
    path = "/office/user/ann/tokens"
    (first, second) = ann.ask("get", path).json()["items"]
    assert eve.ask("get", path).json()["items"] == [first, second]
    names = {tuple(one["scopes"]): one["name"] for one in (first, second)}
    own, other = names["read", "write"], names["read",]
    assert (first["user"], first["expires_at"]) == ("ann", None)
    assert told(Program("ben").ask("get", path))[0] == 403
    assert told(Program("ben").ask("post", f"{path}/revoke", {"token": other}))[0] == 403
    assert ann.ask("post", f"{path}/revoke", {"token": other}).status_code == 204
    assert lost.ask("get", "/classes").status_code == 401
    assert told(ann.ask("post", f"{path}/revoke", {"token": other}))[0] == 404
    assert eve.ask("post", f"{path}/revoke", {"token": own}).status_code == 204
    assert ann.ask("get", path).status_code == 401
