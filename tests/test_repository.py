"""House rules that no linter holds, over every file that git would keep."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 400  # lines of a Python file


@cache
def kept() -> tuple[Path, ...]:
    """The files of the repository, committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


PACKAGES = ("packages-run", "packages-engine", "packages-test", "packages-office")


@cache
def text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def project() -> dict[str, Any]:
    return tomllib.loads(text(ROOT / "pyproject.toml"))


def offending(pattern: str) -> list[str]:
    """Each line that matches, as ``file:line: text``."""
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in kept()
        if wanted.search(text(path))
        for number, line in enumerate(text(path).splitlines(), 1)
        if wanted.search(line)
    ]


def words(*halves: tuple[str, str]) -> str:
    """A pattern for words that this very file may not contain whole."""
    return "|".join(re.escape(first + second) for first, second in halves)


def listed_packages(name: str) -> list[str]:
    lines = text(ROOT / "infra" / "setup" / name).splitlines()
    return [line.split()[0] for line in lines if line and not line.startswith("#")]


def required(specifications: list[str]) -> list[str]:
    return [re.split(r"[^\w.-]", specification)[0] for specification in specifications]


def test_no_registry_host_is_named() -> None:
    hosts = words(
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("registry.yarn", "pkg.com"),
        ("maven.apa", "che.org"),
        ("maven", ".org"),
        ("crates", ".io"),
        ("proxy.golang", ".org"),
        ("deb.deb", "ian.org"),
        ("security.deb", "ian.org"),
        ("docker", ".io"),
        ("ghcr", ".io"),
    )
    assert offending(rf"(?i)({hosts})\b") == []


def test_no_lock_that_names_hosts() -> None:
    names = {"uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock"}
    assert [path for path in kept() if path.name in names] == []
    assert "--index-url" not in text(ROOT / "requirements.txt")


def test_every_locked_package_has_hashes() -> None:
    for lock in (ROOT / "requirements.txt", ROOT / "infra" / "setup" / "uv.txt"):
        pins = re.split(r"\n(?=\S)", text(lock).strip())
        assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_the_lock_covers_what_is_asked_for() -> None:
    pinned = set(re.findall(r"(?m)^([\w.-]+)==", text(ROOT / "requirements.txt")))
    asked = project()["project"]
    every = asked["dependencies"] + asked["optional-dependencies"]["dev"]
    assert set(required(every)) - pinned == set()


def imported() -> set[str]:
    """The top-level modules that our Python files import, anywhere in them."""
    names: set[str] = set()
    for path in kept():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def test_what_is_imported_is_asked_for() -> None:
    own = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    asked = project()["project"]
    every = required(asked["dependencies"] + asked["optional-dependencies"]["dev"])
    offered = {name.lower().replace("_", "-") for name in every}
    offered |= {f"{name}-s3" for name in offered if name == "types-boto3"}  # an extra brings it
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        name
        for name in imported() - own - sys.stdlib_module_names
        if not {each.lower().replace("_", "-") for each in providers.get(name, [])} & offered
    }
    assert undeclared == set()


def test_every_dependency_is_explained() -> None:
    asked = project()["project"]
    expected = {
        "At work": set(required(asked["dependencies"])),
        "For development and tests": {"uv", *required(asked["optional-dependencies"]["dev"])},
        "Debian packages": {name for one in PACKAGES for name in listed_packages(one)},
    }
    explained = {}
    for section in text(ROOT / "docs" / "dependencies.md").split("\n## ")[1:]:
        title, body = section.split("\n", 1)
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in body.splitlines()
            if line.startswith("|") and not line.startswith(("|---", "| package"))
        ]
        assert [row for row in rows if len(row) != 4 or not row[1] or not row[3]] == []
        explained[title] = {row[0] for row in rows}
    assert explained == expected


def test_system_packages_have_reasons() -> None:
    for name in PACKAGES:
        lines = text(ROOT / "infra" / "setup" / name).splitlines()
        assert [line for line in lines if line and len(line.split(None, 1)) != 2] == []


def test_python_files_are_short() -> None:
    # A migration that Django generated is one statement, however long.
    written = [path for path in kept() if path.suffix == ".py" and not path.name.endswith("_initial.py")]
    lengths = {path: len(text(path).splitlines()) for path in written}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST} == {}


def test_every_package_is_checked() -> None:
    packages = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")})
    tools = project()["tool"]
    assert tools["mypy"]["packages"] == packages
    assert tools["importlinter"]["root_packages"] == [name for name in packages if name != "tests"]
    assert tools["hatch"]["build"]["targets"]["wheel"]["packages"] == packages


def test_nothing_is_left_for_later() -> None:
    # In comments only: one of the words is Spanish, and letters are written in capitals too.
    marks = words(("TO", "DO"), ("FIX", "ME"))
    assert offending(rf"(#|//|<!--).*\b({marks})\b") == []


def test_processes_are_ended_by_their_own_id() -> None:
    assert offending(rf"\b({words(('pk', 'ill'), ('kill', 'all'))})\b") == []


@pytest.mark.parametrize(
    "name",
    [
        ".ci/run",
        ".pre-commit-config.yaml",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "docs/dependencies.md",
        "docs/measured.md",
    ],
)
def test_a_newcomer_finds(name: str) -> None:
    assert (ROOT / name).is_file()


def test_make_help_lists_the_commands() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    commands = ["help", "setup", "engine", "run", "test", "check", "bench", "lock", "clean"]
    assert re.findall(r"(?m)^  make (\w+)", shown) == commands


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:5] for name in names] == [f"{count:04}-" for count in range(1, len(names) + 1)]
    for name in names:
        decision = text(ROOT / "docs" / "decisions" / name)
        assert re.findall(r"(?m)^## (.+)$", decision) == ["Context", "Decision", "Consequences"]


def test_hooks_fetch_nothing() -> None:
    hooks = text(ROOT / ".pre-commit-config.yaml")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
    assert set(re.findall(r"language: (\S+)", hooks)) == {"system"}
