"""Photos of pages: a picture that telephones take becomes the flat page that lay before them."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import img2pdf
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from capture.loaded import Pixels, check_pixels
from capture.pages import refusing
from capture.settings import CaptureSettings

_HEAD = 1 << 18  # bytes; Exif stands in the first segments of a JPEG
_QUALITY = 92  # JPEG quality of the corrected page: it is what is archived
_LOOK = 1000  # pixels of the longer edge that the sheet is looked for at
_LEAST, _MOST = 0.25, 0.97  # share of the picture that a sheet covers; more is a page without a table
_SQUARE = 30.0  # degrees that a corner may differ from a right angle
_SHAPES = (2**0.5, 11 / 8.5)  # A4 and US letter, long by short edge
_CLOSE = 0.02  # relative error of a sheet's proportions from where its corners are found
_LONG = 2.2  # longer things may be receipts, and edges of a table
_FILM = 43.27  # millimetres of the diagonal of 35 mm film, which focal lengths are told for
_LENS = 26  # such a focal length of the main camera of telephones, which are 23 to 28
_UNSURE, _TOLD = 0.25, 0.06  # relative error of that one, and of one that Exif tells
_FOCAL = np.geomspace(0.4, 2.5, 61)  # focal lengths to weigh, as multiples of the likely one
_SKEW = 0.005  # cosine of the angle between edges of a sheet, from where its corners are found
_BRIGHTER = 25  # grey values by which paper differs from what it lies on
_CAMERA = (ExifTags.Base.ExposureTime, ExifTags.Base.FNumber, ExifTags.Base.FocalLength)

Corners = npt.NDArray[np.float32]


def may_be_photo(path: Path) -> bool:
    """Whether a JPEG is worth a closer look: its head holds Exif data. Scanners rarely write any."""
    with path.open("rb") as file:
        return b"Exif\0\0" in file.read(_HEAD)


def flattened(path: Path, media: str, settings: CaptureSettings, out: Path) -> Path | None:
    """The page of a photo, upright and in true proportions, as a JPEG in ``out``; a PDF of several pictures.

    A HEIC always becomes one, for nothing that comes after can read it. A JPEG does only when a camera
    took it (its Exif says how) and a sheet of paper stands out clearly; else None: it stays as it is.

    Raises:
        Refused: damaged, or over a limit.
    """
    if media == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    with refusing("photo"), Image.open(path, formats=["HEIF" if media == "heic" else "JPEG", "MPO"]) as image:
        check_pixels(*image.size, settings.page_pixels, 1)
        if media == "heic":
            return _written([_flat(*frame) for frame in _frames(image)], out)
        exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
        if not all(tag in exif for tag in _CAMERA):
            return None
        picture = _upright(image)
        corners = sheet(picture)
        return None if corners is None else _written([_warped(picture, corners, _lens(exif))], out)


def _frames(image: Image.Image) -> "Iterator[tuple[Pixels, float | None]]":
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield _upright(image), _lens(image.getexif().get_ifd(ExifTags.IFD.Exif))


def _lens(exif: Mapping[int, object]) -> float | None:
    """The focal length for 35 mm film, if Exif tells a plausible one."""
    told = exif.get(ExifTags.Base.FocalLengthIn35mmFilm)
    return float(told) if isinstance(told, int) and 8 <= told <= 400 else None


def _upright(image: Image.Image) -> Pixels:
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), np.uint8)


def _flat(picture: Pixels, lens: float | None) -> Pixels:
    corners = sheet(picture)
    return picture if corners is None else _warped(picture, corners, lens)


def _written(pages: "list[Pixels]", out: Path) -> Path:
    jpegs = []
    for page in pages:
        data = io.BytesIO()
        Image.fromarray(page).save(data, "JPEG", quality=_QUALITY)
        jpegs.append(data.getvalue())
    if len(jpegs) == 1:
        target = out / "rendition.jpg"
        target.write_bytes(jpegs[0])
    else:
        target = out / "rendition.pdf"
        target.write_bytes(img2pdf.convert(jpegs, nodate=True))
    return target


def sheet(picture: Pixels) -> Corners | None:
    """Corners of the one sheet of paper in the picture, clockwise from the top left; None if not clear.

    It must be four-cornered, of a page's proportions, lie within the picture, and be brighter than what is
    around it: a page that is cut off, or fills the picture, has nothing to be corrected by.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, _LOOK / max(height, width))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (7, 7), 0), np.uint8)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # What is printed on the sheet makes holes in it, and may reach its edge.
    kernel = np.ones((15, 15), np.uint8)
    solid = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(largest)
    corners = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)
    area = small.shape[0] * small.shape[1]
    if len(corners) != 4 or not _LEAST * area <= cv2.contourArea(corners) <= _MOST * area:
        return None
    if cv2.contourArea(largest) < 0.95 * cv2.contourArea(corners):
        return None  # not as straight as paper
    found = _clockwise(corners.reshape(4, 2).astype(np.float32))
    within = np.all(found > 1) and np.all(found < np.array(small.shape[1::-1]) - 2)
    if not within or not _is_page(found) or not _stands_out(grey, found):
        return None
    return np.asarray(found / scale, np.float32)


