import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from capture.ink import ink_share
from capture.pyramid import Pyramid
from tests.bench.blank import measure
from tests.capture.sheets import array, settings, sheet

SHARE = settings().blank_ink


def share(page: Image.Image) -> float:
    pyramid = Pyramid(array(page), (200.0, 200.0), 200)
    return ink_share(pyramid.small.gray, pyramid.small.dpi, pyramid.ink)


def back(shade: int = 245, noise: float = 2.0) -> Image.Image:
    """The blank back of a page, as a scanner sees it."""
    paper = np.random.default_rng(1).normal(shade, noise, (2338, 1654))
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


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
        assert share(page) < SHARE


@pytest.mark.parametrize("text", ["URGENT", "O", "a0e", "1 I l / \\ |"])
def test_large_letters_at_the_edge_are_neither_holes_nor_staples(text: str) -> None:
    page = back()
    ImageDraw.Draw(page).text((60, 60), text, fill=0, font=ImageFont.load_default(80), stroke_width=3)
    assert share(page) > SHARE


def test_a_black_page_is_not_blank() -> None:
    assert share(back(shade=10)) > SHARE


@pytest.mark.parametrize("place", [(700, 1000), (20, 1000), (700, 2270)])
@pytest.mark.parametrize("shade", [0, 120, 190])
def test_a_short_note_is_ink_even_at_the_edge(shade: int, place: tuple[int, int]) -> None:
    page = back()
    ImageDraw.Draw(page).text(place, "ok, M. 3/4", fill=shade, font=ImageFont.load_default(44))
    assert share(page.filter(ImageFilter.GaussianBlur(1))) > SHARE


def test_no_note_is_lost_and_what_is_blank_goes() -> None:
    """Every mixture of resolution, kind of scan and fault: without a note and with one of the five kinds."""
    found = measure(64, SHARE)
    assert (found["notes"], found["lost"], found["blank"]) == (32, 0, 32)
    # strong print from behind may be kept, for a person to judge
    dark = ("none", "grain", "border", "staple", "shadow")
    assert {fault: found["blanks_of"][fault] for fault in dark} == {fault: [4, 4] for fault in dark}
