"""The units as systemd itself reads them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.deploy_files import DEPLOY, ROOT

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, Path]:
    """The units with this checkout in the place of /opt/postroom, a template with its first instance."""
    found = {}
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/postroom", str(ROOT))
        name = unit.name.replace("@.", "@1.")
        found[name] = tmp_path / name
        found[name].write_text(text)
        (tmp_path / unit.name).write_text(text)
    return found


def verify(path: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, cwd=path.parent
    )
    return done.returncode, done.stdout + done.stderr


def test_there_is_one_for_each_process() -> None:
    assert [unit.name for unit in UNITS] == [
        "postroom-desk.service",
        "postroom-indexer.service",
        "postroom-station.service",
        "postroom-worker@.service",
    ]


def test_systemd_understands_them(installed: dict[str, Path]) -> None:
    assert {name: verify(path) for name, path in installed.items()} == dict.fromkeys(installed, (0, ""))


def test_systemd_would_say_if_not(installed: dict[str, Path]) -> None:
    path = installed["postroom-station.service"]
    path.write_text(path.read_text().replace("Restart=always", "Restart=perhaps\nReadWitePaths=/srv"))
    _, said = verify(path)
    assert "perhaps" in said
    assert "ReadWitePaths" in said


def test_they_are_locked_in(installed: dict[str, Path]) -> None:
    for name, path in installed.items():
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        level = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
        assert level, done.stdout
        assert float(level[1]) <= 1.5, name


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_it_comes_back_and_ends_in_time(unit: Path) -> None:
    text = unit.read_text("utf-8")
    value = dict(re.findall(r"(?m)^(\w+)=(.*)$", text))
    assert value["Restart"] == "always"
    assert value["KillMode"] == "mixed"
    home = re.findall(r"(?m)^Environment=POSTROOM_HOME=(\S+)$", text)
    assert home == [f"/var/lib/{value['StateDirectory']}"]
    # What must be finished: a page may take page_seconds (120).
    assert int(value["TimeoutStopSec"]) > (120 if "worker" in unit.name else 30)


def test_every_environment_file_has_an_example() -> None:
    asked = {
        Path(name).name
        for unit in UNITS
        for name in re.findall(r"(?m)^EnvironmentFile=-?(\S+)$", unit.read_text("utf-8"))
    }
    examples = {path.name.removesuffix(".example") for path in (DEPLOY / "systemd").glob("*.env.example")}
    assert asked == {"postroom.env", "station.env", "worker.env", "indexer.env", "desk.env"}
    # That of the indexer says how the other two differ.
    assert examples == {"postroom.env", "indexer.env", "desk.env"}
