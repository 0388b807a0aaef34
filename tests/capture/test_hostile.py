"""Broken, odd and malicious files: each is read or refused, and nothing else happens."""

import resource
from pathlib import Path

import pytest

from capture.pages import inspect
from capture.pool import Pool
from capture.read import ReadOptions, read_page
from domain.errors import Refused
from tests.capture.sheets import settings
from tests.data import shared

PEAK_MB = 1500


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("folder", "least"), [("pdf_bad", 140), ("image_formats", 110)])
def test_every_file_is_read_or_refused(tmp_path: Path, folder: str, least: int) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    files = [path for path in sorted(shared(folder).rglob("*")) if path.is_file()]
    takes = ("pdf", "tiff", "jpeg", "png")
    read, refused = 0, []
    quick = settings(page_seconds=20, ocr_dpi=100)
    with Pool(2, quick) as pool:
        looks = [(number, path, pool.run(inspect, path, takes, 500)) for number, path in enumerate(files)]
        jobs = []
        for number, path, look in looks:
            try:
                look.result()
            except Refused as refusal:
                refused.append(refusal)
                continue
            out = tmp_path / str(number)
            out.mkdir()
            jobs.append(pool.run(read_page, path, 1, ReadOptions(("en",)), quick, out))
        for job in jobs:
            try:
                assert job.result().page.number == 1
                read += 1
            except Refused as refusal:
                refused.append(refusal)
    assert read + len(refused) == len(files)
    assert read >= least
    assert all(refusal.reason and refusal.fix for refusal in refused)
    assert not [refusal.reason for refusal in refused if str(shared(folder)) in refusal.reason]
    # A server that another test started and ended may have needed more.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak == before or peak < PEAK_MB * 1024
