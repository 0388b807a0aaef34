"""How users are told, chosen by programs."""

from typing import Any

import pytest

from tests.desk.conftest import Program
from tests.desk.test_api import told

pytestmark = pytest.mark.usefixtures("services")
BEN = "/office/user/ben"
PATH = f"{BEN}/notices"


def test_ones_own_are_chosen_and_nobody_is_overwritten() -> None:
    ben, eve = Program("ben"), Program("eve")
    assert set(ben.ask("get", PATH).json()["notices"].values()) == {"none"}
    status, why = told(ben.ask("patch", PATH, {"notices": {"assigned": "mail"}}))
    assert (status, why.startswith("assigned is 'mail', but ben has no e-mail address")) == (422, True)
    user = eve.ask("get", BEN)
    eve.ask("put", BEN, {**user.json(), "email": "ben@example.org"}, If_Match=user["ETag"])
    first = ben.ask("get", PATH)
    assert first.json()["notices"]["assigned"] == "mail"
    said = {"notices": {"assigned": "digest"}, "reason": "too many"}
    for _ in range(2):
        done = ben.ask("patch", PATH, said, Idempotency_Key="k", If_Match=first["ETag"])
        assert done.status_code == 200, done.content
    assert done.json()["notices"] == {**first.json()["notices"], "assigned": "digest"}
    assert (done["ETag"], ben.ask("get", BEN)["ETag"]) == (ben.ask("get", PATH)["ETag"], done["ETag"])
    status, why = told(ben.ask("patch", PATH, {"notices": {"shared": "mail"}}, If_Match=first["ETag"]))
    assert (status, why.startswith("user ben was changed meanwhile: decided anew by ben at ")) == (412, True)
    assert eve.ask("get", BEN).json()["posts"] == user.json()["posts"]
    history = eve.ask("get", f"{BEN}/history").json()["items"]
    assert (history[-1]["actor"], history[-1]["reason"]) == ("ben", "too many")


def test_others_are_for_administrators() -> None:
    ann, ben, eve = Program("ann"), Program("ben"), Program("eve")
    eve.ask("put", BEN, {**eve.ask("get", BEN).json(), "email": "ben@example.org"})
    said = {"notices": {"shared": "mail"}}
    for method, body in (("get", None), ("patch", said)):
        assert told(ann.ask(method, PATH, body)) == (403, "ann has no role that may administer")
    assert told(Program("ben", "read").ask("patch", PATH, said))[0] == 403
    assert eve.ask("patch", PATH, said).json()["notices"]["shared"] == "mail"
    for program, told_of in ((ann, False), (ben, True), (eve, True)):
        users = {one["name"]: one for one in program.ask("get", "/office/user").json()["items"]}
        decided = program.ask("get", f"{BEN}/history").json()["items"][-1]["value"]
        for found in (users["ben"], decided, program.ask("get", BEN).json()):
            assert found.get("notices") == ({"shared": "mail"} if told_of else None)
    wrong: tuple[tuple[Any, str], ...] = (
        ({"notices": {}}, "notices: "), ({"notices": {"fax": "mail"}}, "There is no kind of notice 'fax'"),
        ({"notices": {"shared": "fax"}}, "shared is 'fax': give one of mail, digest, none"),
        (said, "user ben is so already"), ({}, "notices: Field required"),
    )  # fmt: skip
    for body, why in wrong:
        status, detail = told(eve.ask("patch", PATH, body))
        assert (status, why in detail) == (422, True), detail
    assert told(eve.ask("get", "/office/user/zoe/notices"))[0] == 404


def test_a_user_who_leaves_is_answered_with_what_names_them() -> None:
    eve = Program("eve")
    eve.ask("put", "/office/deadline/soon", {"hours": 8, "escalate": "works/ben"})
    left = eve.ask("put", "/office/user/ben", {"active": False})
    assert left.json()["still_named"] == ["the deadline soon is escalated to them"]
    assert "still_named" not in eve.ask("put", "/office/user/ben", {"active": True}).json()
