"""``train``, ``evaluate`` and ``models`` as an operator types them, on short texts."""

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.database import disconnect
from models.registry import MODEL
from tests.models.corpus import corpus
from tests.typed import asked, refused, run

PROMISE = ["confidence", "filed", "max_error", "missing", "promised", "says", "wrong"]


def said(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def texts(path: Path, per_class: int, seed: int, classes: Sequence[str] = ("invoice", "letter")) -> Path:
    return said(path, [row for row in zip(*corpus(per_class, seed), strict=True) if row[1] in classes])


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    yield
    disconnect()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A home with a model of 24 texts, and what training it told."""
    folder = tmp_path_factory.mktemp("trained")
    told = asked(folder / "home", "train", "--labels", texts(folder / "taught.csv", 12, 1))
    return folder / "home", told


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a model; each new one costs seconds."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture
def home(trained: tuple[Path, dict[str, Any]]) -> Path:
    return trained[0]


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A copy of that home, to do with as one likes."""
    return Path(shutil.copytree(home, tmp_path / "home"))


@pytest.mark.parametrize("verb", [("train", "--labels"), ("evaluate",)])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('text,label\n"two\nlines",letter\nsome text\n', "line 4: no class under 'label'"),
        ("text,label\nsome text,\n", "line 2: no class under 'label'"),
        ("text\nsome text\n", "line 1: the heading is text;"),
        ("path,label\nnone.pdf,letter\n", "line 2: there is no file none.pdf"),
        ("text,label\na,letter\nb,c,letter\n", "line 3: more values than the heading has columns"),
        ("text,label\n", "has no rows under its heading"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_broken_csv_is_refused_with_its_line(
    empty: Path, tmp_path: Path, verb: tuple[str, ...], content: str | None, told: str
) -> None:
    path = tmp_path / "said.csv"
    if content:
        path.write_text(content, "utf-8")
    assert refused(empty, *verb, path).startswith(f"{path} {told}")
    # Not even the sample mail is learnt from first.
    assert not list(empty.rglob(MODEL))


def test_a_single_class_cannot_be_taught(empty: Path, tmp_path: Path) -> None:
    path = texts(tmp_path / "said.csv", 12, 1, ["letter"])
    told = refused(empty, "train", "--labels", path)
    assert told == f"{path} line 2: every row is of the class letter. Give at least two classes"


def test_too_few_of_a_class_cannot_be_taught(empty: Path, tmp_path: Path) -> None:
    rows = [*zip(*corpus(5, 1), strict=True), ("a text that says enough to be read", "form")]
    assert "form has 1" in refused(empty, "train", "--labels", said(tmp_path / "said.csv", rows))


def test_training_says_what_it_made(home: Path, trained: tuple[Path, dict[str, Any]]) -> None:
    told = trained[1]
    assert sorted(told) == [
        "accuracy", "champion", "classes", "data", "documents", "ece", "macro_f1", "macro_f1_interval",
        "model", "promise",
    ]  # fmt: skip
    assert told["champion"] is True
    assert (told["documents"], told["classes"]) == (24, {"invoice": 12, "letter": 12})
    assert told["accuracy"] > 0.9
    low, high = told["macro_f1_interval"]
    assert low <= told["macro_f1"] <= high
    promise = told["promise"]
    assert sorted(promise) == PROMISE
    assert (promise["max_error"], promise["confidence"], promise["promised"]) == (0.02, 0.9, False)
    assert promise["missing"] > 24
    assert f"about {promise['missing']} more labelled documents are needed" in promise["says"]


def test_the_same_csv_gives_the_same_model(own: Path, trained: tuple[Path, dict[str, Any]]) -> None:
    told = asked(own, "train", "--labels", trained[0].parent / "taught.csv")
    assert told == trained[1]
    assert len(asked(own, "models", "list")) == 1


def test_a_class_that_is_new_is_added(tmp_path: Path) -> None:
    rows = [(text, f"{label} of ours") for text, label in zip(*corpus(4, 1), strict=True)]
    fresh = tmp_path / "home"
    asked(fresh, "train", "--labels", said(tmp_path / "said.csv", rows))
    told = asked(fresh, "classes", "list")
    new = ["contract of ours", "invoice of ours", "letter of ours"]
    assert set(told["classes"]) > set(new)
    assert [(one["kind"], one["name"], one["reason"]) for one in told["changes"]] == [
        ("added", name, "taught with said.csv") for name in new
    ]


def test_evaluation_of_labelled_texts(
    home: Path, tmp_path: Path, trained: tuple[Path, dict[str, Any]]
) -> None:
    told = asked(home, "evaluate", texts(tmp_path / "new.csv", 15, 2))
    assert sorted(told) == [
        "accuracy", "confusion", "coverage", "ece", "ece_interval", "error_at_coverage", "macro_f1",
        "macro_f1_interval", "max_error", "model", "n", "per_class", "refused", "reliability", "seconds",
        "why",
    ]  # fmt: skip
    assert (told["n"], told["refused"]) == (30, 0)
    assert (told["model"], told["max_error"]) == (trained[1]["model"], 0.02)
    assert told["accuracy"] > 0.9
    assert (told["coverage"], told["error_at_coverage"]) == (0.0, 0.0)
    assert sum(told["why"].values()) == 30
    assert told["seconds"] > 0
    assert sum(one["n"] for one in told["reliability"]) == 30
    assert sorted(told["per_class"]) == sorted(told["confusion"]) == ["invoice", "letter"]
    for name, one in told["per_class"].items():
        assert sorted(one) == ["f1", "filed", "filed_wrong", "n", "precision", "recall"]
        assert one["n"] == sum(told["confusion"][name].values()) == 15
        assert one["recall"] == pytest.approx(told["confusion"][name].get(name, 0) / 15, abs=1e-4)


def test_evaluation_under_another_limit(home: Path, tmp_path: Path) -> None:
    path = texts(tmp_path / "new.csv", 15, 2)
    told = asked(home, "evaluate", path, "--max-error", "0.3")
    assert told["max_error"] == 0.3
    assert told["coverage"] > 0.8
    assert told["error_at_coverage"] <= 0.3
    filed = sum(one["filed"] for one in told["per_class"].values())
    assert filed == pytest.approx(told["coverage"] * 30, abs=0.01)
    assert refused(home, "evaluate", path, "--max-error", "1").startswith("max_error is 1: give a share")


def test_a_class_that_the_model_does_not_know_counts_as_wrong(home: Path, tmp_path: Path) -> None:
    told = asked(home, "evaluate", texts(tmp_path / "new.csv", 5, 2, ["contract", "letter"]))
    assert told["n"] == 10
    assert told["accuracy"] <= 0.5
    assert told["per_class"]["contract"]["recall"] == 0.0


def test_documents_of_a_single_class_can_be_evaluated(home: Path, tmp_path: Path) -> None:
    told = asked(home, "evaluate", texts(tmp_path / "new.csv", 5, 2, ["letter"]))
    assert told["n"] == told["per_class"]["letter"]["n"] == 5


def test_what_cannot_be_read_is_left_out_and_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    (tmp_path / "bad.tif").write_bytes(b"II*\0 no directory here")
    text = corpus(1, 2)[0][0]
    path = said(tmp_path / "new.csv", [(text, "letter"), ("bad.tif", "letter"), (f"{text} x", "letter")])
    done = run(home, "evaluate", path, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["n"], told["refused"]) == (2, 1)
    assert "new.csvline3:leftout," in "".join(done.stderr.split())  # lines may break within a word


def test_what_a_model_is_can_be_shown(
    home: Path, trained: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    version = trained[1]["model"]
    told = asked(home, "models", "show", "--labels", "--card", tmp_path / "card")
    assert sorted(told) == [
        "accuracy", "classes", "curve", "data", "ece", "gates", "held_out", "labels", "learnt_from",
        "left_out", "live", "macro_f1", "offers", "promise", "version",
    ]  # fmt: skip
    assert asked(home, "models", "show", version) == {
        name: value for name, value in told.items() if name != "labels"
    }
    for name in ("accuracy", "classes", "data", "ece", "macro_f1", "promise"):
        assert told[name] == trained[1][name]
    assert (told["version"], told["held_out"], told["left_out"]) == (version, "folds", {})
    assert [sorted(one) for one in told["offers"]] == [
        ["filed", "max_error", "missing", "review_minutes_a_day"]
    ] * 4
    assert told["curve"][-1] == [1.0, pytest.approx(1 - told["accuracy"], abs=1e-4)]
    assert (told["live"]["n"], told["live"]["interval"], told["gates"]) == (0, [0.0, 1.0], [])
    assert told["learnt_from"] == len(told["labels"]) == 24
    assert {one["class"] for one in told["labels"]} == {"invoice", "letter"}
    assert sorted(path.name for path in (tmp_path / "card").iterdir()) == [
        "card.md", "confusion.png", "filed.png", "reliability.png",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [("models", "show"), ("models", "promote"), ("evaluate",)])
def test_a_model_that_is_not_there_is_said(home: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = texts(tmp_path / "new.csv", 2, 2)
    more = (path, "--model", "abc123") if words == ("evaluate",) else ("abc123",)
    assert "no model abc123" in refused(home, *words, *more)


def test_the_model_before_comes_back(own: Path, trained: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    first = trained[1]["model"]
    assert "No other model was in use before" in refused(own, "models", "rollback")
    second = asked(own, "train", "--labels", texts(tmp_path / "more.csv", 14, 3))["model"]
    assert second != first

    def states() -> list[tuple[str, str]]:
        rows = asked(own, "models", "list")
        assert all(
            sorted(one)
            == ["accuracy", "classes", "documents", "macro_f1", "since", "state", "version", "why"]
            for one in rows
        )
        return [(one["version"], one["state"]) for one in rows]

    assert states() == [(second, "in use"), (first, "was in use")]
    assert asked(own, "models", "rollback", "--reason", "it was better") == {"champion": first}
    assert states() == [(first, "in use"), (second, "was in use")]
    assert asked(own, "models", "list")[0]["why"] == "it was better"
    new = texts(tmp_path / "new.csv", 2, 2)
    assert asked(own, "evaluate", new)["model"] == first
    assert asked(own, "evaluate", new, "--model", second)["model"] == second
    assert asked(own, "models", "rollback") == {"champion": second}
    assert states()[0] == (second, "in use")


def altered(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_model_altered_in_the_home_is_fetched_anew(own: Path, tmp_path: Path) -> None:
    (file,) = (own / "models").rglob(MODEL)
    whole = file.read_bytes()
    altered(file)
    asked(own, "evaluate", texts(tmp_path / "new.csv", 2, 2))
    assert file.read_bytes() == whole


def test_a_model_altered_in_home_and_archive_is_refused(own: Path, tmp_path: Path) -> None:
    files = [path for path in own.rglob("*") if path.is_file() and path.name == MODEL]
    assert len(files) == 2
    for file in files:
        altered(file)
    path = texts(tmp_path / "new.csv", 2, 2)
    for words in (("evaluate", path), ("models", "show")):
        assert "is not the file that was saved. model" in refused(own, *words)
    assert len(asked(own, "models", "list")) == 1
    asked(own, "train", "--labels", texts(tmp_path / "more.csv", 14, 3))
    asked(own, "evaluate", path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('document,label,reason\na,letter,"two\nlines"\nb,bill,\n', "line 4: 'bill' is no class"),
        ("document,label\n\n,letter\n", "line 3: 'letter' is no class, or no document is named"),
        ("document,label\na\n", "line 2: '' is no class"),
        ("document,class\na,letter\n", "line 1: the heading must name the columns document and label"),
        ("document,label\na,letter,more\n", "line 2: more values than the heading has columns"),
    ],
)
def test_a_broken_list_of_labels_is_said_with_its_line(
    home: Path, tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "said.csv"
    path.write_text(content, "utf-8")
    assert f"{path} {reason}" in refused(home, "label", "--from", path)
