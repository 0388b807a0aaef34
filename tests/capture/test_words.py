import random

import cv2
import numpy as np
import pytest
from rapidfuzz.distance.Levenshtein import distance

from capture import clean
from capture.pyramid import Pyramid
from capture.raster import load_image
from capture.words import Reading, read_words
from samples.scanner import Faults, Feed, scan
from tests.capture.sheets import LETTER, array, settings, sheet
from tests.data import shared

GERMAN = ("Sehr geehrte Damen und Herren", "wir danken Ihnen herzlich", "und warten auf Ihre Antwort")
PAGE = array(sheet())


def read(gray: clean.Gray, languages: tuple[str, ...] = ("en",), bar: float = 0.0) -> Reading:
    return read_words(Pyramid(gray, (200.0, 200.0), 200), languages, bar, settings())


def text(reading: Reading) -> str:
    return " ".join(word.text for word in reading.words)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_the_wrong_way_up_is_read_in_full_once(turn: int) -> None:
    loaded = load_image(shared("ocr/tesseract-test/phototest.tif"), 1, "tiff", settings())
    upright = read(loaded.view)
    turned = read(clean.turned(loaded.view, -turn % 360))
    assert (upright.attempts, turned.attempts) == (("en",), (f"en turned {turn}",))
    assert (turned.name, turned.rotation, text(turned)) == (f"en turned {turn}", turn, text(upright))


def test_a_person_says_how_it_stands() -> None:
    reading = read_words(Pyramid(PAGE, (200.0, 200.0), 200), ("en",), 0.0, settings(), 180)
    assert (reading.rotation, reading.attempts) == (180, ("en turned 180",))


def test_another_language_is_read_again() -> None:
    reading = read(array(sheet(GERMAN)), ("en", "de"))
    assert (reading.attempts, reading.language, text(reading)) == (("en", "de"), "de", " ".join(GERMAN))


def test_a_page_read_poorly_gets_a_second_try_and_the_better_one_counts() -> None:
    grainy = scan(PAGE, Feed(200, "grey", 0.5), Faults(noise=32), random.Random(1))
    assert read(grainy, bar=0.85).attempts == ("en specks",)  # read well enough
    twice = read(grainy, bar=0.99)
    assert (twice.attempts, twice.name) == (("en specks", "en specks sauvola"), "en specks sauvola")
    assert text(twice) == " ".join(LETTER)


def test_a_picture_has_no_words() -> None:
    spots = np.random.default_rng(1).integers(0, 255, (24, 17)).astype(np.uint8)
    picture = np.asarray(cv2.resize(spots, (1654, 2338), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert read(picture).words == ()


def test_a_coarse_scan_is_read_at_twice_its_dots() -> None:
    """A page of ordinary print at 72 dpi."""
    loaded = load_image(shared("ocr/tesseract-test/phototest.tif"), 1, "tiff", settings())
    whole = text(read(loaded.view))
    coarse = Pyramid(clean.scaled(loaded.view, (200.0, 200.0), 72)[0], (72.0, 72.0), 200)
    assert coarse.reading.gray.shape[0] == 2 * coarse.full.gray.shape[0]
    assert coarse.reading.dpi == 144
    reading = read_words(coarse, ("en",), 0.99, settings())
    assert reading.attempts == ("en doubled",)
    assert distance(text(reading), whole) < 0.05 * len(whole)


@pytest.mark.parametrize(("side", "dpi"), [(2000, 72.0), (1300, 120.0)])
def test_what_is_not_coarse_is_read_as_it_is(side: int, dpi: float) -> None:
    """A camera says 72 dpi whatever it takes."""
    page = np.full((side, side * 3 // 4), 255, np.uint8)
    assert Pyramid(page, (dpi, dpi), 200).reading.gray.shape == page.shape
