"""Small things to file fast: tiny pages, a tiny classifier."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from domain.evidence import Example
from infra.classifier import keep, promote, taught
from infra.wiring import open_services
from models.evidence import of_text
from models.model import Model
from models.registry import EXAMPLES, LABELS
from models.train import train

_STOCK = {
    "letter": "Dear Sir or Madam, thank you for your letter about the parcel. Yours faithfully,",
    "invoice": "Invoice number and total amount due in euro, payment by bank transfer within days.",
}


def small_page(text: str, width: int = 500, height: int = 220) -> Image.Image:
    """A bilevel page of one or two large words, quick to read."""
    canvas = np.full((height, width), 255, np.uint8)
    for row, line in enumerate(text.split("\n")):
        cv2.putText(canvas, line, (30, 80 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3)
    return Image.fromarray(canvas).convert("1")


def small_tiff(path: Path, texts: list[str]) -> Path:
    """A G4 TIFF of such pages."""
    first, *rest = [small_page(text) for text in texts]
    first.save(path, save_all=True, append_images=rest, compression="group4", dpi=(100, 100))
    return path


def train_small(home: Path) -> None:
    """A classifier that takes no time to train, in place of the one trained on sample mail."""
    services = open_services(home)
    model, beside = _small()
    keep(services, model, beside)
    promote(services, model.card.version, by="test", why="small")


@cache
def _small() -> tuple[Model, dict[str, bytes]]:
    examples = [
        Example(f"{name} {number}", of_text(f"{text} {number}"), name)
        for name, text in _STOCK.items()
        for number in range(70)
    ]
    model = train(examples)
    return model, {EXAMPLES: taught(examples), LABELS: b"[]"}
