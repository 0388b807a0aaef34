"""How many queries acts and events cost: a bound, so that none creeps in unseen."""

from pathlib import Path

from tests.bench.acts import Cost, decide, followed, live

ACTS = {
    "enter": 30, "assign": 9, "claim": 9, "move": 9.5, "amend": 10, "share": 9, "draft": 18, "relate": 18,
}  # fmt: skip


def test_acts_and_what_follows_from_them_cost_few_queries(register: Path) -> None:
    acts: dict[str, Cost] = {}
    events = Cost()
    decide()
    live(3, acts)
    followed(events)
    assert acts.keys() == ACTS.keys()
    assert {name: one.each for name, one in acts.items() if one.each > ACTS[name]} == {}
    assert events.times > 3 * 14
    assert events.each < 9
