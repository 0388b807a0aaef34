"""What all of ``infra/deploy`` must hold to: names of settings, commands and files that are there."""

import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deploy_files import DEPLOY, ROOT, documents, files, settings_names, variables
from tests.test_docs import wrong

HOME = "POSTROOM_HOME"
YAML = [path for path in files() if path.suffix == ".yaml"]
SCRIPTS = [path for path in files() if path.suffix == ".sh"]


def relative(path: Path) -> str:
    return str(path.relative_to(DEPLOY))


@pytest.mark.parametrize("path", files(), ids=relative)
def test_every_variable_is_a_setting(path: Path) -> None:
    named = {name.removesuffix("_FILE") for name in variables(path.read_text("utf-8"))}
    assert named - settings_names() - {HOME} == set()


def test_settings_are_read_as_they_are_named() -> None:
    assert {
        "POSTROOM_TIMEZONE",
        "POSTROOM_DATABASE__URL",
        "POSTROOM_ARCHIVE__MIRROR__BUCKET",
    } <= settings_names()
    assert "POSTROOM_DATABASE" not in settings_names()


def commands(value: Any) -> list[list[str]]:
    """The command lines of ours in a YAML document: lists that begin with ``postroom``."""
    if isinstance(value, dict):
        return [one for inner in value.values() for one in commands(inner)]
    if isinstance(value, list):
        words = [str(word) for word in value]
        if "postroom" in words and not isinstance(value[0], dict | list):
            return [words[words.index("postroom") :]]
        return [one for inner in value for one in commands(inner)]
    return []


def unit_commands(path: Path) -> list[list[str]]:
    started = re.findall(r"(?m)^ExecStart=(.+)$", path.read_text("utf-8"))
    return [["postroom", *shlex.split(line)[1:]] for line in started]


def all_commands() -> dict[str, list[str]]:
    found = {path: [line for one in documents(path) for line in commands(one)] for path in YAML}
    found |= {path: unit_commands(path) for path in files() if path.suffix == ".service"}
    return {f"{relative(path)}: {shlex.join(line)}": line for path, lines in found.items() for line in lines}


def test_every_command_is_there() -> None:
    lines = all_commands()
    verbs = {line[1] for line in lines.values()}
    assert {"station", "work", "doctor"} <= verbs
    assert {where: fault for where, line in lines.items() if (fault := wrong(shlex.join(line)))} == {}


def test_every_file_that_is_named_is_there() -> None:
    said = {
        name
        for path in files()
        for name in re.findall(r"/opt/postroom/((?:infra|docs)/[\w./@-]+)", path.read_text("utf-8"))
    }
    assert "infra/deploy/setup.sh" in said
    assert {name for name in said if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_scripts_can_be_run(path: Path) -> None:
    assert path.stat().st_mode & stat.S_IXUSR
    shell = path.read_text("utf-8").splitlines()[0].rsplit("/", 1)[-1].split()[-1]
    checked = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.search(r"(?m)^set -e", path.read_text("utf-8"))


def test_the_readme_says_how_each_part_is_checked() -> None:
    readme = (DEPLOY / "README.md").read_text("utf-8")
    parts = {path.relative_to(DEPLOY).parts[0] for path in files()} - {"README.md"}
    assert {part for part in parts if part not in readme} == set()
    told = set(re.findall(r"tests/infra/(test_deploy\w*\.py)", readme))
    assert told == {path.name for path in (ROOT / "tests" / "infra").glob("test_deploy*.py")}


def test_no_secret_is_kept() -> None:
    assert (DEPLOY / "secrets" / ".gitignore").read_text().splitlines() == ["*", "!.gitignore"]
    kept = r"(?i)(password|secret|api[_-]?key|auth)\"?\s*[:=]\s*[\"']?[0-9a-f]{16,}"
    assert [relative(path) for path in files() if re.search(kept, path.read_text("utf-8"))] == []
