"""``postroom services``: the whole set up, one of it killed, up again, down, and gone."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from pydantic import SecretStr

from infra.services import elasticsearch, local_set, process, recorded, tools
from infra.services.recorded import Record
from infra.settings import load_settings
from tests.servers import fresh_name

POSTROOM = Path(sys.executable).with_name("postroom")
SECRETS = (
    "POSTROOM_DATABASE__URL",
    "POSTROOM_INDEX__PASSWORD",
    "POSTROOM_PREFECT_AUTH",
    "AWS_SECRET_ACCESS_KEY",
)
ORDER = ["postgresql", "elasticsearch", "minio", "prefect"]


def postroom(home: Path, *arguments: str, code: int = 0) -> Any:
    done = subprocess.run(
        [POSTROOM, "--home", home, *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def _gone(one: psutil.Process) -> bool:
    return not process.alive(one)


@pytest.fixture
def home(server_homes: Path) -> Iterator[Path]:
    tools.install("elasticsearch", "minio")
    folder = server_homes / fresh_name("home")
    yield folder
    local_set.down(folder, lambda text: None, purge=True)


def by_name(answer: Any) -> dict[str, dict[str, Any]]:
    assert [one["name"] for one in answer["services"]] == ORDER
    return {one["name"]: one for one in answer["services"]}


@pytest.mark.timeout(600)
def test_up_killed_up_down(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = by_name(postroom(home, "services", "status", code=1))
    assert {(one["pid"], one["port"], one["answers"]) for one in before.values()} == {(None, None, False)}

    first = postroom(home, "services", "up", "--write")
    running = by_name(first)
    assert all(one["answers"] and one["version"] for one in running.values())
    assert all(process.alive(psutil.Process(one["pid"])) for one in running.values())
    # The address is in the file and the secrets are not; with the variables both are complete.
    secrets = Path(first["secrets"])
    assert secrets.stat().st_mode & 0o777 == 0o600
    variables = dict(line.split("=", 1) for line in secrets.read_text().splitlines())
    written = (home / "postroom.toml").read_text()
    assert first["written"] == str(home / "postroom.toml")
    assert not any(variables[name] in written for name in SECRETS)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.strip("'"))
    settings = load_settings(home)
    assert settings.index.url == f"http://127.0.0.1:{running['elasticsearch']['port']}"
    assert settings.prefect_api_url == f"http://127.0.0.1:{running['prefect']['port']}/api"
    assert settings.prefect_auth != SecretStr("")
    assert settings.archive.bucket == "postroom"
    database = settings.database.url.get_secret_value()
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE letter AS SELECT 7 AS number")
    from infra.wiring import open_services

    services = open_services(home, database=False)
    services.archive.put("letters/7", b"Dear Sirs")

    # Two crash; the next start leaves the others alone and brings the same data back.
    for name in ("postgresql", "minio"):
        victim = psutil.Process(running[name]["pid"])
        victim.kill()
        assert process.until(partial(_gone, victim), 30)
    crashed = by_name(postroom(home, "services", "status", code=1))
    assert [one["name"] for one in crashed.values() if one["answers"]] == ["elasticsearch", "prefect"]
    second = postroom(home, "services", "up")
    again = by_name(second)
    assert second["settings"] == first["settings"]
    assert {name: one["port"] for name, one in again.items()} == {
        name: one["port"] for name, one in running.items()
    }
    assert [name for name in ORDER if again[name]["pid"] == running[name]["pid"]] == [
        "elasticsearch",
        "prefect",
    ]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT number FROM letter").fetchall() == [(7,)]
    assert services.archive.read("letters/7") == b"Dear Sirs"

    stopped = by_name(postroom(home, "services", "down"))
    assert not any(one["answers"] or one["pid"] for one in stopped.values())
    pids = {one["pid"] for one in again.values()}
    assert not [one for one in psutil.process_iter() if one.pid in pids and process.alive(one)]
    assert (home / "services" / "postgresql" / "data").is_dir()
    assert postroom(home, "services", "down", "--purge")["purged"] is True
    assert not (home / "services").exists()


@pytest.mark.timeout(300)
def test_a_server_is_known_from_its_first_moment(home: Path) -> None:
    """Who starts the set is killed while a server is on its way: the next command finds it."""
    place = local_set.folder(home)
    with subprocess.Popen(
        [POSTROOM, "--home", home, "services", "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as starter:
        assert process.until(lambda: "elasticsearch" in recorded.read(place), 120)
        starter.kill()
    known = recorded.read(place)
    assert sorted(known) == ["elasticsearch", "postgresql"]
    assert not elasticsearch.answers(place / "elasticsearch", known["elasticsearch"].port)
    assert all(recorded.runs(one) for one in known.values())
    local_set.down(home, lambda text: None)
    assert not any(recorded.runs(one) for one in known.values())


def test_settings_of_somebody_else_are_not_overwritten(home: Path) -> None:
    home.mkdir()
    (home / "postroom.toml").write_text('timezone = "Europe/Madrid"\n')
    said = postroom(home, "services", "up", "--write", code=2)
    assert "is there already" in " ".join(said.split())
    assert not (home / "services").exists()


def test_a_process_that_only_has_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    port = process.free_port()
    with subprocess.Popen(["sleep", "600"]) as other:
        true = recorded.record(other.pid, port)
        assert recorded.runs(true)
        stale = Record(other.pid, true.born + "0", port)
        assert not recorded.runs(stale)
        recorded.stop(stale, signal.SIGTERM)
        assert other.poll() is None
        recorded.write(tmp_path, {"sleeper": true})
        assert recorded.read(tmp_path) == {"sleeper": true}
        recorded.stop(true, signal.SIGTERM)
        assert other.wait(30) == -signal.SIGTERM
    assert not recorded.runs(true)


def test_one_that_does_not_end_is_killed_with_its_children() -> None:
    line = "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    line += "child = subprocess.Popen(['sleep', '600']); print(child.pid, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", line], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        child = psutil.Process(int(deaf.stdout.readline()))
        recorded.stop(recorded.record(deaf.pid, process.free_port()), signal.SIGTERM, grace=0.5)
        assert deaf.wait(30) == -signal.SIGKILL
    assert not process.alive(child)


def test_tools_are_there_and_nothing_is_said() -> None:
    script = Path(tools.__file__).resolve().parents[1] / "setup" / "tools.sh"
    tools.install()
    # What a run that was cut short left behind is cleared away.
    left = Path(local_set.__file__).resolve().parents[2] / ".cache" / "tools" / ".making"
    left.mkdir(exist_ok=True)
    (left / "half").write_bytes(b"half")
    done = subprocess.run(["bash", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not left.exists()
    unknown = subprocess.run(["bash", script, "oracle"], capture_output=True, text=True)
    assert (unknown.returncode, unknown.stderr) == (2, "No such tool: oracle. Known: infra/setup/servers\n")
