"""Photos of pages: the sheet is found and laid flat; what is no clear photo of one stays as it is."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from capture.loaded import Pixels
from capture.photos import flattened, may_be_photo, sheet
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


def camera(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.ExposureTime: 0.01, ExifTags.Base.FNumber: 1.8, ExifTags.Base.FocalLength: 4.2}
    )
    return exif


def test_the_corners_are_found() -> None:
    found = sheet(photo())
    assert found is not None
    assert np.abs(found - CORNERS).max() < 8
    wide = sheet(np.rot90(photo()).copy())
    assert wide is not None


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
