"""Pages for the field tests: from text laid out as on paper, and from PDF files."""

from pathlib import Path

import pdfplumber

from capture.language import detect
from domain.page import Page, Word

LANGUAGES = ("de", "en", "es", "fr", "nl")


def page(text: str, *, language: str | None = None, confidence: float = 1.0, number: int = 1) -> Page:
    """A page of a fixed-width font: 90 columns, 60 lines; each line of the text a line of the page."""
    words = []
    for row, line in enumerate(text.strip("\n").splitlines()):
        column = 0
        for token in line.split(" "):
            if token:
                left, top = 0.06 + column * 0.0098, 0.04 + row * 0.0155
                box = (left, top, left + len(token) * 0.0098, top + 0.0095)
                words.append(Word(token, box, confidence, row))
            column += len(token) + 1
    return Page(number, 595, 842, 300, language=language, words=tuple(words))


def pdf_pages(path: Path) -> list[Page]:
    """The pages of a born-digital PDF as the capture stage would hand them over."""
    pages = []
    with pdfplumber.open(path) as pdf:
        for number, sheet in enumerate(pdf.pages, start=1):
            words, row, last = [], -1, None
            found = sheet.extract_words()
            for item in sorted(found, key=lambda w: (round((w["top"] + w["bottom"]) / 6), w["x0"])):
                middle = (item["top"] + item["bottom"]) / 2
                if last is None or abs(middle - last) > 2:
                    row += 1
                last = middle
                box = (
                    max(0.0, item["x0"] / sheet.width),
                    max(0.0, item["top"] / sheet.height),
                    min(1.0, item["x1"] / sheet.width),
                    min(1.0, item["bottom"] / sheet.height),
                )
                words.append(Word(item["text"], box, 1.0, row))
            language, _ = detect(" ".join(word.text for word in words), LANGUAGES)
            pages.append(
                Page(
                    number,
                    float(sheet.width),
                    float(sheet.height),
                    0,
                    born_digital=True,
                    language=language,
                    words=tuple(words),
                )
            )
    return pages
