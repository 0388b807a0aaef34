"""Office files of every kind become PDFs, shut in; without LibreOffice the reason says what to install."""

import http.server
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest

from capture.endings import ends_properly
from capture.media import OFFICE, sniff
from capture.tools import confined, libreoffice
from capture.tools.libreoffice import INSTALL, probe, to_pdf
from domain.errors import Refused
from tests.capture.office_files import RTF, all_kinds, open_document


def printed(path: Path, out: Path, *, seconds: float = 90.0, memory_mb: int = 2048) -> bytes:
    """The PDF, made in a fresh folder; nothing else is left there."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    made = to_pdf(path, sniff(path), out, seconds=seconds, memory_mb=memory_mb)
    assert list(out.iterdir()) == [made]
    return made.read_bytes()


def text(pdf: bytes) -> str:
    document = pdfium.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return all_kinds(tmp_path_factory.mktemp("office"))


def test_it_says_its_version() -> None:
    found = probe()
    assert found is not None
    assert re.fullmatch(r"\d+\.\d+(\.\d+)*", found.version)


def test_every_kind_is_told_by_its_content(kinds: dict[str, Path], tmp_path: Path) -> None:
    assert set(kinds) == set(OFFICE)
    for kind, path in kinds.items():
        shutil.copyfile(path, tmp_path / "lies.pdf")
        assert sniff(tmp_path / "lies.pdf") == kind


@pytest.mark.parametrize("kind", sorted(OFFICE))
def test_it_has_ended_when_all_of_it_is_there(kinds: dict[str, Path], tmp_path: Path, kind: str) -> None:
    data, path = kinds[kind].read_bytes(), tmp_path / "a"
    assert ends_properly(kinds[kind])
    for length in range(
        len(data) // 5, len(data) - 512, len(data) // 9
    ):  # some leave their last sector short
        path.write_bytes(data[:length])
        assert not ends_properly(path), length


@pytest.mark.parametrize("kind", ["docx", "xls", "pptx", "odt"])
def test_it_is_printed(kinds: dict[str, Path], tmp_path: Path, kind: str) -> None:
    assert "Invoice" in text(printed(kinds[kind], tmp_path / "out"))


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(RTF)
    assert printed(path, tmp_path / "one") == printed(path, tmp_path / "another folder")


def test_a_full_disk_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "_ROOM", 1 << 60)
    path = open_document(tmp_path / "a.odt", "text")
    path.write_bytes(path.read_bytes().replace(b"<office:body>", b"<office:ydob>"))
    with pytest.raises(OSError, match="no room"):
        printed(path, tmp_path / "out")


def test_broken(tmp_path: Path) -> None:
    path = open_document(tmp_path / "a.odt", "text")
    path.write_bytes(path.read_bytes().replace(b"<office:body>", b"<office:ydob>"))
    with pytest.raises(Refused) as refused:
        printed(path, tmp_path / "out")
    assert (refused.value.reason, refused.value.fix) == (
        "LibreOffice cannot open it: it is damaged, or needs a password",
        "open it, and send it as PDF",
    )


def test_limits_of_time_and_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(RTF)
    with pytest.raises(Refused, match=r"LibreOffice was not done with it after 0\.05 seconds"):
        printed(path, tmp_path / "out", seconds=0.05)
    with pytest.raises(Refused, match="LibreOffice cannot open it: it ended"):
        printed(path, tmp_path / "out", memory_mb=64)


def test_without_it_the_fix_names_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "find", lambda: None)
    (tmp_path / "a.rtf").write_bytes(RTF)
    with pytest.raises(Refused) as refused:
        to_pdf(tmp_path / "a.rtf", "rtf", tmp_path, seconds=9, memory_mb=2048)
    assert refused.value.reason == "LibreOffice is not installed here, and office files need it"
    assert refused.value.fix == f"{INSTALL}; then: postroom exceptions retry ID"


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither into the network nor to other files of this machine."""
    asked: list[str] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of this machine")
    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        links = (
            f'<text:section text:name="s"><text:section-source xlink:href="{secret.as_uri()}"/>'
            f"</text:section>"
            f'<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:type="simple" '
            f'xlink:href="http://127.0.0.1:{server.server_port}/seen.png"/></draw:frame></text:p>'
        )
        pdf = printed(open_document(tmp_path / "a.odt", "text", links), tmp_path / "out")
        server.shutdown()
    assert "Invoice" in text(pdf)
    assert "secret" not in text(pdf)
    assert asked == []


def shut_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    starter = [sys.executable, "-I", "-S", confined.__file__, "512", str(folder), "--"]
    return subprocess.run([*starter, *command], capture_output=True, text=True, timeout=60)


def test_what_is_shut_in_sees_its_folder_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for place in (inside, outside):
        place.mkdir()
        (place / "file").write_text("content")
    assert shut_in(inside, "/bin/cat", str(inside / "file")).stdout == "content"
    assert "Permission denied" in shut_in(inside, "/bin/cat", str(outside / "file")).stderr
    assert "Permission denied" in shut_in(inside, "/bin/cat", "/etc/passwd").stderr
    assert shut_in(inside, "/usr/bin/touch", str(inside / "new")).returncode == 0
    assert "Permission denied" in shut_in(inside, "/usr/bin/touch", str(outside / "new")).stderr
    program = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    assert "Network is unreachable" in shut_in(inside, "/usr/bin/python3", "-c", program).stderr


def test_a_pdf_of_several_sheets_has_several_pages(tmp_path: Path) -> None:
    rows = "<table:table table:name='two'><table:table-row><table:table-cell office:value-type='string'>"
    more = f"{rows}<text:p>Sheet two</text:p></table:table-cell></table:table-row></table:table>"
    pdf = printed(open_document(tmp_path / "a.ods", "spreadsheet", more), tmp_path / "out")
    (tmp_path / "a.pdf").write_bytes(pdf)
    with pikepdf.open(tmp_path / "a.pdf") as opened:
        assert len(opened.pages) == 2
