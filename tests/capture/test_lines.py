import cv2
import numpy as np
import pytest

from capture import clean, lines
from capture.clean import Gray
from capture.pyramid import Pyramid
from capture.raster import load_image
from tests.capture.sheets import array, settings, sheet
from tests.data import shared

LEANS = (-7.0, -4.0, -1.0, -0.3, 0.0, 0.2, 0.6, 2.5, 6.5)


def ink(gray: Gray, dpi: float = 200) -> Gray:
    return Pyramid(gray, (dpi, dpi), 200).ink


@pytest.mark.parametrize("lean", LEANS)
def test_skew_is_found_to_a_fifth_of_a_degree(lean: float) -> None:
    assert lines.skew(ink(array(sheet(lean=lean)))) == pytest.approx(lean, abs=0.2)


def test_an_empty_page_neither_leans_nor_turns() -> None:
    empty = ink(array(sheet([])))
    assert (lines.skew(empty), lines.turn(empty)) == (0.0, (0,))
    assert (lines.skew(empty[:3, :3]), lines.turn(empty[:3, :3])) == (0.0, (0,))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_way_up_is_seen(turn: int) -> None:
    page = load_image(shared("ocr/tesseract-test/phototest.tif"), 1, "tiff", settings())
    lying = clean.turned(ink(page.view), -turn % 360)  # so that it must be turned by this
    assert lines.turn(lying) == ((0,) if turn == 0 else (turn, (turn + 180) % 360))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_few_lines_leave_the_choice_to_reading(turn: int) -> None:
    lying = clean.turned(ink(array(sheet(lean=1.0))), -turn % 360)
    assert set(lines.turn(lying)) in ({turn}, {turn, (turn + 180) % 360})


def test_real_pages_are_straightened_to_a_fifth_of_a_degree() -> None:
    """Letters turned by known angles within 7 degrees lean as much more as they were turned."""
    rng, errors = np.random.default_rng(1), []
    for path in sorted(shared("ocr/unlv_business_letters/images").glob("*.tif"))[:5]:
        loaded = load_image(path, 1, "tiff", settings())
        page = Pyramid(loaded.view, loaded.dpi, 200).reading.gray
        height, width = page.shape
        own = lines.skew(ink(page))
        for lean in rng.uniform(-7, 7, 4).tolist():
            way = cv2.getRotationMatrix2D((width / 2, height / 2), -lean, 1.0)
            leaning = np.asarray(cv2.warpAffine(page, way, (width, height), borderValue=(255,)), np.uint8)
            errors.append(abs(lines.skew(ink(leaning)) - own - lean))
    assert max(errors) <= 0.2
