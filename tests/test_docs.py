"""What an operator can see or set stands in the docs, and what the docs say is there."""

import ast
import dataclasses
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from django.apps import apps

from archive.manifest import Content, Manifest, Original, Rendition, Run
from domain.document import DocumentText, Field, Signature
from domain.entry import IndexEntry
from domain.page import Barcode, Page, Word
from infra.doctor import Check
from postroom.main import app
from samples.generate import Summary

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "samples" / "README.md"])
COMMAND = re.compile(r"(?:\.venv/bin/)?postroom\b|make\b|\.venv/bin/python -m\b")
STORED = (Manifest, Original, Rendition, Content, Run, Signature, DocumentText, Page, Word, Barcode)
# Dictionaries of these modules become JSON that `docs/commands.md` promises.
ANSWERS = (
    *sorted((ROOT / "postroom").glob("*.py")),
    ROOT / "register" / "views.py",
    ROOT / "register" / "listing.py",
    ROOT / "register" / "party_views.py",
    ROOT / "register" / "account.py",
    ROOT / "register" / "clock_views.py",
    ROOT / "register" / "history.py",
    ROOT / "register" / "ranges.py",
    ROOT / "register" / "numbering.py",
    ROOT / "register" / "printing.py",
    ROOT / "register" / "inbox.py",
    ROOT / "register" / "outgoing.py",
    ROOT / "register" / "tokens.py",
    ROOT / "register" / "problems.py",
    ROOT / "register" / "review.py",
    ROOT / "flows" / "verify.py",
    ROOT / "flows" / "rebuild.py",
    ROOT / "flows" / "search.py",
    ROOT / "register" / "restoring.py",
    ROOT / "infra" / "doctor.py",
    *sorted((ROOT / "tests" / "bench").glob("c*.py")),
)
# And of these what the sections of `docs/formats.md` promise.
RECORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "Entry records": {
        "filing.py": ("_content", "record"),
        "history.py": ("as_record",),
        "voids.py": ("void", "withdraw"),
        "records.py": ("write_record", "snapshot", "_document"),
    },
    "Party records": {
        "parties.py": ("begin",),
        "party_acts.py": ("new", "merge", "separate", "split", "_put"),
        "party_history.py": ("_made", "as_record", "snapshot", "told_similar", "adopt"),
        "records.py": ("write_record",),
    },
    "Batch records": {"records.py": ("write_record", "record_batch", "batch_as_it_stands")},
}


@cache
def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def codes(markdown: str) -> list[str]:
    """What stands between backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", markdown))


def named(markdown: str) -> set[str]:
    """Each code as it stands, and the last name of a path such as ``hits[].class``."""
    return {name for code in codes(markdown) for name in (code, code.removesuffix("[]").split(".")[-1])}


def rows(markdown: str, first: str) -> Iterator[list[str]]:
    """The cells of the tables whose first heading is ``first``."""
    for table in re.findall(r"(?m)(?:^\|.*\n)+", markdown + "\n"):
        heading, _, *lines = table.strip().splitlines()
        if heading.strip("|").split("|")[0].strip() == first:
            yield from ([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines)


def sections(markdown: str) -> dict[str, str]:
    """The second-level sections by their heading."""
    parts = re.split(r"(?m)^## (.+)$", markdown)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def whole_program() -> Any:
    """Our program, made once: with all its verbs that takes a tenth of a second."""
    return typer.main.get_command(app)


def verbs(command: Any = None, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every verb by its name, ``exceptions list`` among them."""
    command = command or whole_program()
    if not hasattr(command, "commands"):
        return {" ".join(path): command}
    inside = command.commands.items()
    itself = {" ".join(path): command} if command.invoke_without_command and path else {}
    return itself | {name: one for part, sub in inside for name, one in verbs(sub, (*path, part)).items()}


def options(command: Any) -> set[str]:
    return {name for one in command.params if one.param_type_name == "option" for name in one.opts}


