"""What reading and assembling can be told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Interval


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Settings of capture.

    Attributes:
        tessdata: folder with Tesseract's ``*.traineddata``; ``capture.tools.tesseract.find_tessdata``
            finds it.
        ocr_dpi: dots per inch that pages are read at; a finer scan is scaled down for reading only. At 200
            a page takes 9 % less time and has 7 % more mistakes, at 300 a quarter more time and as many
            (docs/measured.md).
        page_seconds: wall time one page may take before it is refused.
        page_memory_mb: address space that a reading process may use beyond what it starts with; a page
            that needs more is refused.
        page_file_mb: size of the largest file that may be written for a page; a document may have it for
            each of its pages.
        page_pixels: pixels of the largest page image that is decoded.
        jpeg_quality: 1-95, of page images that were not JPEG or bilevel when they came.
        thumbnail_width: pixels.
        blank_ink: share of a page's area, 0-1, under which its ink does not count as writing. A line of
            ten hand-written characters on A4 is about 0.0004.
        container_mb: MB of the files that may come out of one ZIP, or be attached to one PDF, together.
        certificates: PEM file of the authorities whose electronic signatures are trusted; the machine's.
        process_tasks: tasks after which a reading process is replaced by a fresh one.
    """

    tessdata: Path
    ocr_dpi: Annotated[int, Interval(ge=75, le=600)] = 225
    page_seconds: Annotated[float, Interval(ge=1, le=86400)] = 120.0
    page_memory_mb: Annotated[int, Interval(ge=256, le=1000000)] = 2048
    page_file_mb: Annotated[int, Interval(ge=16, le=1000000)] = 1024
    page_pixels: Annotated[int, Interval(ge=1000000, le=2000000000)] = 160_000_000
    jpeg_quality: Annotated[int, Interval(ge=20, le=95)] = 80
    thumbnail_width: Annotated[int, Interval(ge=50, le=2000)] = 360
    blank_ink: Annotated[float, Interval(ge=0, le=0.05)] = 0.00012
    container_mb: Annotated[int, Interval(ge=1, le=1000000)] = 4096
    certificates: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    process_tasks: Annotated[int, Interval(ge=1, le=1000000)] = 500
