import hashlib
import json
from pathlib import Path

import pytest
import skops.io

from domain.errors import Usage
from models.classify import classify
from models.model import Model
from models.registry import load, save, versions
from models.train import train
from tests.models.corpus import corpus


@pytest.fixture(scope="module")
def model() -> Model:
    return train(*corpus(10))


def test_what_is_loaded_is_what_was_saved(model: Model, tmp_path: Path) -> None:
    version = save(model, tmp_path / "models")
    loaded = load(tmp_path / "models")
    texts, _ = corpus(5, seed=2)
    assert loaded.card == model.card
    assert version == model.card.version
    assert classify(loaded, texts) == classify(model, texts)
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == sorted([version, "champion"])


def test_the_champion_is_the_last_one_made_so(model: Model, tmp_path: Path) -> None:
    other = train(*corpus(10), threshold=0.8)
    save(model, tmp_path)
    save(other, tmp_path, champion=False)
    assert load(tmp_path).card == model.card
    assert load(tmp_path, other.card.version).card == other.card
    save(other, tmp_path)
    assert load(tmp_path).card == other.card
    assert set(versions(tmp_path)) == {model.card, other.card}


def test_saving_again_mends_a_broken_version(model: Model, tmp_path: Path) -> None:
    version = save(model, tmp_path)
    (tmp_path / version / "model.skops").write_bytes(b"half")
    save(model, tmp_path)
    assert load(tmp_path).card == model.card


def test_no_model_is_said_with_the_fix(model: Model, tmp_path: Path) -> None:
    with pytest.raises(Usage, match="postroom train"):
        load(tmp_path)
    with pytest.raises(Usage, match="abc123"):
        load(tmp_path, "abc123")


def test_an_altered_file_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / save(model, tmp_path) / "model.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Usage, match="not the file that was saved"):
        load(tmp_path)


def test_a_foreign_type_is_refused_even_with_the_right_hash(model: Model, tmp_path: Path) -> None:
    place = tmp_path / save(model, tmp_path)
    content = skops.io.dumps({"pipeline": Path})
    (place / "model.skops").write_bytes(content)
    card = json.loads((place / "card.json").read_text("utf-8"))
    card["sha256"] = hashlib.sha256(content).hexdigest()
    (place / "card.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(Usage, match="types that no model of ours has"):
        load(tmp_path)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"version": 1}'])
def test_a_broken_card_is_said(model: Model, tmp_path: Path, card: str) -> None:
    version = save(model, tmp_path)
    (tmp_path / version / "card.json").write_text(card, "utf-8")
    with pytest.raises(Usage, match=r"card\.json"):
        load(tmp_path)
