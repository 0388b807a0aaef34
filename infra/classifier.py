"""The classifier of an instance: its champion, or one trained on the sample mail at first use."""

import threading
from collections.abc import Callable
from dataclasses import replace

from infra.wiring import Services
from models.model import Model
from models.registry import load, save
from models.train import train
from samples.texts import training_texts

_PER_CLASS = 160
_SEED = 20260101


def champion(services: Services) -> Model:
    """The model in use. A home without one gets one trained on labelled sample mail, which takes seconds."""
    if not (services.models / "champion").exists():
        train_on_samples(services)
    model = load(services.models)
    return replace(model, card=replace(model.card, threshold=services.settings.threshold))


def train_on_samples(services: Services) -> str:
    """Train a classifier on labelled sample mail and make it the champion; returns its version."""
    texts, labels = zip(*training_texts(_PER_CLASS, _SEED), strict=True)
    return save(train(texts, labels, threshold=services.settings.threshold), services.models)


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
