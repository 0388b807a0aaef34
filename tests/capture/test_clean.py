import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import clean, lines
from capture.pyramid import Pyramid
from tests.capture.sheets import array, sheet


@pytest.mark.parametrize("lean", [-3.0, 2.0])
def test_straightened_and_the_way_back(lean: float) -> None:
    leaning = array(sheet(lean=lean))
    straight = clean.straightened(leaning, lean)
    assert straight is not None
    assert lines.skew(Pyramid(straight.gray, (200.0, 200.0), 200).ink) == pytest.approx(0, abs=0.2)
    ys, xs = np.nonzero(straight.gray < 100)
    there = np.array([xs.mean(), ys.mean(), 1.0])
    ys, xs = np.nonzero(leaning < 100)
    assert straight.back @ there == pytest.approx([xs.mean(), ys.mean()], abs=2)


def test_scaled_to_square_dots() -> None:
    gray, dpi = clean.scaled(np.zeros((98, 204), np.uint8), (204, 98), 200)
    assert (gray.shape, dpi) == ((200, 200), 200)
    fine, dpi = clean.scaled(np.zeros((1201, 900), np.uint8), (600, 600), 200)  # halved once on the way
    assert (fine.shape, dpi) == ((400, 300), 200)
    same = np.zeros((100, 100), np.uint8)
    assert clean.scaled(same, (204, 196), 200)[0] is same
    assert clean.scaled(same, (100, 100), 200)[1] == 100


@given(st.tuples(*[st.floats(0, 1)] * 4), st.sampled_from([0, 90, 180, 270]))
def test_boxes_turn_like_pages(corners: tuple[float, float, float, float], turn: int) -> None:
    x0, x1 = sorted(corners[:2])
    y0, y1 = sorted(corners[2:])
    box = clean.turned_box((x0, y0, x1, y1), turn)
    assert box[0] <= box[2]
    assert box[1] <= box[3]
    assert clean.turned_box(box, -turn % 360) == pytest.approx((x0, y0, x1, y1))


def test_turned_is_clockwise() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)
    assert clean.turned(image, 90).tolist() == [[3, 1], [4, 2]]
