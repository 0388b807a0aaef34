"""The promise "memory does not grow with the batch"; 5,000 pages: ``postroom bench memory``."""

from tests.bench.memory import measure

_TEXT = 4


def test_a_batch_of_ten_times_the_pages_needs_no_more_memory() -> None:
    small, large = measure("tiff", 10, _TEXT), measure("pdf", 100, _TEXT)
    for one, pages in ((small, 10), (large, 100)):
        assert one["code"] == 0
        assert one["fates"] == {
            "document": _TEXT,
            "separator": 0,
            "blank": pages - _TEXT,
            "duplicate": 0,
            "refused": 0,
        }
    assert large["peak_mb"] <= 1.3 * small["peak_mb"]
