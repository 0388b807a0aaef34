from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from capture.pages import GIVE_PASSWORD, Source, inspect
from domain.errors import Refused
from tests.capture.sheets import saved, sheet
from tests.capture.test_media import ole

TAKES = ("pdf", "tiff", "jpeg", "png")


def refusal(path: Path, takes: tuple[str, ...] = TAKES, limit: int = 50) -> tuple[str, str, int | None]:
    with pytest.raises(Refused) as refused:
        inspect(path, takes, limit)
    return refused.value.reason, refused.value.fix, refused.value.page


def pdf(path: Path, pages: int, **options: object) -> Path:
    with pikepdf.new() as new:
        for _ in range(pages):
            new.add_blank_page()
        new.save(path, **options)  # type: ignore[arg-type]
    return path


def tiff(path: Path, pages: int) -> Path:
    frames = [Image.new("1", (40, 40), 1) for _ in range(pages)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="group4")
    return path


def test_pages_are_counted(tmp_path: Path) -> None:
    assert inspect(pdf(tmp_path / "a", 3), TAKES, 50) == Source("pdf", 3)
    assert inspect(tiff(tmp_path / "b.tif", 7), TAKES, 50) == Source("tiff", 7)
    assert inspect(tiff(tmp_path / "c.tif", 50), TAKES, 50) == Source("tiff", 50)
    assert inspect(saved(sheet(), tmp_path / "d.png"), TAKES, 50) == Source("png", 1)
    assert inspect(saved(sheet(), tmp_path / "e.jpg"), TAKES, 50) == Source("jpeg", 1)


def test_too_many_pages(tmp_path: Path) -> None:
    wanted = ("more than 50 pages", "split the batch, or raise the station's page limit", None)
    assert refusal(pdf(tmp_path / "a", 51)) == wanted
    assert refusal(tiff(tmp_path / "b.tif", 51)) == wanted


def test_a_loop_of_tiff_directories_ends(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", 3)
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        starts = []
        for page in range(3):
            image.seek(page)
            starts.append(image._frame_pos[page])  # type: ignore[attr-defined]
    entries = int.from_bytes(data[starts[2] : starts[2] + 2], "little")
    link = starts[2] + 2 + 12 * entries
    data[link : link + 4] = starts[0].to_bytes(4, "little")
    path.write_bytes(data)
    assert inspect(path, TAKES, 50) == Source("tiff", 3)


def test_empty_and_unwanted(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    assert refusal(tmp_path / "empty.pdf") == ("the file is empty (0 bytes)", "scan or send it again", None)
    (tmp_path / "list.csv").write_text("a,b")
    assert refusal(tmp_path / "list.csv") == (
        "type not taken here: csv",
        "send it as pdf, tiff, jpeg, png",
        None,
    )
    assert refusal(pdf(tmp_path / "a.pdf", 1), ("tiff",)) == (
        "type not taken here: pdf",
        "send it as tiff",
        None,
    )
    (tmp_path / "fake.pdf").write_text("hello")
    assert refusal(tmp_path / "fake.pdf")[0] == "its content is of no known type, whatever its name says"


def test_office_files_with_a_password(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(ole("Root Entry", "EncryptedPackage"))
    assert refusal(tmp_path / "a.docx", ("office",)) == (
        "the office file is encrypted with a password",
        "send it without a password",
        None,
    )
    assert refusal(tmp_path / "a.docx")[0] == "type not taken here: locked office file"


def test_encrypted(tmp_path: Path) -> None:
    locked = pdf(tmp_path / "a", 1, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert refusal(locked) == ("the PDF is encrypted with a password", GIVE_PASSWORD, None)
    opens = pdf(tmp_path / "b", 1, encryption=pikepdf.Encryption(owner="o", user=""))
    assert inspect(opens, TAKES, 50) == Source("pdf", 1)


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG")])
def test_cut_off(tmp_path: Path, name: str, kind: str) -> None:
    path = saved(sheet(), tmp_path / name)
    path.write_bytes(path.read_bytes()[:-2000])
    assert refusal(path)[0] == f"the {kind} is cut off: its end is missing"


def test_a_pdf_that_qpdf_can_mend_is_taken(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", 2, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    path.write_bytes(path.read_bytes().replace(b"startxref", b"startxxxx"))
    assert inspect(path, TAKES, 50) == Source("pdf", 2)
    path.write_bytes(b"%PDF-1.7\nnothing else\n%%EOF")
    assert refusal(path)[0].startswith("the PDF is damaged (")
