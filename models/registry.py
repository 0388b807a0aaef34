"""Models on disk, one folder a version: ``FOLDER/VERSION/model.skops``, ``card.json`` and ``seal``.

A model file holds data only: loading it runs nothing but scikit-learn's own types. The card names the hash
of the model file, and the seal is a keyed hash of the card (HMAC-SHA-256, RFC 2104) with the installation's
key: a file that was altered, or made elsewhere, is refused before it is opened.
"""

import hashlib
import hmac
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.errors import Usage
from domain.wire import from_json, to_json
from models.features import Weights
from models.model import Card, Model, Trial

MODEL, CARD, SEAL = "model.skops", "card.json", "seal"
FILES = (MODEL, CARD, SEAL)
"""What it takes to use a model."""

LABELS, EXAMPLES, REPORT = "labels.json", "examples.jsonl.gz", "card.md"
"""What lies beside: the labels that it learnt from, the examples that were given with a file, and the card
for people, with its pictures."""

FOREIGN = (
    "model {version} was altered, or made by another installation: it is not used. Bring another into use "
    "(postroom models list), train anew (postroom train), or take it all the same (postroom models trust)"
)


def files_of(model: Model, key: bytes) -> dict[str, bytes]:
    """The model's files by name; the same model and key give the same bytes."""
    import skops.io  # takes over a second: where a model is written or read, not at each start of a program

    parts = {
        "blocks": list(model.weights.blocks),
        "fitted": list(model.weights.fitted),
        "machine": model.machine,
        "calibrator": model.calibrator,
        "centres": model.centres,
        "typical": list(model.typical),
        "keys": list(model.trial.keys),
        "trial": [model.trial.truth, model.trial.guess, model.trial.probability, model.trial.trust],
    }
    content = _steady(skops.io.dumps(parts))
    card = json.loads(to_json(model.card))
    told = json.dumps({**card, "sha256": hashlib.sha256(content).hexdigest()}, indent=2).encode() + b"\n"
    return {MODEL: content, CARD: told, SEAL: seal(told, key)}


_ADDRESS = re.compile(rb"\b\d{12,20}\b")


def _steady(content: bytes) -> bytes:
    """A skops file without the moment and the addresses in memory that skops names its parts by."""
    names: dict[bytes, bytes] = {}

    def name(found: re.Match[bytes]) -> bytes:
        return names.setdefault(found[0], b"%d" % (10**12 + len(names)))

    with zipfile.ZipFile(io.BytesIO(content)) as made:
        schema = _ADDRESS.sub(name, made.read("schema.json"))
        parts = {_ADDRESS.sub(name, one.encode()).decode(): made.read(one) for one in made.namelist()}
    steady = io.BytesIO()
    with zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as file:
        for part in sorted(parts):
            file.writestr(
                zipfile.ZipInfo(part), schema if part == "schema.json" else parts[part], zipfile.ZIP_DEFLATED
            )
    return steady.getvalue()


def seal(card: bytes, key: bytes) -> bytes:
    """The seal of a card's bytes."""
    return hmac.new(key, card, hashlib.sha256).hexdigest().encode() + b"\n"


def write(folder: Path, version: str, files: Mapping[str, bytes]) -> None:
    """Write a version's files into its folder. Complete on disk before its name appears."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as scratch:
        made = Path(scratch) / version
        made.mkdir()
        for name, content in files.items():
            _write(made / name, content)
        shutil.rmtree(folder / version, ignore_errors=True)
        made.rename(folder / version)
    _sync(folder)


def load(folder: Path, version: str, key: bytes, trusted: Collection[str] = ()) -> Model:
    """Read a model. ``trusted`` are the SHA-256 of cards that are taken whatever their seal.

    Raises:
        Usage: it is not there, a file of it is not the one that was saved, or it is not of this installation.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    place = folder / version
    try:
        content, told, sealed = ((place / name).read_bytes() for name in FILES)
    except FileNotFoundError as error:
        raise Usage(f"no model {version} in {folder}: see postroom models list") from error
    if not hmac.compare_digest(seal(told, key), sealed) and hashlib.sha256(told).hexdigest() not in trusted:
        raise Usage(FOREIGN.format(version=version))
    card, sha256 = read_card(told)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Usage(f"{place / MODEL} is not the file that was saved. {FOREIGN.format(version=version)}")
    try:
        parts: dict[str, Any] = skops.io.loads(content, trusted=[])
    except UntrustedTypesFoundException as error:
        raise Usage(f"{place / MODEL} holds types that no model of ours has: {error}") from error
    return Model(
        card=card,
        weights=Weights(tuple(parts["blocks"]), tuple(parts["fitted"])),
        machine=parts["machine"],
        calibrator=parts["calibrator"],
        centres=parts["centres"],
        typical=tuple(parts["typical"]),
        trial=Trial(tuple(parts["keys"]), *parts["trial"]),
    )


def read_card(told: bytes) -> tuple[Card, str]:
    """A card and the hash of its model file.

    Raises:
        Usage: it is no card of this version of Postroom.
    """
    try:
        plain = json.loads(told)
        sha256 = str(plain.pop("sha256"))
        return from_json(Card, json.dumps(plain)), sha256
    except (AttributeError, KeyError, TypeError, ValueError, ValidationError) as error:
        raise Usage("this is not the card of a model of this version: train anew (postroom train)") from error


def sound(place: Path) -> bool:
    """Whether a version's files are there, and the model file is the one that its card names."""
    try:
        _, sha256 = read_card((place / CARD).read_bytes())
        whole = hashlib.sha256((place / MODEL).read_bytes()).hexdigest() == sha256
        return whole and (place / SEAL).exists()
    except (Usage, OSError):
        return False


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
