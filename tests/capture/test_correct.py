import random

import cv2
import numpy as np
import pytest
from PIL import ImageDraw

from capture.clean import Gray
from capture.correct import corrected
from capture.pyramid import Pyramid
from samples.scanner import Faults, Feed, scan
from tests.capture.sheets import array, sheet

LINES = [f"Line {number} of a letter that fills its page with words" for number in range(19)]
PAGE = array(sheet(LINES))


def scanned(faults: Faults, mode: str = "grey", back: Gray | None = None) -> Pyramid:
    image = scan(PAGE, Feed(200, mode, 0.5), faults, random.Random(1), back=back)  # type: ignore[arg-type]
    return Pyramid(image, (200.0, 200.0), 200)


@pytest.mark.parametrize("mode", ["grey", "bilevel"])
@pytest.mark.parametrize("faults", [Faults(), Faults(skew=2.0, noise=3), Faults(fade=0.3, noise=3)])
def test_a_page_without_these_faults_stays_the_same(faults: Faults, mode: str) -> None:
    page = scanned(faults, mode)
    assert corrected(page) == (page, ())


def test_a_dark_border_goes_and_the_letters_stay() -> None:
    page = scanned(Faults(skew=1.8, dark_edge=True, noise=3), "bilevel")
    clear, names = corrected(page)
    assert names == ("border",)
    dark = [np.count_nonzero(one.full.gray[0] == 0) for one in (page, clear)]
    assert dark == [923, 80]  # its thin tip is left
    inner = (slice(200, -200), slice(200, -200))
    assert np.array_equal(page.full.gray[inner], clear.full.gray[inner])


def test_a_picture_at_the_edge_is_no_border() -> None:
    page = sheet(LINES)
    ImageDraw.Draw(page).rectangle((0, 1800, 900, 2337), fill=30)
    pyramid = Pyramid(array(page), (200.0, 200.0), 200)
    assert corrected(pyramid) == (pyramid, ())


def test_specks_go() -> None:
    page = scanned(Faults(salt=0.01), "bilevel")
    clear, names = corrected(page)
    assert names == ("specks",)
    paper = cv2.erode(PAGE, np.ones((7, 7), np.uint8)) == 255
    before, after = (np.count_nonzero(one.full.gray[paper] == 0) for one in (page, clear))
    assert after < 0.01 * before


def test_print_that_shines_through_goes() -> None:
    clear, names = corrected(scanned(Faults(bleed=0.25, noise=3), back=array(sheet(LINES[::-1]))))
    assert names == ("back",)
    paper = clear.full.gray[PAGE > 250]
    assert np.mean(paper > 250) > 0.95


def test_faded_ink_is_darkened() -> None:
    page = scanned(Faults(fade=0.12, noise=5))
    clear, names = corrected(page)
    assert names == ("faded",)
    # of 40 dots one is ink
    before, after = (np.percentile(one.full.gray, [1, 50]).tolist() for one in (page, clear))
    assert before == [214, 240]
    assert after == [pytest.approx(0, abs=5), 255]
