import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import phonenumbers
import pikepdf
import pypdfium2
import pytest
from PIL import Image, UnidentifiedImageError
from stdnum import iban
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from domain.document import CLASSES
from letters.patch import PATTERNS, bars
from samples.compose import compose
from samples.draft import Draft, plain_text
from samples.generate import LANGUAGES, Summary, write_samples
from samples.layout import typeset
from samples.scanner import Faults, Feed, render, scan
from samples.stations import STATIONS
from samples.style import draw_style
from samples.texts import training_texts

Sample = tuple[Path, Summary, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_samples(folder, 10, 3), truth(folder)


def truth(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pages_of(path: Path) -> int:
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    with Image.open(path) as image:
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            image.load()
        return getattr(image, "n_frames", 1)


def drafts(count: int, stream: str) -> Iterator[Draft]:
    for index in range(count):
        label, language = CLASSES[index % 8], LANGUAGES[index // 8 % 4]
        yield compose(Random(f"{stream} {index}"), label, language)


def test_same_seed_same_bytes(sample: Sample, tmp_path: Path) -> None:
    folder, summary, _ = sample
    assert write_samples(tmp_path / "again", 10, 3) == summary
    assert digest(tmp_path / "again") == digest(folder)


def test_other_seed_other_mail(sample: Sample, tmp_path: Path) -> None:
    write_samples(tmp_path, 2, 4)
    assert truth(tmp_path)[0] not in sample[2]


def test_every_page_has_one_row_and_the_summary_adds_up(sample: Sample) -> None:
    folder, summary, rows = sample
    files = {
        path.relative_to(folder).as_posix(): path
        for station in STATIONS
        for path in (folder / station).rglob("*")
        if path.is_file() and path.name != "station.toml"
    }
    pages = [row for row in rows if row["kind"] == "page"]
    broken = {row["source"] for row in pages if row["fate"] == "refused"}
    found = sorted((row["source"], row["page"]) for row in pages if row["source"] not in broken)
    want = [
        (name, n) for name, path in files.items() if name not in broken for n in range(1, pages_of(path) + 1)
    ]
    assert found == sorted(want)
    documents = [row for row in rows if row["kind"] == "document"]
    batches = {
        row["source"] if row["station"] != "folders" else str(Path(row["source"]).parent) for row in pages
    }
    assert summary == Summary(len(batches), len(files), len(found), len(documents))
    assert rows == sorted(
        rows, key=lambda row: (row["kind"], row["station"], row["source"], row.get("page") or 0)
    )
    assert {row["station"] for row in pages} == set(STATIONS)


def test_documents_hold_the_pages_they_claim(sample: Sample) -> None:
    _, _, rows = sample
    for document in (row for row in rows if row["kind"] == "document"):
        series = document["station"] == "folders"
        pages = [row for row in rows if row["kind"] == "page" and row["document"] == document["id"]]
        places = [int(row["source"][-8:-4]) if series else row["page"] for row in pages]
        assert document["page_range"] == [places[0], places[-1]]
        assert [row["position"] for row in pages] == list(range(1, len(pages) + 1))
        assert {row["language"] for row in pages} == {document["language"]}
        assert {Path(row["source"]).parent.as_posix() if series else row["source"] for row in pages} == {
            document["source"]
        }
        labels = [code["text"] for row in pages for code in row["barcodes"]]
        assert labels == ([document["label"]] if document["label"] else [])
        text = "".join("".join(row["text"].split()) for row in pages)
        for name in ("sender", "recipient", "subject", "reference", "email"):
            assert "".join(document["fields"].get(name, "").split()) in text


def open_first_page(path: Path) -> None:
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            document[0].render()
    else:
        with Image.open(path) as image:
            image.load()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Possibly corrupt EXIF")
@pytest.mark.parametrize("seed", range(5))
def test_the_broken_file_cannot_be_read(tmp_path: Path, seed: int) -> None:
    write_samples(tmp_path, 2, seed)
    [row] = [row for row in truth(tmp_path) if row["kind"] == "page" and row["fate"] == "refused"]
    with pytest.raises((pypdfium2.PdfiumError, UnidentifiedImageError, OSError)):
        open_first_page(tmp_path / row["source"])
    if row["source"].endswith(".pdf"):
        with pytest.raises(pikepdf.PdfError):
            pikepdf.open(tmp_path / row["source"])


def test_profiles_are_toml(sample: Sample) -> None:
    folder, _, _ = sample
    profiles = {name: tomllib.loads((folder / name / "station.toml").read_text()) for name in STATIONS}
    assert profiles["batch"] == {
        "quiet_seconds": 1.0,
        "duplicate": "link",
        "separation": {"patch": ["T"], "sheets": "between"},
    }
    assert profiles["folders"]["batch"] == "folder"
    assert re.fullmatch(profiles["labels"]["separation"]["label"], "DOC-2026-000417")


def test_a_sample_is_not_written_twice(sample: Sample) -> None:
    with pytest.raises(FileExistsError):
        write_samples(sample[0], 2, 3)


def test_identifiers_pass_their_check_digits() -> None:
    for draft in drafts(160, "identifiers"):
        fields = {name: value for name, (value, _) in draft.fields.items()}
        if "iban" in fields:
            assert iban.is_valid(fields["iban"])
        if "vat_id" in fields:
            number = fields["vat_id"]
            assert gb_vat.is_valid(number) if number.startswith("GB") else eu_vat.is_valid(number)
        if "phone" in fields:
            assert phonenumbers.is_valid_number(phonenumbers.parse(fields["phone"]))
        if "amount" in fields:
            assert re.fullmatch(r"\d+\.\d\d (EUR|GBP)", fields["amount"])


def test_all_classes_and_languages_are_written_and_set() -> None:
    for draft in drafts(64, "set"):
        rng = Random(draft.label)
        done = typeset(draft, draw_style(rng), rng)
        text = "".join("".join(done.texts).split())
        missing = [name for name, (_, shown) in draft.fields.items() if "".join(shown.split()) not in text]
        assert missing == []
        assert 1 <= len(done.texts) <= 6


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_no_two_of_320_documents_are_alike() -> None:
    found = [(draft.label, draft.language, shingles(plain_text(draft))) for draft in drafts(320, "diversity")]
    likeness = [
        len(one & two) / len(one | two)
        for (label, language, one), (other, tongue, two) in combinations(found, 2)
        if label == other and language == tongue and one and two
    ]
    assert max(likeness) < 0.6
    assert sum(likeness) / len(likeness) < 0.1


def test_training_texts_are_balanced_and_not_the_samples(sample: Sample) -> None:
    pairs = training_texts(12, 3)
    assert pairs == training_texts(12, 3)
    assert [label for _, label in pairs] == [label for label in CLASSES for _ in range(12)]
    texts = [shingles(text) for text, _ in pairs]
    pages = [
        shingles(row["text"]) for row in sample[2] if row["kind"] == "page" and row["fate"] == "document"
    ]
    assert max(len(one & two) / len(one | two) for one in texts for two in pages if one and two) < 0.6


def test_patch_table_is_kodaks() -> None:
    ends = {
        letter: [round(edge, 2) for offset, width in bars(letter) for edge in (offset, offset + width)]
        for letter in PATTERNS
    }
    assert ends["1"] == [0.0, 0.2, 0.28, 0.48, 0.56, 0.64, 0.72, 0.8]
    assert ends["4"] == [0.0, 0.08, 0.16, 0.36, 0.44, 0.64, 0.72, 0.8]
    assert ends["6"] == [0.0, 0.08, 0.16, 0.24, 0.32, 0.52, 0.6, 0.8]
    assert {pattern.count("1") for pattern in PATTERNS.values()} == {2}
    assert bars("T") == ((0.0, 0.08), (0.16, 0.2), (0.44, 0.08), (0.6, 0.2))


def test_skew_and_turn_are_clockwise() -> None:
    rng = Random(1)
    done = typeset(next(drafts(1, "turn")), draw_style(rng), rng)
    clean = render(done.pdf, 0, 100, colour=False)
    clean[:] = 255
    clean[100, :] = 0
    feed, faults = Feed(100, "bilevel", 0.0), Faults(skew=1.5)
    upright = scan(clean, feed, faults, Random(2))
    ink = [int((255 - upright[:, x]).argmax()) for x in (100, 700)]
    assert ink[1] - ink[0] == pytest.approx(600 * 0.0262, abs=2)
    turned = scan(clean, feed, replace(faults, turn=90), Random(2))
    assert turned.shape == upright.shape[::-1]
    assert (upright == turned[:, ::-1].T).all()
