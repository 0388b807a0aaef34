"""The shapes that ``bench scale`` and ``bench faults`` print, without the campaigns."""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from domain.errors import Usage
from postroom.main import main
from tests.bench import engine, faults, scale
from tests.bench.office import COUNTS, Campaign
from tests.bench.outages import OUTAGES
from tests.flows.rich_page import rich_pdf

SCALE = {"workers": {"1": 1.9, "2": 3.7}, "engine": {"1": 2.0, "2": 4.0}, "relative_efficiency": 0.974}
FAULTS = {"kills": 100, "outages": 19, "lost_pages": 0, "doubled": 0, "number_gaps": 0, "index_diff": 0}
VERIFIED = {"pages": 1000, "batches": 60, "refused": 0, "verify_ok": True}
Told = Callable[[str], None]


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs a benchmark by the real command line; gives exit code and standard output."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["postroom", "--home", str(tmp_path), "bench", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return code, capsys.readouterr().out

    return run


def test_scale_prints_what_was_measured(
    bench: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def measured(
        folder: Path | None, workers: Sequence[int], pages: int, rounds: int, tell: Told
    ) -> dict[str, Any]:
        asked.append((folder, workers, pages, rounds))
        tell("round 1")  # progress is no part of the answer
        return {"pages": 24, **SCALE}

    monkeypatch.setattr(scale, "run", measured)
    code, out = bench("scale", "--workers", "2,1", "--pages", "8", "--rounds", "3", "--json")
    assert (code, json.loads(out)) == (0, {"pages": 24, **SCALE})
    code, out = bench("scale")
    assert (code, out.splitlines()) == (
        0,
        [
            "1 worker 1.90 pages/s, bare engine 2.00",
            "2 workers 3.70 pages/s, bare engine 4.00",
            "relative efficiency 0.97",
        ],
    )
    assert asked == [(None, [1, 2], 8, 3), (None, [1, 2], 64, 3)]


@pytest.mark.parametrize("workers", ["two", "0,1", ""])
def test_scale_wants_numbers_of_workers(bench: Callable[..., tuple[int, str]], workers: str) -> None:
    assert bench("scale", "--workers", workers) == (2, "")


class Office:
    """Files in a known time; the engine beside it reads in a known time too."""

    def __init__(self, cluster: object, workers: int, tell: Told) -> None:
        self.filed = 0

    def warm_up(self, batches: Sequence[Path]) -> None:
        assert self.filed == 0

    def file(self, batches: Sequence[Path], count: int, name: str) -> float:
        self.filed += len(batches)
        return {1: 5.0, 3: 2.0}[count]

    def check(self, pages: int) -> None:
        assert (pages, self.filed) == (10 * 2 * 2, 4 * 2)


def test_scale_measures_workers_beside_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scale, "_scans", lambda folder, pages, work: ["page"] * pages)
    monkeypatch.setattr(scale, "_batches", lambda pages, count, work: [tmp_path, tmp_path])
    monkeypatch.setattr(scale, "Cluster", lambda **_: nullcontext(None))
    monkeypatch.setattr(scale, "_Office", Office)
    monkeypatch.setattr(engine, "warm_engines", lambda count, *_: nullcontext(count))
    monkeypatch.setattr(scale, "_read", lambda pool, pages: {1: 4.0, 3: 1.0}[pool])
    told: list[str] = []
    assert scale.run(None, [1, 3], 10, 2, told.append) == {
        "pages": 20,
        "workers": {"1": 2.0, "3": 5.0},
        "engine": {"1": 2.5, "3": 10.0},
        "relative_efficiency": 0.625,  # (5 / 2) / (10 / 2.5)
    }
    assert len(told) == 8


def test_scale_without_a_scanned_page_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scale, "_chosen", lambda *_: [SimpleNamespace(pages=[SimpleNamespace(digital=True)])])
    with pytest.raises(Usage, match="no scanned page"):
        scale.run(tmp_path, [1], 4, 1, print)


