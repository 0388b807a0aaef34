"""What waits for a person, asked and decided by programs."""

import pytest

from domain.document import Fate, FateKind
from infra.wiring import Services
from register.filing import NewProblem, close
from register.models import Correction, EventContent
from tests.desk.conftest import Program
from tests.desk.test_api import told
from tests.register.filings import open_batch
from tests.register.test_review import UNSURE, file_some

pytestmark = pytest.mark.usefixtures("services")


def test_reviewers_say_what_class_it_is() -> None:
    ann, ben = Program("ann"), Program("ben")
    first, theirs, blind = file_some(
        {"verdict": UNSURE, "department": "works"},
        {"verdict": UNSURE, "department": "legal"},
        {"blind": 2, "department": "works"},
    )
    assert [one["document"] for one in ben.ask("get", "/review").json()["items"]] == [first.key, blind.key]
    page = ann.ask("get", "/review?limit=2").json()
    (last,) = ann.ask("get", f"/review?cursor={page['next']}").json()["items"]
    keys = [one["document"] for one in (*page["items"], last)]
    assert keys == [first.key, theirs.key, blind.key]
    assert (page["items"][0]["guess"], page["items"][0]["why"]) == ("form", "not sure enough")
    assert page["items"][0]["alternatives"][0] == {"class": "form", "probability": 0.4}
    assert (last["blind"], last["guess"], last["probability"], last["alternatives"]) == (True, None, None, [])
    path = f"/documents/{first.key}/label"
    said = {"class": "letter", "reason": "so it says"}
    for _ in range(2):
        done = ben.ask("post", path, said, Idempotency_Key="k")
        assert done.json() == {
            "document": first.key, "number": first.entry.number, "class": "letter", "blind": False,
            "differ": False,
        }  # fmt: skip
    assert Correction.objects.count() == 1
    event = EventContent.objects.filter(event__kind="labelled").latest("pk")
    assert '"source":"127.0.0.1"' in event.body.replace(" ", "")
    for program, name, answers in ((ann, "letter", ("letter", False)), (ben, "form", (None, True))):
        path = f"/documents/{blind.entry.number}/label"
        seen = program.ask("post", path, {"class": name}).json()
        assert ((seen["class"], seen["differ"]), seen["blind"]) == (answers, True)
    for program, where, body, status, why in (
        (ben, theirs.key, said, 422, f"There is no document {theirs.key}"),
        (Program("ben", "read"), first.key, said, 403, "only reads"),
        (ben, first.key, {"class": "novel"}, 422, "There is no class 'novel'"),
        (ben, first.key, {}, 422, "class: Field required"),
    ):
        found = told(program.ask("post", f"/documents/{where}/label", body))
        assert (found[0], why in found[1]) == (status, True), found
    assert "letter" in ben.ask("get", "/classes").json()["items"]


def test_what_could_not_be_filed_is_told_to_who_registers_mail(services: Services) -> None:
    batch = open_batch(pages=2)
    fates = [Fate(0, page, FateKind.REFUSED, reason="torn") for page in (1, 2)]
    close(batch, fates, [NewProblem(0, page, "torn", "Scan it again.") for page in (1, 2)])
    ann, ben = Program("ann"), Program("ben")
    whole = ann.ask("get", "/exceptions").json()
    assert [(one["page"], one["reason"], one["fix"]) for one in whole["items"]] == [
        (1, "torn", "Scan it again."), (2, "torn", "Scan it again."),
    ]  # fmt: skip
    first = ann.ask("get", "/exceptions?limit=1").json()
    rest = ann.ask("get", f"/exceptions?limit=1&cursor={first['next']}").json()
    assert (first["items"] + rest["items"], rest["next"]) == (whole["items"], None)
    assert told(ben.ask("get", "/exceptions"))[0] == 403
