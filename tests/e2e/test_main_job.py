"""The main job from the command line: sample mail in, entries and search hits out."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samples.generate import write_samples
from tests.verapdf import verapdf

POSTROOM = Path(sys.executable).with_name("postroom")
SEED, BATCHES, FEW = 11, 12, 4


def postroom(home: Path, *words: str, code: int = 0) -> Any:
    """Runs a verb with ``--json`` and gives its document."""
    done = subprocess.run(
        [POSTROOM, "--home", home, *words, "--json"], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == code, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "mail"
    write_samples(folder, BATCHES, SEED)
    return folder


@pytest.fixture(scope="module")
def filed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Any]:
    """A home into which the sample was filed: home, drop folder, the intake's document."""
    home = tmp_path_factory.mktemp("filed")
    drop = home / "mail"
    shutil.copytree(sample, drop)
    return home, drop, postroom(home, "intake", str(drop), "--once")


def truth(folder: Path, kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == kind]


def test_every_page_meets_its_true_fate(filed: tuple[Path, Path, Any], sample: Path) -> None:
    _, _, done = filed
    expected = dict.fromkeys(("document", "separator", "blank", "duplicate", "refused"), 0)
    for page in truth(sample, "page"):
        expected[page["fate"]] += 1
    assert done["fates"] == expected
    assert (done["batches"], done["failed"], done["unfinished"], done["held"]) == (BATCHES, [], [], [])


def test_documents_are_cut_where_they_begin_and_end(filed: tuple[Path, Path, Any], sample: Path) -> None:
    _, drop, done = filed
    cuts = {
        (Path(one["source"]).relative_to(drop).as_posix(), *one["page_range"], one["pages"])
        for one in done["entries"]
    }
    fates = truth(sample, "page")
    expected = set()
    for one in truth(sample, "document"):
        pages = sum(page["document"] == one["id"] for page in fates)
        expected.add((one["source"], *one["page_range"], pages))
    assert cuts == expected


def test_most_documents_get_their_class_and_language(filed: tuple[Path, Path, Any], sample: Path) -> None:
    """What the classifier would say; what it files by machine is right, and that is the half at least."""
    _, drop, done = filed
    found = {
        (Path(one["source"]).relative_to(drop).as_posix(), one["page_range"][0]): (
            one["guess"],
            one["language"],
        )
        for one in done["entries"]
    }
    right = [
        found[one["source"], one["page_range"][0]] == (one["class"], one["language"])
        for one in truth(sample, "document")
    ]
    assert sum(right) >= 0.85 * len(right)
    classes = {
        (Path(one["source"]).relative_to(drop).as_posix(), one["page_range"][0]): one["class"]
        for one in done["entries"]
    }
    told = [(classes[one["source"], one["page_range"][0]], one["class"]) for one in truth(sample, "document")]
    given = [(said, so) for said, so in told if said]
    assert len(given) >= 0.5 * len(told)
    assert sum(said != so for said, so in given) <= 1


def test_the_broken_file_is_refused_with_a_reason(filed: tuple[Path, Path, Any], sample: Path) -> None:
    home, drop, done = filed
    (broken,) = [page for page in truth(sample, "page") if page["fate"] == "refused"]
    (refused,) = done["refused"]
    assert Path(refused["source"]).relative_to(drop).as_posix() == broken["source"]
    assert refused["reason"]
    assert refused["fix"]
    (waiting,) = postroom(home, "exceptions", "list")
    assert waiting["source"] == refused["source"]


def test_numbers_run_without_gap_and_verify_is_content(filed: tuple[Path, Path, Any]) -> None:
    home, _, done = filed
    sequences = sorted(int(one["number"].split("-")[2]) for one in done["entries"])
    assert sequences == list(range(1, len(sequences) + 1))
    books = postroom(home, "verify")
    assert books["ok"]
    assert books["batches"] == done["batches"]
    assert books["pages"] == done["pages"]


