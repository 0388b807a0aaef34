"""The image's recipe, and the script that every container starts with. Docker itself is not here."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.deploy_files import DEPLOY, ROOT, settings_names
from tests.test_repository import listed_packages, project

DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
ENTRYPOINT = DEPLOY / "entrypoint.sh"


def instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE)).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last(word: str) -> str:
    return [rest for name, rest in instructions() if name == word][-1]


def test_what_is_installed_is_what_the_set_up_installs() -> None:
    runs = [rest for name, rest in instructions() if name == "RUN"]
    sets_up = [run for run in runs if "infra/setup/packages.sh infra/setup/packages-run" in run]
    assert len(sets_up) == 2  # both stages
    assert any("infra/setup/environment.sh" in run for run in runs)
    assert "ENGINE_ARCH=$ENGINE_ARCH bash infra/setup/engine.sh" in runs  # for more processors than its own
    assert last("ARG") == "ENGINE_ARCH=x86-64-v3"
    asked = re.findall(r"apt-get install --yes --no-install-recommends ([\w -]+)", DOCKERFILE)
    assert [name.split() for name in asked] == [["tini"]]
    assert "tini" not in listed_packages("packages-run")
    script = (ROOT / "infra" / "setup" / "environment.sh").read_text()
    assert 'uv" pip sync --quiet --require-hashes --compile-bytecode requirements.txt' in script


def test_every_package_is_copied() -> None:
    packages = set(project()["tool"]["mypy"]["packages"]) - {"tests"}
    copied = {rest.split()[0].rstrip("/") for name, rest in instructions() if name == "COPY"}
    assert packages - copied == set()
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert packages - kept == set()
    assert {"pyproject.toml", "requirements.txt", "README.md"} <= kept
    assert "infra/deploy/secrets" in ignored
    assert {name for name in kept if not (ROOT / name).exists()} == set()


def test_it_runs_as_nobody_in_particular() -> None:
    user, group = last("USER").split(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    assert f"--uid {user}" in DOCKERFILE
    assert last("ENTRYPOINT").startswith('["/usr/bin/tini"')
    assert "/opt/postroom/infra/deploy/entrypoint.sh" in last("ENTRYPOINT")
    assert "POSTROOM_HOME=/var/lib/postroom" in last("ENV")


def enter(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **env}
    return subprocess.run([ENTRYPOINT, *command], env=env, capture_output=True, text=True)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://o'hara:a\"$b `c`@host/postroom\n")
    done = enter({"POSTROOM_DATABASE__URL_FILE": str(secret), "POSTROOM_TIMEZONE": "UTC"}, "env")
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines())
    ours = {name: value for name, value in shown.items() if name.startswith("POSTROOM_")}
    assert ours == {
        "POSTROOM_DATABASE__URL": "postgresql://o'hara:a\"$b `c`@host/postroom",
        "POSTROOM_TIMEZONE": "UTC",
    }


def test_the_command_takes_the_place_of_the_shell() -> None:
    done = enter({}, "sh", "-c", "echo $PPID; exit 3")
    assert (done.returncode, int(done.stdout)) == (3, os.getpid())


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), ("", "is empty")])
def test_a_missing_secret_stops_it(tmp_path: Path, content: str | None, said: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_text(content)
    done = enter({"POSTROOM_PREFECT_AUTH_FILE": str(secret)}, "env")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{secret}, named in POSTROOM_PREFECT_AUTH_FILE, {said}" in done.stderr


def test_every_secret_setting_can_come_from_a_file() -> None:
    taken = set(re.findall(r"\b(POSTROOM_\w+|PREFECT_\w+)\b(?! *=)", ENTRYPOINT.read_text()))
    asked = set(re.findall(r"\b(POSTROOM_\w+)_FILE:", (DEPLOY / "compose.yaml").read_text()))
    assert {name for name in asked if name not in taken} == set()
    assert {name for name in taken if name.startswith("POSTROOM_")} <= settings_names()
