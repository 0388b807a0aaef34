"""A scanner's faults: turns a clean page into what arrives in the drop folder. Seeded, nothing global."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Mode = Literal["bilevel", "grey", "colour"]
TILE = 1024


@dataclass(frozen=True, slots=True)
class Feed:
    """A scanner's setting for one batch, and how bad the batch is (``wear`` 0-1)."""

    dpi: int
    mode: Mode
    wear: float


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens to one page.

    ``skew`` in degrees, clockwise positive; ``turn`` how far the sheet lies turned clockwise (0, 90, 180,
    270); ``noise`` standard deviation in grey levels; ``salt`` share of pixels; ``specks`` blots; ``fade``
    ink kept (1 = all); ``bleed`` strength of the other side's print (0-1); ``names`` lists them.
    """

    skew: float = 0.0
    turn: int = 0
    noise: float = 0.0
    salt: float = 0.0
    specks: int = 0
    fade: float = 1.0
    bleed: float = 0.0
    stamp: bool = False
    staple: bool = False
    holes: bool = False
    dark_edge: bool = False
    names: tuple[str, ...] = field(default=())


def draw_faults(rng: Random, feed: Feed, *, plain: bool = False) -> Faults:
    """Faults for one page; ``plain`` leaves out turning, stamps and fading (separators, blanks)."""
    wear = feed.wear
    skew = round(max(-2.0, min(2.0, rng.gauss(0, 0.25 + 0.8 * wear))), 2)
    turn = 0 if plain else rng.choices((0, 180, 90, 270), (86, 8, 3, 3))[0]
    chance = {
        "salt": rng.random() < 0.15 + 0.4 * wear,
        "specks": rng.random() < 0.25 + 0.4 * wear,
        "fade": not plain and rng.random() < 0.1 + 0.3 * wear,
        "bleed": not plain and rng.random() < 0.1 + 0.25 * wear,
        "stamp": not plain and rng.random() < 0.22,
        "staple": rng.random() < 0.12,
        "holes": rng.random() < 0.15,
        "dark_edge": rng.random() < 0.08,
    }
    names = [name for name, happens in chance.items() if happens]
    if abs(skew) >= 0.1:
        names.append("skew")
    if turn:
        names.append("turned")
    return Faults(
        skew=skew,
        turn=turn,
        noise=rng.uniform(1.5, 4 + 9 * wear),
        salt=rng.uniform(0.00005, 0.0008) * (0.5 + wear) if chance["salt"] else 0.0,
        specks=rng.randint(5, int(20 + 50 * wear)) if chance["specks"] else 0,
        fade=rng.uniform(0.45, 0.75) if chance["fade"] else 1.0,
        bleed=rng.uniform(0.06, 0.16) if chance["bleed"] else 0.0,
        stamp=chance["stamp"],
        staple=chance["staple"],
        holes=chance["holes"],
        dark_edge=chance["dark_edge"],
        names=tuple(sorted(names)),
    )


def render(pdf: bytes, page: int, dpi: int, *, colour: bool) -> Image:
    """Page ``page`` (from 0) of ``pdf`` as pixels: ``(h, w)`` grey or ``(h, w, 3)`` RGB."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        bitmap = document[page].render(scale=dpi / 72, grayscale=not colour, rev_byteorder=True)
        pixels: Image = np.array(bitmap.to_numpy(), dtype=np.uint8)
    finally:
        document.close()
    if colour:
        return np.ascontiguousarray(pixels[:, :, :3])
    return np.ascontiguousarray(pixels.reshape(pixels.shape[:2]))


