"""Files of labelled documents: a CSV with a column for the document and one for its class."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from domain.errors import Usage

DOCUMENT_COLUMNS = ("path", "file", "image", "document", "ocr_text", "text")
LABEL_COLUMNS = ("label", "class")
_LONGEST = 64  # characters of a class's name
_PATH_AT_MOST = 1024


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row: its line in the file, the document (a file, or a text where ``file`` is None), its class."""

    line: int
    file: Path | None
    text: str
    label: str


def read_labels(path: Path) -> list[Labelled]:
    """The rows of a CSV file, as UTF-8.

    A value that is the path of a file, absolute or from the CSV's folder, is that file. Under ``text`` any
    other value is the text itself; under the other headings it is a missing file.

    Raises:
        Usage: the file cannot be read, or a row has no document or no class; names the line.
    """
    lines = numbered(path)
    _, heading = next(lines)
    document, label = _columns(path, heading)
    rows = [_row(path, line, dict(zip_longest(heading, values)), document, label) for line, values in lines]
    if not rows:
        raise Usage(f"{path} has no rows under its heading: give a document and its class in each")
    return rows


def numbered(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file in UTF-8, each with the line on which it begins; the heading first.

    An empty file has an empty heading. Blank lines after it are left out.

    Raises:
        Usage: the file cannot be read, is no CSV, or has a row longer than its heading; names the line.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(_read(path), newline=""), strict=True)
    line = 1
    try:
        heading = next(reader, [])
        yield line, heading
        line = reader.line_num + 1
        for values in reader:
            if len(values) > len(heading):
                raise Usage(
                    f"{path} line {line}: more values than the heading has columns; put texts into quotes"
                )
            if values:
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise Usage(f"{path} line {line}: {error}") from error


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Usage(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from error


def _columns(path: Path, given: list[str]) -> tuple[str, str]:
    found = [name.strip().lower() for name in given]
    document = next((given[found.index(name)] for name in DOCUMENT_COLUMNS if name in found), None)
    label = next((given[found.index(name)] for name in LABEL_COLUMNS if name in found), None)
    if document is None or label is None:
        raise Usage(
            f"{path} line 1: the heading is {', '.join(given) or 'empty'}; it must "
            f"name a column for the document ({', '.join(DOCUMENT_COLUMNS)}) "
            f"and one for its class ({', '.join(LABEL_COLUMNS)})"
        )
    return document, label


def _row(path: Path, line: int, row: dict[str, str | None], document: str, label: str) -> Labelled:
    value, name = str(row[document] or ""), str(row[label] or "").strip()
    if not value.strip():
        raise Usage(f"{path} line {line}: no document under {document!r}")
    if not name:
        raise Usage(f"{path} line {line}: no class under {label!r}: every row needs one")
    if len(name) > _LONGEST or not name.isprintable():
        raise Usage(
            f"{path} line {line}: {name[:80]!r} is no name of a class: at most {_LONGEST} signs on one line"
        )
    file = _file(path.parent, value.strip())
    if file is None and document.strip().lower() != "text":
        raise Usage(f"{path} line {line}: there is no file {value.strip()[:200]}")
    return Labelled(line, file, "" if file else value, name)


def _file(folder: Path, value: str) -> Path | None:
    if len(value) > _PATH_AT_MOST or "\n" in value or "\0" in value:
        return None
    try:
        found = folder / value
        return found if found.is_file() else None
    except OSError:
        return None
