"""The classifier of an instance: its champion, or one trained on the sample mail at first use."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from archive.keys import CHAMPIONS, champion_key, model_key
from archive.port import Conflict
from infra.wiring import Services
from models.model import Model
from models.registry import CARD, MODEL, adopt, load, save
from models.train import train
from samples.texts import training_texts

_PER_CLASS = 160
_SEED = 20260101


def champion(services: Services) -> Model:
    """The model in use. A home without one fetches the archive's.

    Where that has none either, one is trained on labelled sample mail, which takes seconds.
    """
    if not (services.models / "champion").exists() and not _fetch(services):
        train_on_samples(services)
    model = load(services.models)
    return replace(model, card=replace(model.card, threshold=services.settings.threshold))


def train_on_samples(services: Services) -> str:
    """Train a classifier on labelled sample mail and make it the champion; returns its version."""
    texts, labels = zip(*training_texts(_PER_CLASS, _SEED), strict=True)
    version = save(train(texts, labels, threshold=services.settings.threshold), services.models)
    _share(services, version)
    return version


def _share(services: Services, version: str) -> None:
    """Put the model into the archive, as the newest champion, for other machines and for a rebuild."""
    for name in (MODEL, CARD):
        with suppress(Conflict):  # the same version, trained elsewhere
            services.archive.put(model_key(version, name), services.models / version / name)
    told = json.dumps({"version": version}).encode()
    while True:
        last = _newest(services)
        if last and json.loads(services.archive.read(last)) == {"version": version}:
            return
        with suppress(Conflict):
            services.archive.put(champion_key(_sequence(last) + 1), told, media_type="application/json")
            return


def _fetch(services: Services) -> bool:
    """Take over the archive's newest champion; whether there is one."""
    last = _newest(services)
    if not last:
        return False
    version = json.loads(services.archive.read(last))["version"]
    files = {name: services.archive.read(model_key(version, name)) for name in (MODEL, CARD)}
    adopt(services.models, version, files)
    return True


def _newest(services: Services) -> str:
    """Key of the archive's newest champion; "" while it has none."""
    return max((key for key in services.archive.list(CHAMPIONS) if key.endswith(".json")), default="")


def _sequence(key: str) -> int:
    return int(key.removeprefix(CHAMPIONS).removesuffix(".json")) if key else 0


def lazy_champion(services: Services) -> Callable[[], Model]:
    """A function that gives the champion, loaded when it is first asked for, by whichever thread."""
    lock = threading.Lock()
    loaded: list[Model] = []

    def model() -> Model:
        with lock:
            if not loaded:
                loaded.append(champion(services))
            return loaded[0]

    return model
