"""The reference that a document goes by: invoice number, file number, our reference."""

import re
from collections.abc import Iterator, Sequence

from capture.fields.labels import labels
from capture.fields.layout import Line, below, field
from domain.document import Field
from domain.page import Word

_OWN = labels("references", "own")
_INVOICE = re.compile(
    r"invoice|factur|rechnung|facture|receipt|recibo|recu|beleg|quittung|bill|factuur|booking|ticket|bon"
)
_WEAK = labels("references", "weak")
_OTHERS = labels("references", "others")
_VALUE = re.compile(r"#?(?=[^\s]*\d)[A-Za-z0-9][A-Za-z0-9_./\-–]{1,38}[A-Za-z0-9]")
_SKIP = re.compile(
    r"[ \t]*(?:(?:n[o°.]{1,2}|nr\.?|no\.?|num\.?|number|numero|id)(?![a-z]))?(?:[.:#°]|[ \t])*"
)
_DATELIKE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{2}){1,2}|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}")
_MARKED = re.compile(rf"# ?(?P<number>{_VALUE.pattern.removeprefix('#?')})")


def references(lines: Sequence[Line]) -> list[Field]:
    """The document's own reference, at most one; the reader's reference and customer numbers are not it."""
    best: tuple[float, Field] | None = None
    for order, line in enumerate(lines):
        for score, found in _of_line(line, lines):
            ranked = score - order * 0.002
            if score < 0.5:
                continue  # named in passing: somebody's number, but not this document's
            if best is None or ranked > best[0]:
                best = ranked, found
    return [best[1]] if best else _in_heading(lines)


def _in_heading(lines: Sequence[Line]) -> list[Field]:
    """The number that ends a heading ("Schlussrechnung 73/8619/25"), where no label tells one."""
    heights = sorted(line.height for line in lines)
    usual = heights[len(heights) // 2] if heights else 1.0
    for cell in (cell for line in lines if line.page == 1 and 0.08 < line.y < 0.55 for cell in line.cells()):
        if cell.y < 0.35 and (marked := _MARKED.fullmatch(cell.text)):
            return [field("reference", marked["number"], cell, cell.words, 0.6)]  # "# 1234" under a title
        last = cell.words[-1].text.rstrip(".,;")
        code = _VALUE.fullmatch(last) and len(re.findall(r"\d", last)) >= 4 and not _DATELIKE.fullmatch(last)
        code = code and not re.fullmatch(r"(?:19|20)\d\d", last)  # a year
        named = all(re.fullmatch(r"[^\W\d_'’]{1,}['’]?[^\W\d_]+\.?", word.text) for word in cell.words[:-1])
        if code and named and 2 <= len(cell.words) <= 6 and cell.height > 1.1 * usual:
            return [field("reference", last, cell, cell.words[-1:], 0.6)]
    return []


def _of_line(line: Line, lines: Sequence[Line]) -> Iterator[tuple[float, Field]]:
    others = [(m.start(), m.end()) for m in _OTHERS.finditer(line.folded)]
    for match in _OWN.finditer(line.folded):
        if any(
            start <= match.start() and match.end() <= end and (end - start) > len(match[0])
            for start, end in others
        ):
            continue
        if any(start <= match.start() < end or start == match.end() + 1 == -1 for start, end in others):
            continue
        weak = _WEAK.fullmatch(match[0].strip()) is not None
        sentence = bool(
            re.search(r"[a-z]{3,}[ ,]+(?:[a-z]+ )?$", line.folded[: match.start()].rsplit("\t", 1)[-1])
        )
        skip = _SKIP.match(line.folded, match.end())
        start = skip.end() if skip else match.end()
        colon = ":" in line.text[match.end() : start] or bool(
            re.search(r"[#°º.:]|n[ro]\b", line.folded[match.end() : start])
        )
        sure = (0.9 if not weak else (0.8 if colon else 0.55)) - (0.25 if sentence and not colon else 0)
        if _INVOICE.match(match[0]):
            sure += 0.05
        if (value := _value(line, start)) is not None:
            text, words = value
            if weak and not colon and not re.search(r"\d{3}", text):
                continue
            around = (
                line.folded[: match.start()].rsplit("\t", 1)[-1]
                + line.folded[start + len(text) :].split("\t", 1)[0]
            )
            if weak and not around.strip(" #*"):
                sure = max(sure, 0.85)  # "Invoice INV/2023/0008" and nothing else: a heading
            yield sure, field("reference", text, line, words, min(sure, 0.95))
        elif not re.search(r"[a-z0-9]", line.folded[start:].split("\t", 1)[0]) or _is_header(line, match):
            alone = weak and _is_column(line, match)
            yield from _under(line, match, lines, 0.65 if alone else sure - 0.15)


def _is_header(line: Line, match: re.Match[str]) -> bool:
    """Whether the label is one of several in a row of labels: no figure in the row."""
    return not re.search(r"\d", line.text) and bool(line.breaks or len(line.words) <= 6)


def _is_column(line: Line, match: re.Match[str]) -> bool:
    """Whether the label is all of one cell among several headings without figures."""
    cells = [cell.folded for cell in line.cells()]
    return len(cells) > 2 and match[0].strip() in cells and not re.search(r"\d", line.text)


def _under(
    line: Line, match: re.Match[str], lines: Sequence[Line], sure: float
) -> Iterator[tuple[float, Field]]:
    words = line.between(match.start(), match.end())
    left, right = words[0].box[0], words[-1].box[2]
    for cell in below(line, words, lines, reach=2.5):
        under = [w for w in cell.words if w.box[0] < right and w.box[2] > left]
        for word in under:
            text = word.text.strip(".,;:")
            if (
                _VALUE.fullmatch(text)
                and not _DATELIKE.fullmatch(text)
                and not re.fullmatch(r"\d{1,2}", text)
            ):
                yield sure, field("reference", text.lstrip("#"), cell, (word,), sure)
                return
        return


def _value(line: Line, start: int) -> tuple[str, tuple[Word, ...]] | None:
    """The number right after a label: one token with a figure in it, or a short code and a number."""
    cell = line.text[start:].split("\t", 1)[0]
    match = re.match(r"(?:[A-Z]{1,5} )?" + _VALUE.pattern, cell)
    if match is None or _DATELIKE.fullmatch(match[0]):
        return None
    text, end = match[0], match.end()
    if re.fullmatch(r"\d{1,2}", text) or re.match(r"[.,]\d{2}\b|[ ]?[%€$£]", cell[end:]):
        return None
    if re.match(r"\d{1,2}(?:st|nd|rd|th|er)?$", text):
        return None
    # Numbers set in groups: "12 345 678".
    while (more := re.match(r" (\d{2,4})(?![\w.,/:])", cell[end:])) and re.search(r"(?:^|[ ])\d{1,4}$", text):
        text, end = f"{text} {more[1]}", end + more.end()
    return text.lstrip("#"), line.between(start, start + end)
