"""``postroom bench capture`` in a short form: it measures all contenders on the same pages and adds up."""

from pathlib import Path

import pytest

from tests.bench.capture import run
from tests.small import small_tiff


def test_the_benchmark_reports_every_contender_and_all_of_the_time(tmp_path: Path) -> None:
    for number in range(3):
        small_tiff(tmp_path / f"{number}.tif", [f"Letter {number}\nto measure"])
    small_tiff(tmp_path / "long.tif", ["One page", "Two pages", "More than", "asked for"])
    (tmp_path / "notes.txt").write_text("not a scan")
    result = run(tmp_path, 3, "en", 2)
    rates = {name: result[f"{name}_pages_per_s"] for name in ("postroom", "engine", "tesseract", "ocrmypdf")}
    assert result["pages"] == 3
    assert all(rate > 0 for rate in rates.values())
    assert {name for name in result if name.startswith("ratio_to_")} == {
        "ratio_to_engine",
        "ratio_to_tesseract",
        "ratio_to_ocrmypdf",
    }
    assert result["peak_rss_mb"] > 100
    assert sum(result["stages"].values()) == pytest.approx(1.0, abs=0.01)
    assert all(share > 0 for share in result["stages"].values())
