"""Photos of pages: the sheet is found and laid flat; what is no clear photo of one stays as it is."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from capture.loaded import Pixels
from capture.photos import _warped, flattened, may_be_photo, sheet
from domain.errors import Refused
from tests.capture.sheets import settings
from tests.capture.sheets import sheet as page


def seen(turn: float, tilt: float) -> np.ndarray:
    """Corners of an A4 sheet that a camera sees at a slant, given in degrees; clockwise from the top left."""
    rectangle = np.array([(-105, -148.5, 0), (105, -148.5, 0), (105, 148.5, 0), (-105, 148.5, 0)])
    a, b = np.radians(turn), np.radians(tilt)
    around = np.array([(np.cos(a), -np.sin(a), 0), (np.sin(a), np.cos(a), 0), (0, 0, 1)])
    back = np.array([(1, 0, 0), (0, np.cos(b), -np.sin(b)), (0, np.sin(b), np.cos(b))])
    points = rectangle @ around.T @ back.T + np.array([4, -6, 430])
    return np.asarray(points[:, :2] / points[:, 2:] * 1700 + (600, 750), np.float32)


CORNERS = seen(4, 28)


def photo(table: int = 70, corners: np.ndarray = CORNERS, lines: bool = True) -> Pixels:
    """A letter on a table, seen at a slant; 1200 x 1500 pixels."""
    letter = np.asarray(page(dpi=120) if lines else page((), dpi=120))
    height, width = letter.shape
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    canvas = np.full((1500, 1200), table, np.uint8)
    noise = np.random.default_rng(1).normal(0, 6, canvas.shape)
    warped = cv2.warpPerspective(
        letter,
        cv2.getPerspectiveTransform(source, corners),
        (1200, 1500),
        dst=canvas,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    grey = np.clip(warped * 0.92 + noise, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def tilted(
    paper: tuple[float, float], about: tuple[float, float, float], lens: float = 26, away: float = 390
) -> np.ndarray:
    """Corners of such a sheet that is turned about the axes, in degrees, before a lens of 35 mm film."""
    width, height = paper
    x, y, z = np.radians(about)
    turns = (
        np.array([(1, 0, 0), (0, np.cos(x), -np.sin(x)), (0, np.sin(x), np.cos(x))]),
        np.array([(np.cos(y), 0, np.sin(y)), (0, 1, 0), (-np.sin(y), 0, np.cos(y))]),
        np.array([(np.cos(z), -np.sin(z), 0), (np.sin(z), np.cos(z), 0), (0, 0, 1)]),
    )
    points = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]) * (width / 2, height / 2, 0)
    for turn in turns:
        points = points @ turn.T
    points += (0, 0, away * lens / 26)
    focal = np.hypot(1200, 1500) * lens / 43.27
    return np.asarray(points[:, :2] / points[:, 2:] * focal + (600, 750), np.float32)


A4, LETTER = (210.0, 297.0), (215.9, 279.4)
TILTS = ((0, 0, 0), (10, 0, 0), (15, 0, 0), (20, 0, 0), (30, 0, 0), (30, 1, 0), (0, 20, 0), (0, -25, 0),
         (20, 1, 2), (25, 15, 5), (-15, 10, -8))  # fmt: skip


def proportion(picture: Pixels, lens: float | None = None) -> float:
    """Of the sheet that is cut out of the picture."""
    corners = sheet(picture)
    assert corners is not None
    height, width = _warped(picture, corners, lens).shape[:2]
    return float(height / width)


def camera(orientation: int = 1, lens: int | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.ExposureTime: 0.01, ExifTags.Base.FNumber: 1.8, ExifTags.Base.FocalLength: 4.2}
    )
    if lens is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = lens
    return exif


def test_the_corners_are_found() -> None:
    found = sheet(photo())
    assert found is not None
    assert np.abs(found - CORNERS).max() < 8
    wide = sheet(np.rot90(photo()).copy())
    assert wide is not None


@pytest.mark.parametrize("about", TILTS)
@pytest.mark.parametrize("paper", [A4, LETTER])
@pytest.mark.parametrize("lens", [23, 26, 28])
def test_a_tilted_sheet_gets_its_true_proportions(
    paper: tuple[float, float], about: tuple[float, float, float], lens: float
) -> None:
    """Tilted about one axis, its edges say nothing of the lens: telephones have much the same one."""
    found = proportion(photo(corners=tilted(paper, about, lens)))
    assert found == pytest.approx(paper[1] / paper[0], rel=0.03)


@pytest.mark.parametrize("about", [(0, 0, 0), (20, 0, 0), (0, 20, 0), (25, 15, 5)])
def test_a_sheet_of_another_shape_is_not_taken_for_a_common_one(about: tuple[float, float, float]) -> None:
    found = proportion(photo(corners=tilted((190, 300), about, away=370)))
    assert found == pytest.approx(300 / 190, rel=0.03)


def test_the_lens_that_exif_tells_is_believed(tmp_path: Path) -> None:
    picture = Image.fromarray(photo(corners=tilted((170, 300), (30, 0, 0), lens=70, away=340)))
    shapes = []
    for told in (70, 0):
        picture.save(tmp_path / "a.jpg", quality=95, exif=camera(lens=told))
        made = flattened(tmp_path / "a.jpg", "jpeg", settings(), tmp_path)
        assert made
        with Image.open(made) as image:
            shapes.append(image.height / image.width)
    assert shapes[0] == pytest.approx(300 / 170, rel=0.02)
    assert abs(shapes[1] / (300 / 170) - 1) > 0.05


@pytest.mark.parametrize("case", ["table as bright as paper", "cut off", "all page", "half a page", "dark"])
def test_what_is_not_clear_is_left_alone(case: str) -> None:
    pictures: dict[str, Callable[[], Pixels]] = {
        "table as bright as paper": lambda: photo(table=245),
        "cut off": lambda: photo(corners=CORNERS + np.array([250, 0], np.float32)),
        "all page": lambda: np.asarray(page(dpi=120, mode="RGB")),
        "half a page": lambda: photo(corners=(CORNERS - 600) * 0.3 + 600),
        "dark": lambda: np.full((1500, 1200, 3), 20, np.uint8),
    }
    assert sheet(np.asarray(pictures[case](), np.uint8)) is None


def text_box(path: Path) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the ink in a page, as shares of it."""
    with Image.open(path) as image:
        ink = np.asarray(image.convert("L")) < 110
    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    height, width = ink.shape
    return columns[0] / width, rows[0] / height, columns[-1] / width, rows[-1] / height


