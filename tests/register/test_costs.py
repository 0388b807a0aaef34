"""How many queries acts and events cost: a bound, so that none creeps in unseen."""

from pathlib import Path

from tests.bench.acts import Cost, decide, followed, live


def test_an_event_is_looked_at_with_few_queries(register: Path) -> None:
    events = Cost()
    decide()
    live(3, {})
    followed(events)
    assert events.times > 3 * 14
    assert events.each < 8
