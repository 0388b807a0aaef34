"""The promise "no page lost", in its short form; the long one is ``postroom bench crash``."""

from tests.bench.crash import STEPS, run


def test_killed_at_every_step_and_at_random_moments_nothing_is_lost_or_doubled() -> None:
    result = run(3)
    assert result["verify"]["wrong"] == {name: [] for name in result["verify"]["wrong"]}
    assert {name: result[name] for name in ("lost_pages", "doubled", "number_gaps", "ok")} == {
        "lost_pages": 0,
        "doubled": 0,
        "number_gaps": 0,
        "ok": True,
    }
    assert result["batches"] == len(STEPS) + 1
    assert result["kills"] >= len(STEPS) + 1
