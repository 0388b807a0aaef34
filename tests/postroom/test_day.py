"""A registry's day: what docs/day.md says is typed, from the first command to the last."""

import re
import shlex
from pathlib import Path

import pytest
import time_machine

from infra.wiring import open_services
from tests.small import small_page, train_small
from tests.typed import asked, run

PAGE = Path(__file__).parents[2] / "docs" / "day.md"
_HOURS = {"eight": 8, "nine": 9, "ten": 10, "noon": 12, "two": 14, "six": 18}


def hour(heading: str) -> int:
    """The hour of the day at which a part of the page begins."""
    return next((at for name, at in _HOURS.items() if heading.lower().startswith(name)), 7)


@pytest.mark.timeout(600)
def test_a_day_of_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    open_services(home)
    train_small(home)
    monkeypatch.chdir(tmp_path)
    small_page("Nightfall").convert("L").save("photo.png", dpi=(100, 100))
    said: dict[str, str] = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        with time_machine.travel(f"2026-03-04T{hour(heading):02}:00:00Z", tick=True):
            for block in re.findall(r"(?ms)^```sh\n(.*?)^```", body):
                for line in block.splitlines():
                    done = run(home, *shlex.split(line)[1:])
                    assert done.exit_code == 0, (line, done.output, done.exception)
                    said[line] = done.output
    letter, answer = asked(home, "show", "IN-2026-000030-8"), asked(home, "show", "OUT-2026-000001-5")
    assert (letter["status"], letter["person"], answer["status"]) == ("closed", "ben", "dispatched")
    assert [one["pages"] for one in letter["documents"]] == [1]
    assert "Genuine" in said["postroom receipt verify receipt.pdf"]
    assert "All accounted for" in said["postroom verify"]
    assert asked(home, "verify")["ok"]
