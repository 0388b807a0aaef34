"""The promise "memory does not grow with the batch"; 60 and 600 pages: ``python -m tests.bench.memory``."""

from tests.bench.memory import run


def test_a_batch_of_ten_times_the_pages_needs_no_more_memory() -> None:
    result = run(small=20, large=200)
    assert [result[name]["code"] for name in ("small", "large")] == [0, 0]
    for one in (result["small"], result["large"]):
        blank = one["pages"] - one["text_pages"]
        assert one["fates"] == {
            "document": one["text_pages"],
            "separator": 0,
            "blank": blank,
            "duplicate": 0,
            "refused": 0,
        }
    assert result["ratio"] <= 1.3
