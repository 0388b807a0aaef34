from pathlib import Path

import pytest

from domain.errors import Usage
from models.data import Labelled, read_labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scans").mkdir()
    for name in ("a.pdf", "scans/b.tif"):
        (tmp_path / name).touch()
    return tmp_path


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "said.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(folder: Path, content: str | bytes) -> str:
    path = written(folder, content)
    with pytest.raises(Usage) as told:
        read_labels(path)
    said = str(told.value)
    assert said.startswith(str(path))
    return said.removeprefix(str(path)).strip()


def test_a_path_is_from_the_folder_of_the_csv_or_absolute(folder: Path) -> None:
    path = written(folder, f"path,label\na.pdf,letter\nscans/b.tif,form\n{folder}/a.pdf,invoice\n")
    assert read_labels(path) == [
        Labelled(2, folder / "a.pdf", "", "letter"),
        Labelled(3, folder / "scans/b.tif", "", "form"),
        Labelled(4, folder / "a.pdf", "", "invoice"),
    ]


def test_under_text_a_file_is_read_and_anything_else_is_the_text(folder: Path) -> None:
    path = written(folder, 'text,label\n"Dear Sir,\n\nthank you",letter\na.pdf,form\nnone.pdf,form\n')
    assert read_labels(path) == [
        Labelled(2, None, "Dear Sir,\n\nthank you", "letter"),
        Labelled(5, folder / "a.pdf", "", "form"),
        Labelled(6, None, "none.pdf", "form"),
    ]


@pytest.mark.parametrize("heading", ["path,label", " File ,CLASS", "note,image,class", "document,label,note"])
def test_headings_are_known_by_their_names(folder: Path, heading: str) -> None:
    row = ["x"] * len(heading.split(","))
    places = [name.strip().lower() for name in heading.split(",")]
    for place, name in enumerate(places):
        if name != "note":
            row[place] = "letter" if name in ("label", "class") else "a.pdf"
    assert read_labels(written(folder, f"{heading}\n{','.join(row)}\n")) == [
        Labelled(2, folder / "a.pdf", "", "letter")
    ]


@pytest.mark.parametrize("content", ["\ufeffpath,label\na.pdf,letter\n", "path,label\r\na.pdf,letter\r\n"])
def test_what_spreadsheets_save_is_read(folder: Path, content: str) -> None:
    assert read_labels(written(folder, content)) == [Labelled(2, folder / "a.pdf", "", "letter")]


def test_a_text_may_be_long_and_have_quotes(folder: Path) -> None:
    long = 'he said "no, never" ' * 20_000
    quoted = long.replace('"', '""')
    (row,) = read_labels(written(folder, f'text,label\n"{quoted}",{"l" * 64}\n'))
    assert (row.text, row.label) == (long, "l" * 64)


BEFORE = 'text,label\n"one\ntwo\nthree",letter\n'


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("some text,\n", "no class under 'label'"),
        ("some text,   \n", "no class under 'label'"),
        ("some text\n", "no class under 'label'"),
        (",letter\n", "no document under 'text'"),
        ('" \n ",letter\n', "no document under 'text'"),
        ("some text,letter,more\n", "more values than the heading has columns"),
        (f"some text,{'l' * 65}\n", "is no name of a class: at most 64 signs on one line"),
        ('some text,"let\nter"\n', "is no name of a class"),
        ("some text,let\tter\n", "is no name of a class"),
    ],
)
def test_a_broken_row_is_said_with_its_line(folder: Path, row: str, said: str) -> None:
    for after in ("", "more text,letter\n"):
        told = refused(folder, BEFORE + row + after)
        assert told.startswith("line 5: ")
        assert said in told


@pytest.mark.parametrize("blank", ["\n", "\n\n\n"])
def test_blank_lines_count(folder: Path, blank: str) -> None:
    line = 5 + len(blank)
    rows = read_labels(written(folder, f"{BEFORE}{blank}some text,letter\n"))
    assert [one.line for one in rows] == [2, line]
    assert refused(folder, f"{BEFORE}{blank}some text,\n").startswith(f"line {line}: no class")


def test_a_missing_file_is_said_with_its_line(folder: Path) -> None:
    told = refused(folder, 'path,note,label\na.pdf,"of\ntwo lines",letter\nscans/none.tif,,letter\n')
    assert told == "line 4: there is no file scans/none.tif"
    assert refused(folder, "path,label\nscans,letter\n") == "line 2: there is no file scans"
    assert refused(folder, 'path,label\n"a.pdf\nb",letter\n').startswith("line 2: there is no file a.pdf")
    assert refused(folder, f"path,label\n{'x' * 5000},letter\n").startswith("line 2: there is no file x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("path,note\na.pdf,letter\n", "the heading is path, note;"),
        ("label,note\nletter,x\n", "the heading is label, note;"),
        ("path;label\na.pdf;letter\n", "the heading is path;label;"),
        ("", "the heading is empty;"),
    ],
)
def test_a_heading_must_name_document_and_class(folder: Path, content: str, said: str) -> None:
    told = refused(folder, content)
    assert told.startswith(f"line 1: {said} it must name a column for the document (path, ")
    assert told.endswith("and one for its class (label, class)")


@pytest.mark.parametrize("content", ["path,label", "path,label\n", "path,label\n\n\n"])
def test_a_heading_alone_is_said(folder: Path, content: str) -> None:
    assert refused(folder, content).startswith("has no rows under its heading")


@pytest.mark.parametrize("rows", [1, 5000])  # the second: beyond what is decoded at once
def test_what_is_not_utf8_is_said_with_the_place(folder: Path, rows: int) -> None:
    before = b"text,label\n" + b"some text,letter\n" * rows
    told = refused(folder, before + "Außenstelle,letter\n".encode("latin-1"))
    assert told == f"is not UTF-8 (byte {len(before) + 2}): save it as UTF-8"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (f'{BEFORE}"open,letter\n', 5, "unexpected end of data"),
        (f'{BEFORE}"open,letter\nmore,letter\nand more,letter\n', 5, "unexpected end of data"),
        (f'{BEFORE}"some" text,letter\nmore,letter\n', 5, "',' expected after '\"'"),
        ('text,"label\n', 1, "unexpected end of data"),
    ],
)
def test_a_quote_out_of_place_is_said_with_its_line(folder: Path, content: str, line: int, said: str) -> None:
    told = refused(folder, content)
    assert said in told
    assert told.startswith(f"line {line}: ")


def test_a_csv_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(Usage, match=r"none\.csv cannot be read: No such file"):
        read_labels(folder / "none.csv")
    with pytest.raises(Usage, match=r"scans cannot be read: Is a directory"):
        read_labels(folder / "scans")
