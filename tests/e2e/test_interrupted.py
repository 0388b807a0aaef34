"""Ctrl-C in the middle of a batch: the intake ends by itself, and the next goes on at the page."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from domain.entry import Query
from domain.page import Page
from flows.notes import noted
from infra.wiring import open_services
from postroom.intaking import print_report
from tests.bench.running import POSTROOM, environment
from tests.small import small_page, train_small

PAGES = 30


def test_pages_read_before_are_not_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, drop = tmp_path / "home", tmp_path / "drop"
    services = open_services(home)
    train_small(home)
    drop.mkdir()
    (drop / "station.toml").write_text("quiet_seconds = 0.1\n")
    first, *rest = [small_page(f"Letter {number}" if number % 3 else "") for number in range(PAGES)]
    first.save(drop / "many.tif", save_all=True, append_images=rest, compression="group4", dpi=(100, 100))
    command = [POSTROOM, "--home", str(home), "intake", str(drop), "--once", "--json"]

    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(POSTROOM_PROCESSES="1"),
        start_new_session=True,  # so that the signal goes to all, as from a keyboard
    ) as intake:
        until = time.monotonic() + 120
        while len(list(services.work.glob("*/000000/0*.json"))) < 3:
            assert time.monotonic() < until
            assert intake.poll() is None
            time.sleep(0.02)
        os.killpg(intake.pid, signal.SIGINT)
        answer, said = intake.communicate(timeout=120)
    assert intake.returncode == 1
    assert "Stopping after the pages in work" in said
    assert "Traceback" not in said
    report = json.loads(answer)
    assert [len(report[name]) for name in ("unfinished", "stopped", "failed", "entries")] == [1, 1, 0, 0]
    print_report(report)
    assert "Not finished: " in capsys.readouterr().out

    (folder,) = services.work.glob("*/000000")
    words = sorted(folder.glob("0*.json"))
    blank = noted(folder / "notes-1.jsonl")
    read = len(words) + len(blank)
    assert 3 <= read < PAGES
    assert not list(folder.glob("*.part"))
    # Were it read again, the page would lose this word.
    told = json.loads(words[0].read_text())
    told["page"]["words"][0]["text"] = "Unmistakable"
    words[0].write_text(json.dumps(told))

    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(POSTROOM_PROCESSES="1"), check=True
    )
    assert json.loads(done.stdout)["fates"] == {
        "document": PAGES - PAGES // 3,
        "separator": 0,
        "blank": PAGES // 3,
        "duplicate": 0,
        "refused": 0,
    }
    from register.models import Batch

    assert Batch.objects.get().begun_pages == read
    assert services.index.search(Query("Unmistakable")).total == 1
    assert all(isinstance(one.blank, Page) for one in blank.values())
