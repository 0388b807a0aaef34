"""Models on disk: one folder a version, and which of them is in use.

``FOLDER/VERSION/model.skops`` and ``card.json``; ``FOLDER/champion`` names the version in use. A model
file holds data only: loading it runs nothing but the types listed here.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from domain.errors import Usage
from models.model import Card, Model

MODEL, CARD = "model.skops", "card.json"
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
)
"""Types in our model files that skops does not trust by itself."""


def save(model: Model, folder: Path, *, champion: bool = True) -> str:
    """Write a model and, unless told otherwise, make it the one in use. Returns its version.

    A version that is there already and sound is left as it is. Everything is complete on disk before
    its name appears.
    """
    version = model.card.version
    files: dict[str, bytes] = {}
    if not _sound(folder / version):
        content: bytes = skops.io.dumps(model.pipeline)
        card = {**asdict(model.card), "sha256": hashlib.sha256(content).hexdigest()}
        files = {MODEL: content, CARD: (json.dumps(card, indent=2) + "\n").encode()}
    return adopt(folder, version, files, champion=champion)


def adopt(folder: Path, version: str, files: Mapping[str, bytes], *, champion: bool = True) -> str:
    """Write a model's files, as another machine has them, and make it the one in use. As ``save``."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _sound(folder / version):
        shutil.rmtree(folder / version, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as scratch:
            made = Path(scratch) / version
            made.mkdir()
            for name, content in files.items():
                _write(made / name, content)
            made.rename(folder / version)
    if champion:
        pointer = folder / ".champion.tmp"
        _write(pointer, f"{version}\n".encode())
        pointer.replace(folder / "champion")
    _sync(folder)
    return version


def load(folder: Path, version: str | None = None) -> Model:
    """Read a model, by default the one in use.

    Raises:
        Usage: there is none, the file is not the one that was saved, or it holds a type that our models
            do not have.
    """
    version = version or _champion(folder)
    place = folder / version
    card, sha256 = _card(place)
    try:
        content = (place / "model.skops").read_bytes()
    except FileNotFoundError as error:
        raise Usage(f"model {version} has no file {place / 'model.skops'}: run `postroom train`") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Usage(f"{place / 'model.skops'} is not the file that was saved: run `postroom train`")
    try:
        pipeline: Any = skops.io.loads(content, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise Usage(f"{place / 'model.skops'} holds types that no model of ours has: {error}") from error
    return Model(card, pipeline)


def versions(folder: Path) -> tuple[Card, ...]:
    """The cards of all models in the folder, by version."""
    return tuple(_card(card.parent)[0] for card in sorted(folder.glob("*/card.json")))


def _champion(folder: Path) -> str:
    try:
        return (folder / "champion").read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise Usage(f"no document classifier in {folder}: run `postroom train`") from error


def _card(place: Path) -> tuple[Card, str]:
    try:
        told = json.loads((place / "card.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise Usage(f"no model {place.name} in {place.parent}: run `postroom train`") from error
    except ValueError as error:
        raise Usage(f"{place / 'card.json'} cannot be read ({error}): run `postroom train`") from error
    try:
        sha256 = str(told.pop("sha256"))
        for name in ("classes", "libraries"):
            told[name] = tuple((label, value) for label, value in told[name])
        return Card(**told), sha256
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Usage(f"{place / 'card.json'} is not a model's card ({error}): run `postroom train`") from error


def _sound(place: Path) -> bool:
    try:
        _, sha256 = _card(place)
        return hashlib.sha256((place / "model.skops").read_bytes()).hexdigest() == sha256
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
