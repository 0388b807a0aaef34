"""An office's first weeks of the year: a short form of ``postroom bench year``."""

from pathlib import Path

import pytest

from infra.services.postgresql import PostgreSQL
from tests.bench.year import lived
from tests.servers import fresh_database

pytestmark = pytest.mark.timeout(900)


def test_an_office_lives_and_all_that_must_hold_does(postgresql: PostgreSQL, tmp_path: Path) -> None:
    told: list[str] = []
    url = fresh_database(postgresql)
    found = lived(tmp_path / "home", url, entries=3000, days=14, seed=3, tell=told.append)
    counts = ("clocks_fired", "access_tried", "refused", "entries", "seconds")
    least = {name: found.pop(name) for name in counts}
    assert found == {
        "numbers_ok": True,
        "chain_ok": True,
        "clocks_fired_twice": 0,
        "clocks_missed": 0,
        "without_holder": 0,
        "access_violations": 0,
    }, told
    assert least["entries"] > 60
    assert least["clocks_fired"] > 3
    assert least["access_tried"] > 200
