"""A receipt is proven by the published heads alone: nothing of the office is asked; no byte may differ."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.correspondence import Details, Direction
from domain.errors import Forbidden, Usage
from domain.office import Post, Role, User
from flows import heads
from flows.proofs import check_alone, prove
from flows.receipts import inside, issue
from infra.wiring import Services, open_services
from letters.receipt import Letterhead, receipt_pdf
from register.acts import Act
from register.entries import enter
from register.models import Event
from register.records import read_record, write_record
from tests.register.officers import decide, who
from tests.register.tampering import rewrite

NOW = datetime(2026, 3, 4, 9, 7, tzinfo=UTC)
ACT = Act("eva", NOW)
Shown = tuple[Path, Path, Path]


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    found = open_services(register)
    yield found
    found.index.close()


def typed(services: Services, subject: str = "Noise") -> str:
    details = Details(subject=subject, senders=("Ada",))
    return enter(Direction.INCOMING, details, ACT, zone=services.settings.zone).number


@pytest.fixture
def shown(services: Services, tmp_path: Path) -> Shown:
    """A receipt, heads and a proof as files; the register has other entries before and after."""
    for _ in range(3):
        typed(services, "of somebody else")
    number = typed(services)
    receipt, taken, proof = (tmp_path / name for name in ("receipt.pdf", "heads.json", "proof.json"))
    receipt.write_bytes(issue(services, number, ACT))
    for _ in range(4):
        typed(services, "of somebody else")
    made, _ = heads.export(services, NOW)
    taken.write_bytes(services.archive.read(made.kept.key))
    proof.write_bytes(prove(services, number, ACT))
    return receipt, taken, proof


def test_it_is_proven_without_the_office(shown: Shown) -> None:
    found = check_alone(*shown)
    assert (found.genuine, found.what) == (True, "receipt")
    assert found.says == f"Genuine: given for {found.number}, as the heads of 2026-03-04 (Registry) prove"


def test_the_proof_tells_nothing_of_others(shown: Shown) -> None:
    text = shown[2].read_text()
    assert "of somebody else" not in text
    told = read_record(text.encode())["proof"]
    (one,) = told["receipts"]
    assert len(one["path"]) == 4  # of nine events
    others = set(Event.objects.exclude(kind="receipt issued").values_list("hash", flat=True))
    mine = {one["event"]["hash"], one["event"]["previous"], told["head"]["hash"]}
    assert {other for other in others if other in text} <= mine


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"senders": ("Eve",)}, ("senders", "Eve", "Ada")),
        (
            {"received_at": "2020-01-01T00:00:00+00:00"},
            ("received_at", "2020-01-01T00:00:00+00:00", "2026-03-04T09:07:00+00:00"),
        ),
        ({"sequence": 1}, ("sequence", "1", "4")),
        ({"hash": "0" * 64}, ("hash", "0" * 64, "")),
        ({"pages": 7}, ("pages", "7", "0")),
    ],
)
def test_what_differs_is_told(shown: Shown, change: dict[str, Any], differs: tuple[str, ...]) -> None:
    receipt = inside(shown[0])
    assert receipt
    shown[0].write_bytes(receipt_pdf(replace(receipt, **change), Letterhead("Registry")))
    found = check_alone(*shown)
    was = receipt.hash if "hash" in change else differs[2]
    assert (found.genuine, found.finding) == (False, "altered")
    assert found.differs == ((*differs[:2], was),)


def test_other_files_are_not_proven(services: Services, shown: Shown, tmp_path: Path) -> None:
    pdf = shown[0].read_bytes()
    shown[0].write_bytes(pdf + b"\n")
    assert check_alone(*shown).finding == "drawn over"
    shown[0].write_bytes(b"%PDF-1.4")
    assert check_alone(*shown).finding == "unknown"
    shown[0].write_bytes(issue(services, typed(services), ACT))
    assert check_alone(*shown).finding == "made up"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one["receipts"][0]["event"]["content"]["receipt"].update(pages=9), "what its"),
        (lambda one: one["receipts"][0]["event"].update(at="2020-01-01T00:00:00+00:00"), "number, place"),
        (lambda one: one["receipts"][0]["path"][0].update(hash="0" * 64), "does not stand in the chain"),
        (lambda one: one["receipts"][0]["path"][0].update(hash="xy"), "no proof of a receipt"),
        (lambda one: one["receipts"][0].pop("path"), "no proof of a receipt"),
        (lambda one: one["receipts"].clear(), "no proof of a receipt"),
        (lambda one: one["head"].update(root="0" * 64), "which these of 2026-03-04 are not"),
    ],
)
def test_an_altered_proof_is_refused(shown: Shown, change: Any, why: str) -> None:
    told = read_record(shown[2].read_bytes())["proof"]
    change(told)
    shown[2].write_text(write_record({"proof": told}))
    with pytest.raises(Usage, match=why):
        check_alone(*shown)


def test_heads_that_were_altered_or_are_of_another_day_are_refused(services: Services, shown: Shown) -> None:
    shown[1].write_bytes(shown[1].read_bytes().replace(b'"sequence": 9', b'"sequence": 8'))
    with pytest.raises(Usage, match="the record was altered"):
        check_alone(*shown)
    typed(services)
    made, _ = heads.export(services, NOW + timedelta(days=1))
    shown[1].write_bytes(services.archive.read(made.kept.key))
    with pytest.raises(Usage, match="of the heads of 2026-03-04, which these of 2026-03-05 are not"):
        check_alone(*shown)
    with pytest.raises(Usage, match="cannot be read"):
        check_alone(shown[0], shown[1], shown[2].with_name("none"))


def test_a_proof_is_of_what_the_heads_hold(services: Services, shown: Shown) -> None:
    number = typed(services)
    with pytest.raises(Usage, match="no receipt was given"):
        prove(services, number, ACT)
    issue(services, number, ACT)
    with pytest.raises(Usage, match="given after the heads of 2026-03-04"):
        prove(services, number, ACT)
    decide(User("aud", posts=(Post(Role.OPERATOR),)))
    with pytest.raises(Forbidden):
        prove(services, number, who("aud"))
    heads.export(services, NOW + timedelta(days=1))
    told = json.loads(prove(services, number, ACT))["proof"]
    assert [one["event"]["number"] for one in told["receipts"]] == [number]
    rewrite("IN", 2, actor="eve")
    with pytest.raises(Usage, match="not as its heads of 2026-03-05 say: postroom verify"):
        prove(services, number, ACT)
