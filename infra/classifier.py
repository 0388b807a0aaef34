"""The classifier of an instance: the champion that the archive names, or one trained at first use."""

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.keys import CHAMPIONS, MODELS, champion_key, model_key
from archive.port import Conflict
from domain.errors import Unavailable, Usage
from domain.evidence import Example
from domain.wire import from_json, to_json
from infra.classes import today
from infra.wiring import Services
from models import registry
from models.classify import Classifier, called_today, promising
from models.contract import Limits
from models.evidence import of_text
from models.model import Card, Model
from models.report import report
from models.train import train
from samples.texts import training_texts

_PER_CLASS = 160
_SEED = 20260101
_AGAIN = 30.0  # seconds until a process that runs on asks the archive for its champion again


@dataclass(frozen=True, slots=True)
class Promotion:
    """Which model came into use when, by whom and why."""

    version: str
    at: str = ""
    by: str = ""
    why: str = ""


def limits(services: Services) -> Limits:
    """What the operator asks for."""
    chosen = services.settings.classifier
    return Limits(
        max_error=chosen.max_error,
        by_class=tuple(sorted(chosen.max_error_by_class.items())),
        confidence=chosen.confidence,
    )


def champion(services: Services) -> Classifier:
    """The model in use, with what it promises. Where there is none, one is trained on labelled sample mail.

    Raises:
        Usage: its files were altered or are of another installation.
    """
    return ready(services, champion_version(services))


def ready(services: Services, version: str) -> Classifier:
    """A model with what it promises under the limits of the settings."""
    return _today(services, load(services, version))


def _today(services: Services, model: Model) -> Classifier:
    return promising(model, limits(services), today(services))


def champion_version(services: Services) -> str:
    """The version in use; one is trained where there is none.

    While the archive does not answer it is the one that was in use here last.
    """
    pointer = services.models / "champion"
    try:
        last = promotions(services)
    except Unavailable:
        with suppress(FileNotFoundError):
            return pointer.read_text("utf-8").strip()
        raise
    version = last[-1].version if last else train_on_samples(services)
    services.models.mkdir(parents=True, exist_ok=True)
    if not pointer.exists() or pointer.read_text("utf-8").strip() != version:
        fresh = services.models / f".champion.{threading.get_ident()}"
        fresh.write_text(f"{version}\n", "utf-8")
        fresh.replace(pointer)
    return version


def lazy_champion(services: Services) -> Callable[[], Classifier]:
    """A function that gives the champion, by whichever thread; a new one within half a minute.

    So too where a class went into another.
    """
    lock = threading.Lock()
    loaded: list[Classifier] = []
    asked = [0.0]

    def give() -> Classifier:
        with lock:
            if not loaded or time.monotonic() - asked[0] > _AGAIN:
                version = champion_version(services)
                if not loaded or loaded[0].model.card.version != version:
                    loaded[:] = [ready(services, version)]
                elif called_today(loaded[0].model, today(services)) != loaded[0].called:
                    loaded[:] = [_today(services, loaded[0].model)]
                asked[0] = time.monotonic()
            return loaded[0]

    return give


def load(services: Services, version: str) -> Model:
    """A model of this installation, from the home or else from the archive.

    Raises:
        Usage: there is no such model, or it was altered or made elsewhere.
    """
    if not registry.sound(services.models / version):
        there = set(services.archive.list(f"{MODELS}{version}/"))
        if not {model_key(version, name) for name in registry.FILES} <= there:
            raise Usage(f"There is no model {version}. See: postroom models list")
        files = {name: services.archive.read(model_key(version, name)) for name in registry.FILES}
        registry.write(services.models, version, files)
    key, trusted = _key(services)
    return registry.load(services.models, version, key, trusted)


def _key(services: Services) -> tuple[bytes, frozenset[str]]:
    from register import seals  # once the register is connected

    def there() -> list[str]:
        cards = [key for key in services.archive.list(MODELS) if key.endswith(f"/{registry.CARD}")]
        return [hashlib.sha256(services.archive.read(key)).hexdigest() for key in cards]

    return seals.key(there)