def dict_keys(node: ast.AST) -> set[str]:
    return {
        key.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Dict)
        for key in inner.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def names(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_every_verb_has_its_section() -> None:
    headings = [title for title in sections(text("docs", "commands.md")) if title.startswith("`postroom")]
    assert sorted(headings) == sorted(f"`postroom {name}`" for name in verbs())


def test_every_option_is_explained() -> None:
    page = text("docs", "commands.md")
    common = {name for code in codes(page.split("\n## ")[0]) for name in code.split()}
    told = {
        name: common | set(re.findall(r"--?[a-z][a-z-]*", sections(page)[f"`postroom {name}`"]))
        for name in verbs()
    }
    missing = {name: options(one) - told[name] for name, one in verbs().items() if options(one) - told[name]}
    assert missing == {}
    assert options(whole_program()) - common == set()


def test_json_where_the_docs_say_so() -> None:
    without = {name for name, one in verbs().items() if "--json" not in options(one)}
    page = sections(text("docs", "commands.md"))
    synopses = {name: re.findall(r"(?ms)^```\n(.*?)^```", page[f"`postroom {name}`"])[0] for name in verbs()}
    assert {name for name, line in synopses.items() if "[--json]" not in line} == without


def test_every_json_key_is_explained() -> None:
    written = set().union(*(dict_keys(tree(path)) for path in ANSWERS), names(Check), names(Summary))
    inside = {"done", "postroom"}  # keys that no answer shows
    known = named(text("docs", "commands.md")) | named(text("docs", "formats.md"))
    assert {key for key in written - inside if key.isidentifier()} - known == set()


def test_no_json_key_is_made_up() -> None:
    strings = {
        node.value
        for path in (*ANSWERS, *(ROOT / "tests" / "bench").glob("*.py"))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    fields = names(Check) | names(Summary) | names(Field) | names(Signature)
    told = {
        code.removesuffix("[]").split(".")[-1]
        for row in rows(text("docs", "commands.md"), "key")
        for code in codes(row[0])
    }
    built = re.compile("ratio_to_|.*_pages_per_s$")  # from the contenders' names
    assert {key for key in told - strings - fields if not built.match(key)} == set()


@pytest.mark.parametrize("kind", STORED)
def test_every_stored_key_is_explained(kind: Any) -> None:
    assert names(kind) - named(text("docs", "formats.md")) == set()


@pytest.mark.parametrize("kind", [Field, IndexEntry])
def test_every_field_has_its_row(kind: Any) -> None:
    title = {Field: "Fields", IndexEntry: "Index entry"}[kind]
    table = rows(sections(text("docs", "formats.md"))[title], "key")
    assert {code for row in table for code in codes(row[0])} == names(kind)


@pytest.mark.parametrize("title", RECORDS)
def test_every_key_of_a_record_is_explained(title: str) -> None:
    written = {
        key
        for module, functions in RECORDS[title].items()
        for node in tree(ROOT / "register" / module).body
        if isinstance(node, ast.FunctionDef) and node.name in functions
        for key in dict_keys(node)
    }
    assert written
    assert written - named(sections(text("docs", "formats.md"))[title]) == set()


def test_exit_codes() -> None:
    used = {
        node.args[0].value
        for path in (ROOT / "postroom").glob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("sys.exit", "typer.Exit")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    told = [codes(row[0])[0] for row in rows(text("docs", "commands.md"), "exit code")]
    assert sorted(told) == sorted(str(code) for code in used | {0})


def test_every_flow_and_task_is_explained() -> None:
    flows: set[str] = set()
    tasks: set[str] = set()
    for path in (ROOT / "flows").glob("*.py"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            given = [one.value for one in node.keywords if called == "flow" and one.arg == "name"]
            given += node.args[:1] if called in ("run", "tools.run", "as_task") else []
            found = {one.value for one in given if isinstance(one, ast.Constant)}
            (flows if called == "flow" else tasks).update(str(one) for one in found)
    page = text("docs", "flows.md")
    assert {codes(row[0])[0] for row in rows(page, "flow")} == flows
    assert {codes(row[0])[0] for row in rows(page, "task of `file_batch`")} == tasks - {"publish"}
    assert flows
    assert tasks


def test_every_table_and_state_is_named() -> None:
    body = sections(text("ARCHITECTURE.md"))
    tables = {model.__name__ for model in apps.get_app_config("register").get_models()}
    assert {codes(row[0])[0] for row in rows(body["Tables"], "table")} == tables
    states = {str(state.value) for state in apps.get_model("register", "Batch").State}
    assert {codes(row[0])[0] for row in rows(body["The way of a batch"], "state of a batch")} == states


def test_every_step_that_is_killed_at_is_explained() -> None:
    (steps,) = (
        ast.literal_eval(node.value)
        for node in tree(ROOT / "tests" / "bench" / "crash.py").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STEPS"
    )
    table = rows(sections(text("ARCHITECTURE.md"))["Crash safety"], "killed after")
    assert [codes(row[0])[0] for row in table] == list(steps)


def test_every_package_has_its_section() -> None:
    told = re.findall(r"(?m)^### (\w+)$", text("ARCHITECTURE.md"))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert sorted(told) == sorted(packages)


def test_every_module_that_is_named_is_there() -> None:
    packages = re.split(r"(?m)^### (\w+)$", sections(text("ARCHITECTURE.md"))["Packages"])
    missing = [
        f"{package}/{code}"
        for package, body in zip(packages[1::2], packages[2::2], strict=True)
        for row in rows(body, "module")
        for code in codes(row[0])
        if not (ROOT / package / code).exists()
    ]
    assert missing == []


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", path.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    plain = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", plain):
        place, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = page.parent / place if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def command_lines(page: Path) -> Iterator[str]:
    """Lines of blocks, and codes in running text, that are commands of ours."""
    whole = page.read_text("utf-8")
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", whole)
    lines = (
        part
        for block in blocks
        for line in block.splitlines()
        for part in re.split(r" \| (?=postroom )", line)
    )
    for line in (*lines, *codes(whole)):
        line = line.split("  #")[0].strip()
        if COMMAND.match(line) and not re.match(r"\w+  ", line):  # not a row of a picture
            yield line


def wrong(line: str) -> str | None:
    """What is wrong with a command line, if anything."""
    program, *words = shlex.split(line.replace("[", " ").replace("]", " "))
    if program == "make":
        targets = set(re.findall(r"(?m)^([a-z]+):", text("Makefile")))
        asked = [word for word in words if "=" not in word]
        return None if set(asked) <= targets else f"make has no {asked}"
    if program.endswith("python"):
        module = ROOT / (words[1].replace(".", "/") + ".py")
        return None if module.exists() else f"no module {words[1]}"
    common = options(whole_program()) | {"--help"}
    while words and words[0].startswith("-"):
        if words[0] not in common:
            return f"no option {words[0]}"
        words = words[2:] if words[0] in ("--home", "--as") else words[1:]
    if not words or words[0].isupper() or words[0] == "...":
        return None
    known = sorted(verbs(), key=len, reverse=True)
    found = next((name for name in known if words[: len(name.split())] == name.split()), None)
    if found is None:
        group = any(name.startswith(f"{words[0]} ") for name in verbs())
        return None if group and (len(words) == 1 or words[1].isupper()) else f"no verb {words[0]}"
    given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    unknown = given - options(verbs()[found]) - {"--help", "--as"}
    return f"{found} has no {sorted(unknown)}" if unknown else None


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_there(page: Path) -> None:
    faults = {line: wrong(line) for line in command_lines(page)}
    assert {line: fault for line, fault in faults.items() if fault} == {}


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert wrong("postroom exceptions list --json") is None
    assert wrong("postroom --home DIR intake DROP --once") is None
    assert wrong("postroom exceptions lst") == "no verb exceptions"
    assert wrong("postroom search x --sort") == "search has no ['--sort']"
    assert wrong("make everything") == "make has no ['everything']"


def test_messages_name_verbs_that_are_there() -> None:
    """What an operator is told to run must exist."""
    told = {
        f"{path.relative_to(ROOT)}: {line.strip()}": wrong(line.strip())
        for package in {path.parent for path in ROOT.glob("*/__init__.py")} - {ROOT / "tests"}
        for path in package.rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for line in re.findall(r"(?:`|: )(postroom [a-z]+(?: [a-z]+| --[a-z]+)*)", node.value)
    }
    assert {line: fault for line, fault in told.items() if fault} == {}


def test_measured_says_how() -> None:
    page = text("docs", "measured.md")
    assert re.findall(r"(?m)^\| what .*$", page) == ["| what | command | machine | date | result |"]
    assert [row for row in rows(page, "what") if len(row) != 5 or not row[0] or not codes(row[1])] == []


def test_the_changelog_has_this_version() -> None:
    titles = re.findall(r"(?m)^## \[(.+?)\]", text("CHANGELOG.md"))
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert titles[0] == "Unreleased"
    assert version in titles


def test_the_readme_has_room_for_real_output() -> None:
    readme = text("README.md")
    for name in ("run", "test"):
        assert re.search(rf"(?s)<!-- {name}-output -->.*<!-- /{name}-output -->", readme)