def scan(clean: Image, feed: Feed, faults: Faults, rng: Random, *, back: Image | None = None,
         stamp: Image | None = None) -> Image:  # fmt: skip
    """The page as scanned: grey, RGB, or for ``bilevel`` grey holding only 0 and 255.

    ``back`` is the other side's clean image, for the bleed-through; ``stamp`` an imprint to press on.
    """
    noise = np.random.default_rng(rng.getrandbits(64))
    image = clean.copy()
    if faults.fade < 1:
        image = cv2.convertScaleAbs(image, alpha=faults.fade, beta=255 * (1 - faults.fade)).astype(np.uint8)
    if back is not None and faults.bleed:
        image = _bleed(image, back, faults.bleed, feed.dpi)
    if stamp is not None:
        image = _press(image, stamp, rng)
    if faults.staple:
        _staple(image, feed.dpi, rng)
    if faults.holes:
        _holes(image, feed.dpi, rng)
    image = _skew(image, faults, rng)
    image = _paper(image, feed, faults, rng, noise)
    if faults.specks:
        _specks(image, faults.specks, feed.dpi, noise)
    if feed.mode == "bilevel":
        level = rng.randint(150, 185) if faults.fade == 1 else 205
        image = cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1].astype(np.uint8)
    if faults.salt:
        _salt(image, faults.salt, noise)
    return np.ascontiguousarray(np.rot90(image, k=-faults.turn // 90))


def _bleed(image: Image, back: Image, strength: float, dpi: int) -> Image:
    size = (image.shape[1], image.shape[0])
    mirrored = cv2.flip(back if back.shape == image.shape else cv2.resize(back, size), 1)
    soft = cv2.blur(mirrored, (max(3, dpi // 60) | 1,) * 2)
    ghost = cv2.convertScaleAbs(soft, alpha=strength, beta=255 * (1 - strength))
    return cv2.min(image, ghost).astype(np.uint8)


def _press(image: Image, stamp: Image, rng: Random) -> Image:
    """Presses the imprint where it covers least print, of a few random places."""
    height, width = stamp.shape[:2]
    best: tuple[float, int, int] | None = None
    for _ in range(8):
        y = rng.randint(0, max(1, image.shape[0] - height - 1))
        x = rng.randint(0, max(1, image.shape[1] - width - 1))
        ink = float(255 - image[y : y + height : 4, x : x + width : 4].mean())
        if best is None or ink < best[0]:
            best = (ink, y, x)
    assert best is not None
    _, y, x = best
    if image.ndim == 2:
        stamp = cv2.cvtColor(stamp, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    part = image[y : y + height, x : x + width]
    image[y : y + height, x : x + width] = cv2.multiply(
        part, stamp[: part.shape[0], : part.shape[1]], scale=1 / 255
    )
    return image


def turn_stamp(stamp: Image, degrees: float) -> Image:
    """``stamp`` (RGB on white) turned by ``degrees``, the canvas grown to hold it."""
    height, width = stamp.shape[:2]
    side = int(np.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += np.array([(side - width) / 2, (side - height) / 2])
    return cv2.warpAffine(stamp, matrix, (side, side), borderValue=(255, 255, 255)).astype(np.uint8)


def _staple(image: Image, dpi: int, rng: Random) -> None:
    x, y = int(dpi * rng.uniform(0.25, 0.5)), int(dpi * rng.uniform(0.25, 0.5))
    length, slope = int(dpi * 0.45), rng.uniform(0.3, 1.1)
    end = (x + int(length * np.cos(slope)), y - int(length * np.sin(slope)) + length // 2)
    for width, level, shift in ((dpi // 18, 205, dpi // 40), (dpi // 45, 70, 0)):
        colour = (level,) * 3
        cv2.line(
            image,
            (x + shift, y + shift + length // 2),
            (end[0] + shift, end[1] + shift),
            colour,
            max(2, width),
        )


def _holes(image: Image, dpi: int, rng: Random) -> None:
    # ISO 838: two holes, 6 mm wide, 80 mm apart, 12 mm from the edge
    x, middle, apart = int(dpi * 12 / 25.4), image.shape[0] // 2, int(dpi * 40 / 25.4)
    level = rng.choice((30, 60, 215))
    for y in (middle - apart, middle + apart):
        cv2.circle(image, (x, y), int(dpi * 3 / 25.4), (level,) * 3, -1, cv2.LINE_AA)


def _skew(image: Image, faults: Faults, rng: Random) -> Image:
    height, width = image.shape[:2]
    # OpenCV turns anticlockwise for positive angles.
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -faults.skew, 1.0)
    matrix[:, 2] += np.array([rng.uniform(-4, 4), rng.uniform(-6, 6)])
    border = (70,) * 3 if faults.dark_edge else (255,) * 3
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=border).astype(
        np.uint8
    )


def _paper(image: Image, feed: Feed, faults: Faults, rng: Random, noise: np.random.Generator) -> Image:
    """Blur of the optics, colour of the paper, uneven light, sensor noise."""
    if feed.mode != "bilevel" or rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (3, 3), rng.uniform(0.4, 0.8 + 0.3 * feed.wear)).astype(np.uint8)
    if feed.mode == "bilevel" and faults.noise < 6:
        return image
    white = rng.uniform(228, 253)
    if feed.mode == "colour":
        tint = np.array([white, white - rng.uniform(0, 5), white - rng.uniform(0, 16)]) / 255
        # A look-up table a channel: white becomes the paper, black stays ink.
        table = np.clip(np.arange(256)[:, None] * tint[None, :] + 12, 0, 255).astype(np.uint8)
        image = cv2.LUT(image, table.reshape(256, 1, 3)).astype(np.uint8)
    else:
        image = cv2.convertScaleAbs(image, alpha=(white - 12) / 255, beta=12).astype(np.uint8)
    grain = noise.normal(0, faults.noise, (TILE, TILE)).astype(np.int16)
    if image.ndim == 3:
        grain = np.repeat(grain[:, :, None], 3, axis=2)
    rows, columns = -(-image.shape[0] // TILE), -(-image.shape[1] // TILE)
    repeat = (rows, columns, 1)[: image.ndim]
    for sign, add in ((1, cv2.add), (-1, cv2.subtract)):
        tile = np.tile(np.clip(grain * sign, 0, 255).astype(np.uint8), repeat)[
            : image.shape[0], : image.shape[1]
        ]
        image = np.asarray(add(image, np.ascontiguousarray(tile)), dtype=np.uint8)
    return image


def _specks(image: Image, count: int, dpi: int, noise: np.random.Generator) -> None:
    places = noise.integers(0, (image.shape[1], image.shape[0]), (count, 2))
    for (x, y), radius in zip(
        places.tolist(), noise.integers(1, max(2, dpi // 90), count).tolist(), strict=True
    ):
        cv2.circle(image, (x, y), radius, (int(noise.integers(0, 110)),) * 3, -1)


def _salt(image: Image, share: float, noise: np.random.Generator) -> None:
    height, width = image.shape[:2]
    count = int(share * height * width)
    rows, columns = noise.integers(0, height, count), noise.integers(0, width, count)
    half = count // 2
    image[rows[:half], columns[:half]] = 0
    image[rows[half:], columns[half:]] = 255
