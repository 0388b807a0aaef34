import pytest

from domain.errors import Usage
from tests.bench import classify


def test_the_benchmark_says_what_it_is_asked_for() -> None:
    found = classify.run(("labels", "contract", "novelty"), short=True)
    assert list(found) == ["labels", "contract", "novelty"]
    assert [row["max_error"] for row in found["contract"]] == [0.02, 0.05, 0.1]
    assert all(0 <= row["exceeded"] <= 1 for row in found["contract"])
    assert all(row["postroom"] > 0.3 for row in found["labels"])
    assert found["novelty"]


def test_a_part_that_is_not_there_is_said() -> None:
    with pytest.raises(Usage, match="no part 'speed'; there are sizes"):
        classify.run(("speed",), short=True)
