"""The walk-through of docs/teaching.md, command by command, on sample mail."""

import pytest

from tests.bench.teaching import run


@pytest.mark.timeout(900)
def test_the_walk_through() -> None:
    found = run("sample", teach=5, first=130, labelled=120, rest=40)
    print(found)
    assert (found["taught"], found["first"], found["rest"]) == (40, 130, 40)
    # Forty documents promise nothing at 2 %: all goes to people, and the model says what is missing.
    assert found["review_before"] == 130
    assert "more labelled documents are needed" in found["said"]
    assert found["state"] == "promoted"
    assert found["review_after"] < found["rest"] / 2
    assert found["filed"] > 20
    assert found["wrong"] <= 0.1 * found["filed"]
    assert "What it can promise" in found["shown"]
    assert "have a class now" in found["shown"]
    assert "is in use again" in found["back"]
