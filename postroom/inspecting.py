"""``text``, ``barcodes``: looking at a file without filing it."""

from pathlib import Path
from typing import Annotated

import typer

from postroom.output import answer, say, table
from postroom.reading import Refusals, read_files
from postroom.searching import Json

_SIGNIFICANT = 4  # decimals of boxes and confidences


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(text)
    app.command()(barcodes)


def _round(values: tuple[float, ...]) -> list[float]:
    return [round(value, _SIGNIFICANT) for value in values]


def text(
    file: Annotated[Path, typer.Argument(help="PDF, TIFF, JPEG or PNG.")], as_json: Json = False
) -> None:
    """Read a file's text, with the place and confidence of each word."""
    looked = Refusals()
    pages = [page for _, page, _ in looked.good(read_files([file]))]
    data = {
        "pages": [
            {
                "page": page.number,
                "text": page.text,
                "words": [
                    {
                        "text": word.text,
                        "box": _round(word.box),
                        "confidence": round(word.confidence, _SIGNIFICANT),
                    }
                    for word in page.words
                ],
                "mean_confidence": page.mean_confidence,
                "rotation": page.rotation,
                "skew": page.skew,
                "blank": page.blank,
                "language": page.language,
            }
            for page in pages
        ]
    }

    def show() -> None:
        for page in pages:
            say(f"--- page {page.number} ---", style="bold")
            say(page.text)

    answer(as_json, data, show)
    looked.end()


def barcodes(
    files: Annotated[list[Path], typer.Argument(help="Files to look at.")], as_json: Json = False
) -> None:
    """Read all barcodes and patch codes of files."""
    looked = Refusals()
    data = [
        {
            "file": str(file),
            "page": page.number,
            "format": code.format,
            "text": code.text,
            "box": _round(code.box),
        }
        for file, page, _ in looked.good(read_files(files, ocr=False))
        for code in page.barcodes
    ]

    def show() -> None:
        if not data:
            say("No barcode found.")
            return
        table("Barcodes", ["file", "page", "format", "text"], [list(one.values())[:4] for one in data])

    answer(as_json, data, show)
    looked.end()
