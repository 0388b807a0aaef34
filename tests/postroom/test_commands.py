"""Verbs that need no filed mail, and how errors are told: exit codes, and one JSON document."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer

from domain.errors import Usage
from infra import doctor
from postroom.people import _password
from postroom.searching import _signature
from tests.capture.signed import encrypted, letter
from tests.small import small_tiff, train_small

POSTROOM = Path(sys.executable).with_name("postroom")


def run(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([POSTROOM, "--home", home, *words], capture_output=True, text=True, timeout=300)


def asked(home: Path, *words: str | Path, code: int = 0) -> Any:
    done = run(home, *words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "words",
    [
        ("show", "IN-2026-000001-7"),
        ("get", "IN-2026-000001-7", "-o", "x.pdf"),
        ("label", "nowhere", "letter"),
        ("exceptions", "dismiss", "7"),
        ("intake", "/nowhere", "--once"),
        ("text", "/nowhere.pdf"),
        ("classify", "/nowhere.txt"),
        ("search", "x", "--from", "yesterday"),
        ("search", "x", "--limit", "0"),
        ("rebuild",),
        ("nonsense",),
    ],
)
def test_wrong_usage_ends_with_2_and_a_reason(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_an_absurd_setting_stops_with_its_name_value_and_fix(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text("[capture]\nocr_dpi = 5\n")
    done = run(tmp_path, "status")
    assert done.returncode == 2
    told = "".join(done.stderr.split())  # lines may break within a word
    assert all(word in told for word in ("capture.ocr_dpi", "5", "postroom.toml", "docs/settings.md"))


def test_an_empty_home_is_in_order(tmp_path: Path) -> None:
    assert asked(tmp_path, "verify")["ok"]
    assert asked(tmp_path, "search", "anything") == {
        "total": 0,
        "seconds": pytest.approx(0, abs=5),
        "hits": [],
        "facets": {"class": {}, "language": {}, "year": {}},
        "void": [],
    }
    assert asked(tmp_path, "exceptions", "list") == asked(tmp_path, "review", "list") == []
    assert asked(tmp_path, "status")["batches"] == []


def test_nothing_dropped_is_nothing_done(tmp_path: Path) -> None:
    done = asked(tmp_path, "intake", "--once")
    assert (done["batches"], done["pages"], done["entries"]) == (0, 0, [])


def test_doctor_names_what_mends_a_missing_language(tmp_path: Path) -> None:
    assert asked(tmp_path, "doctor")["ok"]
    empty = tmp_path / "tessdata"
    empty.mkdir()
    (tmp_path / "postroom.toml").write_text(f'[capture]\ntessdata = "{empty}"\n')
    data = asked(tmp_path, "doctor", code=1)
    wrong = {one["name"]: one["fix"] for one in data["checks"] if not one["ok"]}
    assert wrong["reading en"] == "apt-get install tesseract-ocr-eng"
    assert wrong["reading fr"] == "apt-get install tesseract-ocr-fra"


def test_doctor_names_what_office_files_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = [one for one in asked(tmp_path, "doctor")["checks"] if one["name"] == "LibreOffice"]
    assert (found["ok"], found["needed"]) == (True, False)
    assert found["found"].endswith("/soffice.bin")
    monkeypatch.setattr(doctor, "probe_libreoffice", lambda: None)
    assert doctor._libreoffice() == doctor.Check(
        "LibreOffice",
        False,
        "missing; office files are refused without it",
        "apt-get install --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui "
        "libreoffice-impress-nogui",
        needed=False,
    )


def test_a_password_comes_from_a_file_or_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("open sesame \r\nanother line\n", "utf-8")
    assert _password(False, tmp_path / "secret") == "open sesame "
    assert _password(False, None) is None
    with pytest.raises(Usage, match="the password cannot be read there"):
        _password(False, tmp_path / "none")
    monkeypatch.setattr(typer, "prompt", lambda text, hide_input: f"{text} {hide_input}")
    assert _password(True, None) == "Password True"
    monkeypatch.setattr("sys.stdin", io.StringIO("from the input\n"))
    assert _password(False, Path("-")) == "from the input"


def test_a_signature_is_one_line() -> None:
    one = {
        "signer": "Ana", "signed_at": "2026-03-01T10:00:00+00:00", "stamped": True, "whole": True,
        "problem": "",
    }  # fmt: skip
    zone = ZoneInfo("Europe/Madrid")
    assert _signature(one, zone) == "Ana, 2026-03-01 11:00:00 CET: intact and trusted"
    other = {**one, "stamped": False, "whole": False, "problem": "altered after signing"}
    assert _signature(other, zone) == (
        "Ana, 2026-03-01 11:00:00 CET as the signer says: altered after signing; "
        "it does not cover what was added later"
    )
    unknown = {**one, "signer": "", "signed_at": None, "problem": "it cannot be checked (x)"}
    assert _signature(unknown, zone) == "signer unknown: it cannot be checked (x)"


def test_text_and_barcodes_of_files_good_and_bad(tmp_path: Path) -> None:
    good, bad = small_tiff(tmp_path / "good.tif", ["Hello world", "Second page"]), tmp_path / "bad.tif"
    bad.write_bytes(b"II*\0 no directory here")
    pages = asked(tmp_path / "h", "text", good)["pages"]
    assert [(page["page"], page["text"], page["blank"]) for page in pages] == [
        (1, "Hello world", False),
        (2, "Second page", False),
    ]
    word = pages[0]["words"][0]
    assert sorted(word) == ["box", "confidence", "text"]
    assert all(0 <= edge <= 1 for edge in word["box"])
    assert asked(tmp_path / "h", "barcodes", good, bad, code=1) == []
    assert str(bad) in run(tmp_path / "h", "barcodes", bad).stderr


def test_barcodes_of_our_own_separator_sheet(tmp_path: Path) -> None:
    """A page with words of its own is read in no language when it is looked at for codes only."""
    sheet = tmp_path / "sheet.pdf"
    code = asked(tmp_path / "h", "separators", "-o", sheet)["code"]
    found = {(one["format"], one["text"]) for one in asked(tmp_path / "h", "barcodes", sheet)}
    assert found == {("QRCode", code), ("Code128", "POSTROOM-SEPARATOR"), ("PatchT", "T")}


def test_a_retry_without_its_password_changes_nothing(tmp_path: Path) -> None:
    train_small(tmp_path)
    (tmp_path / "drop").mkdir()
    locked, broken = encrypted(letter("Locked"), "open sesame"), b"%PDF-1.7 and no more %%EOF"
    for name, data in (("1.pdf", locked), ("2.pdf", broken)):
        (tmp_path / "drop" / name).write_bytes(data)
    run(tmp_path, "intake", tmp_path / "drop", "--once")
    before = asked(tmp_path, "exceptions", "list")
    ids = {Path(one["source"]).name: str(one["id"]) for one in before}
    done = run(tmp_path, "exceptions", "retry", *ids.values())
    give = f"Give it: postroom exceptions retry {ids['1.pdf']} --password"
    told = f"A password is needed. Nothing was changed. {give}"
    assert (done.returncode, done.stdout, " ".join(done.stderr.split())) == (2, "", told)
    assert asked(tmp_path, "exceptions", "list") == before

    run(tmp_path, "exceptions", "retry", ids["2.pdf"])
    again = run(tmp_path, "exceptions", "retry", ids["2.pdf"])
    (now,) = (one["id"] for one in asked(tmp_path, "exceptions", "list") if one["id"] != int(ids["1.pdf"]))
    assert again.returncode == 1
    assert (
        f"Not done: Exception {ids['2.pdf']} was retried already. It was refused again: now it is "
        f"exception {now}." in " ".join(again.stdout.split())
    )


def test_classify_takes_texts(tmp_path: Path) -> None:
    train_small(tmp_path)
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam, thank you for your letter about the parcel. Yours faithfully,")
    (one,) = asked(tmp_path, "classify", letter)
    assert (one["file"], one["guess"]) == (str(letter), "letter")
    assert sorted(one) == [
        "abstained",
        "alternatives",
        "class",
        "file",
        "guess",
        "model",
        "probability",
        "why",
    ]


def test_the_index_is_made_anew(tmp_path: Path) -> None:
    train_small(tmp_path)
    drop = tmp_path / "in"
    drop.mkdir()
    small_tiff(drop / "a.tif", ["Walnut desk"])
    (entry,) = asked(tmp_path, "intake", drop, "--once")["entries"]
    for file in (tmp_path / "index").rglob("*"):
        if file.is_file():
            file.write_bytes(b"rubbish")
    assert run(tmp_path, "search", "walnut").returncode != 0
    assert asked(tmp_path, "rebuild", "--index") == {"entries": 1}
    assert [hit["number"] for hit in asked(tmp_path, "search", "walnut")["hits"]] == [entry["number"]]
    assert asked(tmp_path, "label", entry["number"], "invoice")["class"] == "invoice"
    assert asked(tmp_path, "search", "walnut", "--class", "invoice")["total"] == 1
    assert asked(tmp_path, "verify")["ok"]
