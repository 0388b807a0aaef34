import io
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from capture.loaded import Loaded, Pixels, credible_dpi
from capture.media import sniff
from capture.pages import refusing
from capture.raster import load_image
from domain.errors import Refused
from tests.capture.sheets import saved, settings, sheet


def load(path: Path, number: int = 1, **changes: object) -> Loaded:
    with refusing("page", number):
        return load_image(path, number, sniff(path), settings(**changes))


def stored(loaded: Loaded) -> tuple[bytes, dict[str, str]]:
    """The image data in the archived page, and its dictionary without length."""
    with pikepdf.open(io.BytesIO(loaded.make(0))) as pdf:
        image = pdf.pages[0].obj.Resources.XObject.Im
        return image.read_raw_bytes(), {key: str(image[key]) for key in ("/Filter", "/ColorSpace", "/Width")}


def shown(loaded: Loaded, turn: int = 0) -> Pixels:
    """The archived page as a PDF reader shows it, grey, at the size of the view."""
    document = pypdfium2.PdfDocument(loaded.make(turn))
    image = document[0].render(scale=loaded.dpi[0] / 72).to_pil().convert("L")
    document.close()
    height, width = loaded.view.shape[:2]
    return np.asarray(image.resize((width, height)), np.uint8)


def alike(loaded: Loaded, turn: int = 0) -> bool:
    view = loaded.view if loaded.view.ndim == 2 else np.asarray(Image.fromarray(loaded.view).convert("L"))
    return different(shown(loaded, turn), view) < 0.8


def different(one: Pixels, other: Pixels) -> float:
    """Mean difference of two pages, as a share of what drawing the ink of one on white makes."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean() / (255 - one.mean()))


def test_jpeg_passes_through(tmp_path: Path) -> None:
    path = saved(sheet(mode="RGB"), tmp_path / "a.jpg", quality=60)
    loaded = load(path)
    assert stored(loaded) == (
        path.read_bytes(),
        {"/Filter": "/DCTDecode", "/ColorSpace": "/DeviceRGB", "/Width": "1654"},
    )
    assert (loaded.dpi, loaded.size, loaded.turn) == ((200, 200), (595.44, 841.68), 0)
    assert alike(loaded)


def test_fax_coding_passes_through(tmp_path: Path) -> None:
    path = saved(sheet(mode="1"), tmp_path / "a.tif", compression="group4", strip_size=1 << 24)
    with Image.open(path) as image:
        tags = image.tag_v2  # type: ignore[attr-defined]
        start, length = tags[273][0], tags[279][0]
        assert len(tags[273]) == 1
    loaded = load(path)
    assert stored(loaded)[0] == path.read_bytes()[start : start + length]
    assert alike(loaded)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB", "I;16", "F"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_modes_and_codings_look_right(tmp_path: Path, mode: str, compression: str | None) -> None:
    page = sheet(dpi=100)
    if mode == "I;16":
        page = Image.fromarray(np.asarray(page, np.uint16) * 257)
    elif mode == "F":
        page = Image.fromarray(np.asarray(page, np.float32) / 255)
    else:
        page = page.convert("RGB").convert(mode)
    loaded = load(saved(page, tmp_path / "a.tif", dpi=100, compression=compression))
    assert loaded.view.shape[:2] == (1169, 827)
    assert loaded.view.min() < 40
    assert loaded.view.max() > 235
    assert alike(loaded)


@pytest.mark.parametrize("compression", ["group3", "packbits", "tiff_adobe_deflate", "jpeg"])
def test_other_tiff_codings(tmp_path: Path, compression: str) -> None:
    mode = "1" if compression == "group3" else "L"
    assert alike(load(saved(sheet(mode=mode), tmp_path / "a.tif", compression=compression)))


def test_jpeg_in_tiff_passes_through(tmp_path: Path) -> None:
    path = saved(sheet(mode="RGB"), tmp_path / "a.tif", compression="jpeg", strip_size=1 << 24)
    loaded = load(path)
    data, image = stored(loaded)
    assert image["/Filter"] == "/DCTDecode"
    assert data[4:-2] in path.read_bytes() or data[-1000:] in path.read_bytes()
    assert alike(loaded)


@pytest.mark.parametrize("code", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_orientation_of_the_file_is_followed(tmp_path: Path, code: int, name: str) -> None:
    upright = sheet(dpi=100)
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    page = upright
    for step in undo.get(code, []):
        page = page.transpose(step)
    exif = Image.Exif()
    exif[274] = code
    options: dict[str, object] = {"exif": exif} if name == "a.jpg" else {"tiffinfo": {274: code}}
    loaded = load(saved(page, tmp_path / name, dpi=100, **options))
    assert loaded.view.shape == (1169, 827)
    assert loaded.size == pytest.approx((595.44, 841.68), abs=0.01)
    assert different(np.asarray(upright), loaded.view) < 0.8
    assert alike(loaded, loaded.turn)


def test_pages_of_a_tiff_in_any_order(tmp_path: Path) -> None:
    frames = [sheet([f"page {number}"], dpi=50) for number in range(4)]
    path = tmp_path / "a.tif"
    frames[0].save(path, save_all=True, append_images=frames[1:], dpi=(50, 50))
    for number in (3, 1, 4, 2, 2):
        assert np.array_equal(load(path, number).view, np.asarray(frames[number - 1]))
    with pytest.raises(Refused, match="the page is missing from the file"):
        load(path, 5)


def test_limits_and_damage(tmp_path: Path) -> None:
    path = saved(sheet(), tmp_path / "a.png")
    with pytest.raises(Refused, match="1654 x 2338 pixels, over the limit of 1 million") as refused:
        load(path, page_pixels=1_000_000)
    assert refused.value.page == 1
    path = saved(sheet(), tmp_path / "a.tif", compression="tiff_lzw")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(Refused, match="the page is damaged"):
        load(path)


@pytest.mark.parametrize(
    ("tag", "size", "dpi"),
    [
        ((300.0, 300.0), (2480, 3508), (300, 300)),
        ((204.0, 98.0), (1728, 1078), (204, 98)),
        ((72.0, 72.0), (2550, 3300), (300, 300)),
        (None, (2480, 3508), (300, 300)),
        ((1.0, 1.0), (1654, 2339), (200, 200)),
        (None, (640, 480), (96, 96)),
        ((72.0, 72.0), (640, 480), (72, 72)),
    ],
)
def test_absurd_resolutions_are_guessed(
    tag: tuple[float, float] | None, size: tuple[int, int], dpi: tuple[float, float]
) -> None:
    assert credible_dpi(tag, *size) == pytest.approx(dpi, rel=0.01)