@pytest.mark.parametrize("turned", [False, True])
def test_a_heic_is_laid_flat_and_upright(tmp_path: Path, turned: bool) -> None:
    picture = photo()
    shown = np.rot90(picture).copy() if turned else picture
    heif = pillow_heif.from_pillow(Image.fromarray(shown))
    exif = camera(6) if turned else camera()
    heif.save(tmp_path / "a.heic", quality=90, exif=exif.tobytes())
    made = flattened(tmp_path / "a.heic", "heic", settings(), tmp_path)
    assert made == tmp_path / "rendition.jpg"
    with Image.open(made) as image:
        assert abs(max(image.size) / min(image.size) - 2**0.5) < 0.01
        assert image.height > image.width
    flat = tmp_path / "flat.png"
    page(dpi=120).save(flat)
    assert np.abs(np.array(text_box(made)) - np.array(text_box(flat))).max() < 0.03


def test_several_pictures_become_a_pdf(tmp_path: Path) -> None:
    heif = pillow_heif.from_pillow(Image.new("RGB", (300, 200), "white"))
    heif.add_from_pillow(Image.new("RGB", (200, 300), "white"))
    heif.save(tmp_path / "a.heic")
    assert flattened(tmp_path / "a.heic", "heic", settings(), tmp_path) == tmp_path / "rendition.pdf"


def test_a_jpeg_only_when_a_camera_took_it(tmp_path: Path) -> None:
    image = Image.fromarray(photo())
    image.save(tmp_path / "scan.jpg")
    image.save(tmp_path / "camera.jpg", exif=camera())
    assert not may_be_photo(tmp_path / "scan.jpg")
    assert may_be_photo(tmp_path / "camera.jpg")
    assert flattened(tmp_path / "scan.jpg", "jpeg", settings(), tmp_path) is None
    assert flattened(tmp_path / "camera.jpg", "jpeg", settings(), tmp_path) == tmp_path / "rendition.jpg"
    page(dpi=120, mode="RGB").save(tmp_path / "whole.jpg", exif=camera())
    assert flattened(tmp_path / "whole.jpg", "jpeg", settings(), tmp_path) is None


def test_damaged_and_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(Image.fromarray(photo())).save(path)
    with pytest.raises(Refused, match="1200 x 1500 pixels"):
        flattened(path, "heic", settings(page_pixels=1_000_000), tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:60] + b"\xff" * 300 + data[360:])
    with pytest.raises(Refused, match="the photo is damaged"):
        flattened(path, "heic", settings(), tmp_path)
