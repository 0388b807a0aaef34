import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from capture.station import SeparationPolicy, Station, load_station
from domain.errors import Usage

DOC = Path(__file__).parents[2] / "docs" / "stations.md"


def load(folder: Path, text: str) -> Station:
    (folder / "station.toml").write_text(text, encoding="utf-8")
    return load_station(folder)


def test_folder_without_a_profile_has_the_defaults(tmp_path: Path) -> None:
    assert load_station(tmp_path) == Station() == load(tmp_path, "")


def test_every_key_can_be_set(tmp_path: Path) -> None:
    text = """
        languages = ["de", "en"]
        takes = ["pdf"]
        register = "OUT2"
        batch = "gap"
        marker = "go.*"
        gap_seconds = 12
        quiet_seconds = 0.5
        done_marker = ".done"
        duplex = "collate"
        duplicate = "link"
        page_limit = 10
        patience_seconds = 60
        after = "done"
        poll = true
        [separation]
        patch = ["T", "2"]
        barcode = ""
        label = "A-[0-9]+"
        blank = true
        pages = 2
        drop_blank = false
        sheets = "between"
        longest = 30
    """
    assert load(tmp_path, text) == Station(
        languages=("de", "en"),
        takes=("pdf",),
        register="OUT2",
        batch="gap",
        marker="go.*",
        gap_seconds=12.0,
        quiet_seconds=0.5,
        done_marker=".done",
        duplex="collate",
        duplicate="link",
        page_limit=10,
        patience_seconds=60.0,
        after="done",
        poll=True,
        separation=SeparationPolicy(
            patch=("T", "2"),
            barcode="",
            label="A-[0-9]+",
            blank=True,
            pages=2,
            drop_blank=False,
            sheets="between",
            longest=30,
        ),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('langages = ["en"]', "langages: unknown key; did you mean 'languages'?"),
        ("pages = 3", "pages: unknown key; it belongs below [separation]"),
        ("[separation]\npoll = true", "separation.poll: unknown key; it belongs above [separation]"),
        ("[separation]\nptch = []", "separation.ptch: unknown key; did you mean 'patch'?"),
        ('languages = ["xx"]', "languages = 'xx': input should be 'en', 'es', 'fr' or 'de'"),
        ('takes = ["pdf", "pdf"]', "takes = ['pdf', 'pdf']: each may stand there once only"),
        ('takes = "pdf"', "takes = 'pdf': it must be a list, for example [\"en\"]"),
        ("takes = []", "takes = []: the list is empty; leave the key out for the default"),
        ('batch = "files"', "batch = 'files': input should be 'file', 'folder', 'marker' or 'gap'"),
        ('quiet_seconds = "2"', "quiet_seconds = '2': input should be a valid number"),
        ("quiet_seconds = 0", "quiet_seconds = 0: input should be greater than or equal to 0.1"),
        ("page_limit = 1.5", "page_limit = 1.5: input should be a valid integer"),
        ("duplex = 1", 'duplex = 1: it must be true, false or "collate"'),
        (
            'duplex = "collate"',
            (
                "duplex = 'collate': fronts and backs are two files of one batch; "
                "set batch to folder, marker or gap"
            ),
        ),
        ('register = "in"', "register = 'in': it must be capital letters and digits, for example IN"),
        ('marker = "*.*"', "marker = '*.*': it must name marker files only, for example *.end"),
        ('done_marker = "done"', "done_marker = 'done': it must be an ending such as .done, or empty"),
        ("separation = 3", "separation = 3: it must be a table: a line [separation] with its keys below"),
        (
            '[separation]\nlabel = "("',
            (
                "separation.label = '(': it is not a regular expression: "
                "missing ), unterminated subpattern at position 0"
            ),
        ),
    ],
)
def test_wrong_value_is_told_with_file_key_value_and_fix(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(Usage) as caught:
        load(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'station.toml'}: {complaint}"


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Usage) as caught:
        load(tmp_path, "batch = 3\nduplex = 1")
    assert len(str(caught.value).splitlines()) == 2


def test_what_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"station\.toml: is not TOML: .*line 2"):
        load(tmp_path, "duplex = true\nbatch = file")


def test_documentation_names_every_key_with_its_default() -> None:
    text = DOC.read_text(encoding="utf-8")
    described = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", text, re.MULTILINE))
    station, policy = Station(), SeparationPolicy()
    actual = {f.name: getattr(station, f.name) for f in fields(Station) if f.name != "separation"}
    actual |= {f.name: getattr(policy, f.name) for f in fields(SeparationPolicy)}
    assert {key: tomllib.loads(f"x = {value}")["x"] for key, value in described.items()} == {
        key: list(value) if isinstance(value, tuple) else value for key, value in actual.items()
    }


def test_documented_example_is_valid(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        load(tmp_path, example)