def test_filed_documents_are_found_shown_and_fetched(
    filed: tuple[Path, Path, Any], sample: Path, tmp_path: Path
) -> None:
    home, drop, done = filed
    entry = done["entries"][0]
    shown = postroom(home, "show", entry["number"])
    (document,) = shown["documents"]
    assert (shown["number"], document["class"]) == (entry["number"], entry["class"])
    found = postroom(home, "search", entry["number"])
    assert [hit["number"] for hit in found["hits"]] == [entry["number"]]
    subject = next(one["documents"][0] for one in [shown])["fields"]
    assert subject
    pdf, original = tmp_path / "a.pdf", tmp_path / "original"
    for words in ([entry["number"], "-o", pdf], [entry["number"], "--original", "-o", original]):
        subprocess.run([POSTROOM, "--home", home, "get", *words], check=True, capture_output=True)
    assert pdf.read_bytes().startswith(b"%PDF-")
    source = Path(entry["source"]).relative_to(drop)
    assert original.read_bytes() == (sample / source).read_bytes()


def test_what_calls_itself_pdfa_passes_verapdf(filed: tuple[Path, Path, Any]) -> None:
    home, _, done = filed
    paths = [home / "archive" / one["object"] for one in done["entries"]]
    declared = {path for path in paths if b"pdfaid:part" in path.read_bytes()}
    assert len(declared) >= 0.8 * len(paths)
    assert verapdf(*declared) == dict.fromkeys(declared, True)


def test_the_same_mail_again_files_nothing_twice(filed: tuple[Path, Path, Any], sample: Path) -> None:
    home, drop, done = filed
    shutil.copytree(sample, drop, dirs_exist_ok=True)
    again = postroom(home, "intake", str(drop), "--once")
    assert again["entries"] == []
    assert len(again["duplicates"]) == BATCHES - 1
    assert again["pages"] == done["pages"]
    assert again["fates"]["duplicate"] == done["pages"] - 1
    assert again["refused"] == done["refused"]  # of it nothing was filed: it is tried again
    assert postroom(home, "verify")["ok"]


def test_another_intake_on_the_same_home_is_refused(filed: tuple[Path, Path, Any]) -> None:
    import fcntl

    home, drop, _ = filed
    with (home / "intake.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [POSTROOM, "--home", home, "intake", str(drop), "--once"], capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "another intake" in done.stderr


def test_the_main_job_runs_as_prefect_flow_runs(tmp_path: Path) -> None:
    drop = tmp_path / "mail"
    write_samples(drop, FEW, SEED)
    done = postroom(tmp_path / "home", "up", str(drop), "--until-idle")
    assert (done["batches"], done["failed"], done["unfinished"]) == (FEW, [], [])
    assert postroom(tmp_path / "home", "verify")["ok"]
    assert _flow_runs(tmp_path / "home") == {
        ("intake", "COMPLETED"),
        ("file_batch", "COMPLETED"),
        ("publish", "COMPLETED"),
        ("heads", "COMPLETED"),
    }


def _flow_runs(home: Path) -> set[tuple[str, str]]:
    """What the Prefect server, started again, remembers of the runs."""
    import urllib.request

    from infra.services import prefect_server

    with prefect_server.start(home / "prefect") as server:
        url = prefect_server.api_url(server)

        def ask(path: str) -> Any:
            request = urllib.request.Request(
                f"{url}/{path}/filter",
                data=b"{}",
                headers={"Content-Type": "application/json", **server.headers},
            )
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)

        names = {flow["id"]: flow["name"] for flow in ask("flows")}
        runs = ask("flow_runs")
    assert sum(names[run["flow_id"]] == "file_batch" for run in runs) == FEW
    return {(names[run["flow_id"]], run["state"]["type"]) for run in runs}


def test_two_homes_never_touch_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert postroom(tmp_path / name, "status")["entries"] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
