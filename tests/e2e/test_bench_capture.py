"""``postroom bench capture`` in a short form: it measures all contenders on the same pages and adds up."""

import contextlib
from pathlib import Path

import pdfplumber
import pytest
from PIL import Image

from tests.bench.capture import run
from tests.bench.mixed import write_mixed
from tests.small import small_page, small_tiff


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


def test_a_mixed_batch_has_three_backs_and_three_digital_pages_of_ten(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(2):
        small_page(f"Letter {number}").save(scans / f"{number}.png", dpi=(100, 100))
    folder = write_mixed(tmp_path / "mixed", scans, 10, "en")
    frames = []
    for path in sorted(folder.glob("*.tif")):
        with Image.open(path) as image:
            frames.append(getattr(image, "n_frames", 1))
    assert frames == [2, 2, 2, 1]
    with contextlib.ExitStack() as opened:
        pdfs = [opened.enter_context(pdfplumber.open(path)) for path in sorted(folder.glob("*.pdf"))]
        pages = [page.extract_text() for pdf in pdfs for page in pdf.pages]
    assert len(pages) == 3
    assert all(pages)