def test_faults_prints_what_was_counted(
    bench: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []

    def measured(kills: int, pages: int, seed: int, tell: Told) -> dict[str, Any]:
        asked.append((kills, pages, seed))
        tell("kill worker-1")
        return {**FAULTS, **VERIFIED}

    monkeypatch.setattr(faults, "measure", measured)
    code, out = bench("faults", "--json")
    assert (code, json.loads(out)) == (0, {**FAULTS, **VERIFIED})
    code, out = bench("faults", "--kills", "40", "--pages", "100", "--seed", "7")
    assert code == 0
    assert " ".join(out.split()).startswith("kills 100, outages 19, lost pages 0, doubled 0, number gaps 0,")
    assert asked == [(100, 200, 1), (40, 100, 7)]


@pytest.mark.parametrize("wrong", [*({name: 1} for name in COUNTS), {"verify_ok": False}])
def test_faults_ends_with_1_when_the_books_do_not_balance(
    bench: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    counted = {**FAULTS, **VERIFIED, **wrong}
    monkeypatch.setattr(faults, "measure", lambda *_: counted)
    code, out = bench("faults", "--json")
    assert (code, json.loads(out)) == (1, counted)


def test_faults_are_rounds_of_twenty_kills_and_then_each_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[tuple[int, int, int]] = []

    def under_fire(campaign: Campaign, kills: int, pages: int, seed: int) -> None:
        rounds.append((kills, pages, seed))
        campaign.kills += kills

    def outage(campaign: Campaign, name: str) -> None:
        campaign.outages.append(name)

    def books(campaign: Campaign) -> dict[str, Any]:
        counted = {"kills": campaign.kills, "outages": len(campaign.outages)}
        return {**FAULTS, **VERIFIED, **counted}

    monkeypatch.setattr(faults, "Cluster", lambda _: nullcontext(None))
    monkeypatch.setattr(Campaign, "open", lambda campaign: None)
    monkeypatch.setattr(Campaign, "books", books)
    monkeypatch.setattr(faults, "under_fire", under_fire)
    monkeypatch.setattr(faults, "outage", outage)
    told: list[str] = []
    counted = faults.measure(45, 200, 1, told.append)
    assert counted == {**FAULTS, **VERIFIED, "kills": 45, "outages": len(OUTAGES)}
    assert rounds == [(20, 200, 46), (20, 200, 26), (5, 200, 6)]
    assert [text.partition(":")[0] for text in told] == ["20 kills", "20 kills", "5 kills", *OUTAGES]


def test_fields_tells_right_wrong_and_missing(bench: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    rich_pdf(tmp_path / "chairs.pdf")
    truth = {
        "date": "2026-03-04",
        "amount": 1234.5,
        "currency": "EUR",
        "bic": "X",
        "iban": "DE89370400440532013000",
        "siren": 530848134,
        "lines": [{"price_subtotal": 34.5, "qty": 1}, {"price_subtotal": 99}],
    }
    (tmp_path / "chairs.json").write_text(json.dumps([truth]))
    code, out = bench("fields", str(tmp_path), "--json")
    data = json.loads(out)
    counts = {
        name: [one[key] for key in ("expected", "found", "right", "wrong", "unjudged", "precision", "recall")]
        for name, one in data["fields"].items()
        if one["expected"]
    }
    assert (code, data["documents"], data["pages"], data["placed"]) == (0, 1, 1, 1.0)
    assert counts == {
        "date": [1, 1, 0, 1, 0, 0.0, 0.0],
        "amount": [1, 1, 1, 0, 0, 1.0, 1.0],
        "currency": [1, 1, 1, 0, 0, 1.0, 1.0],
        "iban": [1, 1, 1, 0, 0, 1.0, 1.0],
        "tax_id": [1, 0, 0, 0, 0, None, 0.0],
        "lines": [2, 2, 1, 1, 0, 0.5, 0.5],
    }
    assert [(one["field"], one["expected"], one["found"]) for one in data["wrong"]] == [
        ("date", ["2026-03-04"], ["2026-03-03"]),
        ("tax_id", ["530848134"], []),
        ("lines", ["99", "", ""], []),
        ("lines", [], ["1200.00", "12", "100.00"]),
    ]
