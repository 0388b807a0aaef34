import hashlib
import json
from pathlib import Path

import pytest
import skops.io

from domain.errors import Usage
from models.classify import classify, promising
from models.contract import Limits, contract
from models.evidence import of_text
from models.model import Model
from models.registry import CARD, MODEL, SEAL, files_of, load, seal, sound, write
from models.train import train
from tests.models.corpus import corpus, examples

KEY = b"key of the installation"


@pytest.fixture(scope="module")
def model() -> Model:
    return train(examples(40))


@pytest.fixture
def kept(model: Model, tmp_path: Path) -> Path:
    write(tmp_path, model.card.version, files_of(model, KEY))
    return tmp_path / model.card.version


def judged(model: Model) -> object:
    documents = [of_text(text) for text in corpus(5, seed=2)[0]]
    return classify(promising(model, Limits(0.05)), documents)


def test_what_is_loaded_is_what_was_saved(model: Model, kept: Path) -> None:
    loaded = load(kept.parent, kept.name, KEY)
    assert loaded.card == model.card
    assert judged(loaded) == judged(model)
    assert contract(loaded, Limits(0.05)) == contract(model, Limits(0.05))
    assert sorted(path.name for path in kept.iterdir()) == sorted([MODEL, CARD, SEAL])
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_the_same_data_and_seed_give_the_same_bytes(model: Model) -> None:
    again = train(examples(40)[::-1])
    assert files_of(again, KEY) == files_of(model, KEY)


def test_a_missing_model_is_said_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"no model abc123 .*postroom models list"):
        load(tmp_path, "abc123", KEY)


def test_an_altered_file_is_refused(kept: Path) -> None:
    content = bytearray((kept / MODEL).read_bytes())
    content[len(content) // 2] ^= 1
    (kept / MODEL).write_bytes(content)
    assert not sound(kept)
    with pytest.raises(Usage, match="not the file that was saved"):
        load(kept.parent, kept.name, KEY)


@pytest.mark.parametrize("name", [CARD, SEAL])
def test_an_altered_card_or_seal_is_refused(kept: Path, name: str) -> None:
    content = bytearray((kept / name).read_bytes())
    content[-2] ^= 1
    (kept / name).write_bytes(content)
    with pytest.raises(Usage, match="altered, or made by another installation"):
        load(kept.parent, kept.name, KEY)


def test_a_model_of_another_installation_is_refused_unless_it_is_trusted(model: Model, kept: Path) -> None:
    with pytest.raises(Usage, match="another installation"):
        load(kept.parent, kept.name, b"another key")
    card = hashlib.sha256((kept / CARD).read_bytes()).hexdigest()
    assert load(kept.parent, kept.name, b"another key", {card}).card == model.card


def test_a_foreign_type_is_refused_even_with_the_right_hash_and_seal(kept: Path) -> None:
    content = skops.io.dumps({"pipeline": Path})
    card = json.loads((kept / CARD).read_bytes())
    told = json.dumps({**card, "sha256": hashlib.sha256(content).hexdigest()}).encode()
    for name, new in ((MODEL, content), (CARD, told), (SEAL, seal(told, KEY))):
        (kept / name).write_bytes(new)
    with pytest.raises(Usage, match="types that no model of ours has"):
        load(kept.parent, kept.name, KEY)


@pytest.mark.parametrize("card", [b"", b"[]", b"{}", b'{"version": 1}'])
def test_a_broken_card_is_said(kept: Path, card: bytes) -> None:
    (kept / CARD).write_bytes(card)
    (kept / SEAL).write_bytes(seal(card, KEY))
    assert not sound(kept)
    with pytest.raises(Usage, match="not the card of a model"):
        load(kept.parent, kept.name, KEY)