def trust(services: Services, version: str) -> None:
    """Take a model that another installation made, as it lies in the archive now."""
    from register import seals

    _key(services)
    card = beside(services, version, registry.CARD)
    if not card:
        raise Usage(f"There is no model {version}. See: postroom models list")
    seals.trust(hashlib.sha256(card).hexdigest())


def keep(services: Services, model: Model, others: Mapping[str, bytes]) -> str:
    """Put a model and what lies beside it into the archive, and into the home. Returns its version."""
    version = model.card.version
    files = registry.files_of(model, _key(services)[0])
    for name, content in {**others, **files}.items():
        with suppress(Conflict):  # the same version, kept before
            services.archive.put(model_key(version, name), content)
    files = {name: services.archive.read(model_key(version, name)) for name in registry.FILES}
    registry.write(services.models, version, files)
    return version


def beside(services: Services, version: str, name: str) -> bytes:
    """What lies beside a model; b"" where it has no such file."""
    key = model_key(version, name)
    return services.archive.read(key) if key in set(services.archive.list(key)) else b""


def versions(services: Services) -> list[str]:
    """The models in the archive."""
    cards = (key for key in services.archive.list(MODELS) if key.endswith(f"/{registry.CARD}"))
    return [key.removeprefix(MODELS).removesuffix(f"/{registry.CARD}") for key in cards]


def card(services: Services, version: str) -> Card:
    """The card of a model in the archive."""
    told = beside(services, version, registry.CARD)
    if not told:
        raise Usage(f"There is no model {version}. See: postroom models list")
    return registry.read_card(told)[0]


def promotions(services: Services) -> list[Promotion]:
    """Which models were in use, one after the other; the last is now."""
    keys = sorted(one for one in services.archive.list(CHAMPIONS) if one.endswith(".json"))
    return [Promotion(**json.loads(services.archive.read(one))) for one in keys]


def promote(services: Services, version: str, *, by: str, why: str) -> None:
    """Bring a model into use, here at once and elsewhere within half a minute.

    Raises:
        Usage: there is no such model, or it is not of this installation.
    """
    load(services, version)
    told = json.dumps(
        {"version": version, "at": datetime.now(UTC).isoformat(), "by": by, "why": why}
    ).encode()
    while True:
        done = promotions(services)
        if done and done[-1].version == version:
            return
        with suppress(Conflict):
            services.archive.put(champion_key(len(done) + 1), told, media_type="application/json")
            return


def train_on_samples(services: Services) -> str:
    """Train a classifier on labelled sample mail and bring it into use; returns its version."""
    texts = training_texts(_PER_CLASS, _SEED)
    examples = [
        Example(f"sample:{place:05}", of_text(text), label) for place, (text, label) in enumerate(texts)
    ]
    return teach(services, examples, by="postroom", why="trained on sample mail")


def teach(services: Services, examples: Sequence[Example], *, by: str, why: str) -> str:
    """Train on these examples alone and bring the model into use; returns its version."""
    model = train(examples)
    keep(
        services,
        model,
        described(services, model, taught(examples), [(one.key, one.label) for one in examples]),
    )
    promote(services, model.card.version, by=by, why=why)
    return model.card.version


def taught(examples: Sequence[Example]) -> bytes:
    """Examples as they lie beside a model that was taught with them."""
    rows = b"".join(to_json(one) + b"\n" for one in sorted(examples, key=lambda one: (one.key, one.label)))
    return gzip.compress(rows, mtime=0)


def examples_of(services: Services, version: str) -> list[Example]:
    """The examples that a model, or the one that it was retrained from, was taught with."""
    told = beside(services, version, registry.EXAMPLES)
    return [from_json(Example, row) for row in gzip.decompress(told).splitlines()] if told else []


def described(
    services: Services, model: Model, examples: bytes, labels: Sequence[tuple[str, str]]
) -> dict[str, bytes]:
    """What lies beside a model: examples, the labels that it learnt from, the card for people."""
    rows = sorted([key, label] for key, label in labels)
    return {
        registry.EXAMPLES: examples,
        registry.LABELS: json.dumps(rows).encode(),
        **report(model, limits(services)),
    }
