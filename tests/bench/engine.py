"""What Postroom is measured against: the bare engine in process, ``tesseract``, ``ocrmypdf``.

Each reads pages that were made ready for it before the clock started, with as many processes as Postroom
has, one thread each.
"""

import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
from PIL import Image

from capture import clean
from capture.media import sniff
from capture.pdf import load_pdf
from capture.raster import load_image
from capture.settings import CaptureSettings
from capture.tools.tesseract import language_code
from tests.bench.running import environment

_DPI = 200.0  # of the images that the bare engine reads: where it is fastest for its accuracy
_engine: Any = None


@dataclass(frozen=True, slots=True)
class PagePrints:
    """A page as each contender gets it.

    Attributes:
        array: grey, 200 dpi (``.npy``), for the bare engine; its resolution is ``dpi``.
        image: at its own resolution, for ``tesseract``: the file itself if the page is all of it.
        pdf: for ``ocrmypdf``, image data as it came.
        digital: it has text of its own.
    """

    array: Path
    dpi: float
    image: Path
    pdf: Path
    digital: bool


def make_ready(path: Path, number: int, pages: int, settings: CaptureSettings, stem: Path) -> PagePrints:
    """Write the page in the forms that the contenders read; whatever decoding raises is raised."""
    media = sniff(path)
    loaded = load_pdf(path, number, settings) if media == "pdf" else load_image(path, number, media, settings)
    view = loaded.view
    gray = view if view.ndim == 2 else np.asarray(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), np.uint8)
    scan, dpi = clean.scaled(gray, loaded.dpi, _DPI)
    array, pdf = stem.with_suffix(".npy"), stem.with_suffix(".pdf")
    np.save(array, scan)
    pdf.write_bytes(loaded.make(loaded.turn))
    image = path
    if media == "pdf" or pages > 1:
        bilevel = view.ndim == 2 and not ((view != 0) & (view != 255)).any()
        image = stem.with_suffix(".tif" if bilevel else ".png")
        picture = Image.fromarray(view)
        if bilevel:
            picture.convert("1").save(image, compression="group4", dpi=loaded.dpi)
        else:
            picture.save(image, dpi=loaded.dpi, compress_level=1)
    return PagePrints(array, dpi, image, pdf, loaded.words is not None)


@contextmanager
def warm_engines(processes: int, language: str, settings: CaptureSettings) -> Iterator[ProcessPoolExecutor]:
    """Long-lived processes, each with its engine loaded."""
    arguments = (str(settings.tessdata), language_code(language, settings.tessdata))
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=arguments) as pool:
        for done in [pool.submit(time.sleep, 1.0) for _ in range(processes)]:
            done.result()
        yield pool


def _start(tessdata: str, code: str) -> None:
    global _engine
    os.environ["OMP_THREAD_LIMIT"] = "1"
    import tesserocr

    _engine = tesserocr.PyTessBaseAPI(
        path=tessdata, lang=code, psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY
    )


def _read(array: Path, dpi: float) -> str:
    gray = np.load(array)
    height, width = gray.shape
    _engine.SetImageBytes(gray.tobytes(), width, height, 1, width)
    _engine.SetSourceResolution(max(70, round(dpi)))
    _engine.Recognize()
    words = str(_engine.GetTSVText(0))
    _engine.Clear()
    return words


def bare_engine(pool: ProcessPoolExecutor, pages: Sequence[PagePrints]) -> None:
    """Words, boxes and confidences of the 200 dpi images."""
    for done in [pool.submit(_read, page.array, page.dpi) for page in pages]:
        done.result()


def tesseract(pages: Sequence[PagePrints], processes: int, code: str, tessdata: Path, out: Path) -> None:
    """``tesseract IMG out -l LANG``, so many at a time."""

    def one(numbered: tuple[int, PagePrints]) -> None:
        number, page = numbered
        command = ["tesseract", str(page.image), str(out / f"{number:06}"), "-l", code]
        subprocess.run(command, check=True, capture_output=True, env=_environment(tessdata))

    with ThreadPoolExecutor(processes) as threads:
        list(threads.map(one, enumerate(pages)))


def joined(pages: Sequence[PagePrints], target: Path) -> Path:
    """One PDF of the pages."""
    with pikepdf.new() as whole:
        for page in pages:
            with pikepdf.open(io.BytesIO(page.pdf.read_bytes())) as one:
                whole.pages.extend(one.pages)
        whole.save(target)
    return target


def ocrmypdf(source: Path, processes: int, code: str, tessdata: Path, digital: bool) -> None:
    """``ocrmypdf --output-type pdfa --jobs P -l LANG``.

    With ``--skip-text`` where pages have text of their own, which it would refuse, and without Ghostscript
    on the machine with ``--pdfa-backend internal``, its faster way, as the default would fail; and that
    refuses many fonts of pages with text, so those it only has to make plain PDF of.
    """
    ghostscript = shutil.which("gs") is not None
    kind = "pdf" if digital and not ghostscript else "pdfa"
    command = ["ocrmypdf", "--output-type", kind, "--jobs", str(processes), "-l", code]
    command += ["--skip-text"] if digital else []
    command += [] if ghostscript or kind == "pdf" else ["--pdfa-backend", "internal"]
    target = source.with_suffix(".out.pdf")
    ran = subprocess.run(
        [*command, str(source), str(target)], capture_output=True, text=True, env=_environment(tessdata)
    )
    if ran.returncode not in (0, 10) or not target.exists():  # 10: made, but as a plain PDF
        raise RuntimeError(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr[-600:]}")


def _environment(tessdata: Path) -> dict[str, str]:
    return environment(TESSDATA_PREFIX=str(tessdata))
