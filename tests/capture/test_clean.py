import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from capture import clean
from capture.clean import Gray
from capture.ink import ink_share
from tests.capture.sheets import settings, sheet

SHARE = settings().blank_ink


def array(image: Image.Image) -> Gray:
    return np.asarray(image.convert("L"), np.uint8)


def back(shade: int = 245, noise: float = 2.0) -> Image.Image:
    """The blank back of a page, as a scanner sees it."""
    paper = np.random.default_rng(1).normal(shade, noise, (2338, 1654))
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("lean", [-4.0, -1.0, 0.0, 0.6, 2.5])
def test_skew_is_found_to_a_fifth_of_a_degree(lean: float) -> None:
    assert clean.skew(array(sheet(lean=lean)), 200) == pytest.approx(lean, abs=0.2)


def test_an_empty_page_does_not_lean() -> None:
    assert clean.skew(array(back()), 200) == 0.0


@pytest.mark.parametrize("lean", [-3.0, 2.0])
def test_straightened_and_the_way_back(lean: float) -> None:
    leaning = array(sheet(lean=lean))
    straight = clean.straightened(leaning, lean)
    assert straight is not None
    assert clean.skew(straight.gray, 200) == pytest.approx(0, abs=0.2)
    ys, xs = np.nonzero(straight.gray < 100)
    there = np.array([xs.mean(), ys.mean(), 1.0])
    ys, xs = np.nonzero(leaning < 100)
    assert straight.back @ there == pytest.approx([xs.mean(), ys.mean()], abs=2)


def test_scaled_to_square_dots() -> None:
    gray, dpi = clean.scaled(np.zeros((98, 204), np.uint8), (204, 98), 200)
    assert (gray.shape, dpi) == ((200, 200), 200)
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


def test_blank_backs_bear_no_ink() -> None:
    plain = back()
    dirty = back()
    draw = ImageDraw.Draw(dirty)
    for x, y in np.random.default_rng(2).integers(0, 1600, (60, 2)).tolist():
        draw.point((x, y), 0)  # specks
    draw.rectangle((0, 0, 25, 2338), fill=20)  # the lid's shadow
    draw.ellipse((60, 800, 108, 848), fill=30)  # punch holes
    draw.ellipse((60, 1430, 108, 1478), fill=30)
    through = Image.blend(back(), sheet().resize(plain.size).transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.06)
    framed = back()
    draw = ImageDraw.Draw(framed)
    draw.line([(10, 2300), (4, 6), (1640, 14)], fill=40, width=5)  # two dark edges that meet
    draw.line([(90, 120), (150, 70)], fill=30, width=6)  # a staple
    for page in (plain, dirty, through, framed):
        assert ink_share(array(page), 200) < SHARE


@pytest.mark.parametrize("text", ["URGENT", "O", "a0e", "1 I l / \\ |"])
def test_large_letters_at_the_edge_are_neither_holes_nor_staples(text: str) -> None:
    page = back()
    ImageDraw.Draw(page).text((60, 60), text, fill=0, font=ImageFont.load_default(80), stroke_width=3)
    assert ink_share(array(page), 200) > SHARE


def test_a_black_page_is_not_blank() -> None:
    assert ink_share(array(back(shade=10)), 200) > SHARE


@pytest.mark.parametrize("shade", [0, 120, 190])
def test_a_short_note_is_ink(shade: int) -> None:
    page = back()
    font = ImageFont.load_default(44)
    ImageDraw.Draw(page).text((700, 1000), "ok, M. 3/4", fill=shade, font=font)
    page = page.filter(ImageFilter.GaussianBlur(1))
    assert ink_share(array(page), 200) > SHARE