def _clockwise(corners: Corners) -> Corners:
    """From the top left on: the corners around their middle, beginning where x + y is least."""
    middle = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    ordered = corners[np.argsort(angles)]
    return np.asarray(np.roll(ordered, -int(ordered.sum(axis=1).argmin()), axis=0), np.float32)


def _is_page(corners: Corners) -> bool:
    for at in range(4):
        before, here, after = corners[at - 1], corners[at], corners[(at + 1) % 4]
        one, other = before - here, after - here
        cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-6))
        if abs(90 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))) > _SQUARE:
            return False
    return max(_edges(corners)) / min(_edges(corners)) <= _LONG


def _edges(corners: Corners) -> tuple[float, float]:
    """Width and height of the sheet as it is seen, each the longer of two edges."""
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(max(lengths[0], lengths[2])), float(max(lengths[1], lengths[3]))


def _proportion(corners: Corners, width: int, height: int, lens: float | None) -> tuple[float, float]:
    """Width by height of the sheet itself, by how its edges run together, and the relative error of it.

    Zhang and He, Whiteboard scanning and image enhancement (2007), equations 11, 12 and 20, for a picture
    that was not cropped: the camera looked at its middle. Their focal length, by which the edges of the sheet
    stand square, is anything where the sheet is tilted about one axis. So all are weighed, by how square they
    make it and how likely they are of ``lens``, which is for 35 mm film, or of a telephone.
    """
    points = np.column_stack((corners - np.array([width / 2, height / 2]), np.ones(4))).astype(np.float64)
    one, two, four, three = points  # top left, top right, bottom right, bottom left
    across = float(np.cross(one, four) @ three) / float(np.cross(two, four) @ three) * two - one
    down = float(np.cross(one, four) @ two) / float(np.cross(three, four) @ two) * three - one
    focal = _FOCAL * float(np.hypot(width, height)) * (lens or _LENS) / _FILM
    rows, columns = _edge(down, focal), _edge(across, focal)
    long, wide = np.linalg.norm(rows, axis=0), np.linalg.norm(columns, axis=0)
    skew = np.sum(rows * columns, axis=0) / (long * wide)
    odds = -((skew / _SKEW) ** 2) - (np.log(_FOCAL) / (_TOLD if lens else _UNSURE)) ** 2
    weights = np.exp((odds - odds.max()) / 2)
    shapes = np.log(wide / long)
    shape = float(np.average(shapes, weights=weights))
    return float(np.exp(shape)), float(np.sqrt(np.average((shapes - shape) ** 2, weights=weights)))


def _edge(seen: npt.NDArray[np.float64], focal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """An edge of the sheet in space, for each of these focal lengths."""
    return np.stack((seen[0] / focal, seen[1] / focal, np.full_like(focal, seen[2])))


def _stands_out(grey: npt.NDArray[np.uint8], corners: Corners) -> bool:
    inside = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 255)
    outside = cv2.bitwise_not(cv2.dilate(inside, np.ones((9, 9), np.uint8)))
    if not outside.any():
        return False
    return float(np.median(grey[inside > 0])) - float(np.median(grey[outside > 0])) >= _BRIGHTER


def _warped(picture: Pixels, corners: Corners, lens: float | None = None) -> Pixels:
    """The sheet seen from straight above; in the proportions of A4 or US letter where it may well be one."""
    width, height = _edges(corners)
    proportion, error = _proportion(corners, picture.shape[1], picture.shape[0], lens)
    shape = max(proportion, 1 / proportion)
    nearest = min(_SHAPES, key=lambda one: abs(one - shape))
    if abs(nearest - shape) <= (_CLOSE + error) * nearest:
        proportion = nearest if proportion > 1 else 1 / nearest
    if 1 / _LONG <= proportion <= _LONG:
        width, height = max(width, height * proportion), max(height, width / proportion)
    across, down = max(1, round(width)), max(1, round(height))
    target = np.array([(0, 0), (across, 0), (across, down), (0, down)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    flat = cv2.warpPerspective(
        picture, matrix, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)
