"""The main job on a few real scans and invoices; on all of them: ``python -m tests.bench.real``."""

from tests.bench.real import SETS, SHARED, run
from tests.data import shared


def test_real_scans_are_filed_read_well_and_found() -> None:
    for one in SETS.values():
        shared(one.folder)
    result = run(limit=2, base=SHARED)
    assert result["exit_code"] == 0
    assert result["verify"] is True
    for name, one in result["sets"].items():
        refused = sum(one["refused"].values())
        assert (name, one["unaccounted"], one["filed"] + refused) == (name, [], one["files"])
        assert all(reason.startswith("type not taken here: ") for reason in one["refused"])
    ours, bare = result["pooled"]["postroom"], result["pooled"]["tesseract"]
    assert ours["cer"] <= bare["cer"] + 0.02
    assert ours["recall"] >= bare["recall"] - 0.02
    assert [one["search"]["found"] for one in result["sets"].values()] == [1.0] * len(SETS)
