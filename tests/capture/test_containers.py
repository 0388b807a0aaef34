"""Files in files: what comes out, in which order, by which names, and what is refused."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest

from capture.containers import Room, unpack_attachments, unpack_zip
from domain.errors import Refused

ROOM = Room(files=50, bytes=1 << 20)


def packed(path: Path, *files: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def names(path: Path, out: Path, room: Room = ROOM) -> list[str]:
    return [one.name for one in unpack_zip(path, room, out)]


def refusal(path: Path, out: Path, room: Room = ROOM, password: str | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        unpack_zip(path, room, out, password)
    return refused.value.reason, refused.value.fix


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_members_come_in_natural_order_with_their_bytes(tmp_path: Path, out: Path) -> None:
    scan = b"II*\0" + bytes(20)
    path = packed(tmp_path / "a.zip", ("10.txt", b"ten"), ("9.CSV", b"a,b"), ("b/1.tif", scan))
    members = unpack_zip(path, ROOM, out)
    assert [(one.name, one.media, one.path.name, one.path.read_bytes()) for one in members] == [
        ("9.CSV", "csv", "000000.csv", b"a,b"),
        ("10.txt", "txt", "000001.txt", b"ten"),
        ("b/1.tif", "tiff", "000002.tif", scan),
    ]


def test_what_is_nobodys_mail_stays_inside(tmp_path: Path, out: Path) -> None:
    link = zipfile.ZipInfo("link.tif")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = packed(
        tmp_path / "a.zip",
        ("__MACOSX/._scan.tif", b"x"), (".DS_Store", b"x"), ("in/Thumbs.db", b"x"), ("folder/", b""),
        ("in/.hidden", b"x"), (link, b"/etc/passwd"), ("in/scan.tif", b"x"),
    )  # fmt: skip
    assert names(path, out) == ["in/scan.tif"]
    only = packed(tmp_path / "b.zip", (".DS_Store", b"x"))
    assert refusal(only, out) == ("the ZIP holds no file", "scan or send it again")


def test_no_name_leads_out_of_the_folder(tmp_path: Path, out: Path) -> None:
    odd = [
        "../../up.tif", "/etc/cron.d/job", "C:\\windows\\x.tif", "new\nline.tif", "quote'\".tif", "é📬.tif",
        "n" * 3000 + ".tif", "7" * 5000 + ".tif", "a.tif/", "same.tif",
    ]  # fmt: skip
    path = packed(tmp_path / "a.zip", *((name, b"x") for name in odd if not name.endswith("/")))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("same.tif", b"y")
    found = names(path, out)
    assert sorted(found) == sorted([name for name in odd if not name.endswith("/")] + ["same.tif"])
    assert {one.parent for one in tmp_path.rglob("*") if one.is_file()} == {tmp_path, out}
    assert {one.suffix for one in out.iterdir()} == {".tif", ""}


def test_names_that_are_not_marked_as_utf8_often_are(tmp_path: Path, out: Path) -> None:
    path = packed(tmp_path / "a.zip", ("aeAOe.tif", b"x"), ("bbbbb.tif", b"y"))
    data = path.read_bytes().replace(b"aeAOe", "é".encode() + b"tun").replace(b"bbbbb", b"\x82\xffabc")
    path.write_bytes(data)
    assert names(path, out) == ["étun.tif", "é\N{NO-BREAK SPACE}abc.tif"]


def test_bounds_of_files_and_bytes(tmp_path: Path, out: Path) -> None:
    path = packed(tmp_path / "a.zip", *((f"{number}.tif", bytes(100)) for number in range(5)))
    assert refusal(path, out, Room(4, 1 << 30))[0] == "holds more than 4 files"
    assert refusal(packed(tmp_path / "b.zip", ("a", bytes(3 << 20))), out, Room(4, 2 << 20)) == (
        "holds more than 2 MB of files",
        "split it, or raise container_mb",
    )
    assert list(out.iterdir()) == []


def test_bombs(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("0.bmp", "w") as member:
        for _ in range(101):
            member.write(bytes(1 << 20))
    assert refusal(path, out, Room(50, 1 << 40)) == (
        "a bomb: it unpacks to more than 100 times its size",
        "send it unpacked",
    )
    many = packed(tmp_path / "many.zip", *((str(number), b"") for number in range(20_000)))
    assert refusal(many, out, Room(2000, 1 << 40))[0] == "holds more than 2000 files"
    assert list(out.iterdir()) == []


def test_a_size_that_is_a_lie_brings_no_more_bytes(tmp_path: Path, out: Path) -> None:
    path = packed(tmp_path / "a.zip", ("a.tif", bytes(100_000)))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 100_000), struct.pack("<I", 10)))
    assert refusal(path, out)[0].startswith("the ZIP is damaged (")
    assert sum(one.stat().st_size for one in out.iterdir()) <= 10


@pytest.mark.parametrize("length", [10, 80, 150])
def test_damaged(tmp_path: Path, out: Path, length: int) -> None:
    path = packed(tmp_path / "a.zip", ("a.tif", b"x" * 100), ("b.tif", b"y" * 100))
    path.write_bytes(path.read_bytes()[:length])
    assert refusal(path, out)[0].startswith("the ZIP is damaged (")


def crypted(path: Path, data: bytes, password: bytes) -> Path:
    """A ZIP with the traditional encryption of APPNOTE 6.1, which the standard library only reads."""
    packed(path, ("scan.tif", data))
    with zipfile.ZipFile(path) as archive:
        info = archive.infolist()[0]
        with path.open("rb") as file:
            file.seek(info.header_offset + 30 + len(info.filename))
            body = file.read(info.compress_size)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = ~zlib.crc32(bytes([byte]), ~keys[0] & 0xFFFFFFFF) & 0xFFFFFFFF
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = ~zlib.crc32(bytes([keys[1] >> 24]), ~keys[2] & 0xFFFFFFFF) & 0xFFFFFFFF

    for byte in password:
        update(byte)
    secret = bytearray()
    for byte in bytes(11) + bytes([info.CRC >> 24]) + body:
        mask = (keys[2] & 0xFFFF) | 2
        secret.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        update(byte)
    name = info.filename.encode()
    sizes = struct.pack("<III", info.CRC, len(secret), info.file_size)
    local = struct.pack("<4sHHHHH", b"PK\3\4", 20, 1, info.compress_type, 0, 0x21) + sizes
    local += struct.pack("<HH", len(name), 0) + name + secret
    central = struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 1, info.compress_type, 0, 0x21) + sizes
    central += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    return path


def test_an_unknown_way_of_packing_is_no_wrong_password(tmp_path: Path, out: Path) -> None:
    path = crypted(tmp_path / "a.zip", b"open", b"sesame")
    data = bytearray(path.read_bytes())
    # The compression method, in both of its places (PKWARE APPNOTE, 4.3.7, 4.3.12).
    for at in (8, data.index(b"PK\x01\x02") + 10):
        data[at : at + 2] = struct.pack("<H", 97)
    path.write_bytes(data)
    assert "password" not in refusal(path, out, password="sesame")[0]


def test_a_password_opens_it(tmp_path: Path, out: Path) -> None:
    path = crypted(tmp_path / "a.zip", b"the scan", b"open sesame")
    assert refusal(path, out) == (
        "the ZIP is encrypted with a password",
        "give it: postroom exceptions retry ID --password",
    )
    for wrong in ("", "sesame", "Open sesame"):
        assert refusal(path, out, password=wrong)[0] == "the password does not open it"
    (member,) = unpack_zip(path, ROOM, out, "open sesame")
    assert (member.name, member.path.read_bytes()) == ("scan.tif", b"the scan")


def test_aes_is_refused_by_its_name(tmp_path: Path, out: Path) -> None:
    path = crypted(tmp_path / "a.zip", b"the scan", b"x")
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<HH", 1, 8), struct.pack("<HH", 1, 99)))
    assert refusal(path, out, password="x") == (
        "the ZIP is encrypted with AES, which nothing here opens",
        "send it unpacked",
    )


def portfolio(path: Path, **files: bytes) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        for name, data in files.items():
            pdf.attachments[name] = data
        pdf.save(path)
    return path


def test_attachments_of_the_document_and_of_its_pages(tmp_path: Path, out: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        for name in ("10.csv", "9.csv"):
            pdf.attachments[name] = name.encode()
        pinned = pikepdf.AttachedFileSpec(
            pdf, b"pinned", filename="note.txt", creation_date="", mod_date="", description="", mime_type=""
        )
        notes = [
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, FS=one)
            for one in (pinned.obj, pdf.attachments["9.csv"].obj)
        ]
        pdf.pages[0].Annots = pikepdf.Array([*notes, pikepdf.Dictionary(Subtype=pikepdf.Name.Text)])
        pdf.save(tmp_path / "a.pdf")
    found = unpack_attachments(tmp_path / "a.pdf", ROOM, out)
    assert [(one.name, one.media, one.path.read_bytes()) for one in found] == [
        ("9.csv", "csv", b"9.csv"),
        ("10.csv", "csv", b"10.csv"),
        ("note.txt", "txt", b"pinned"),
    ]


def test_attachments_are_bounded_too(tmp_path: Path, out: Path) -> None:
    path = portfolio(tmp_path / "a.pdf", a=bytes(2 << 20), b=b"x")
    for room, reason in ((Room(1, 1 << 30), "more than 1 files"), (Room(9, 1 << 20), "more than 1 MB")):
        with pytest.raises(Refused, match=reason):
            unpack_attachments(path, room, out)


def test_a_pdf_without_attachments(tmp_path: Path, out: Path) -> None:
    assert unpack_attachments(portfolio(tmp_path / "a.pdf"), ROOM, out) == ()
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    with pytest.raises(Refused, match="the PDF is damaged"):
        unpack_attachments(tmp_path / "b.pdf", ROOM, out)


def test_an_empty_zip(tmp_path: Path, out: Path) -> None:
    data = io.BytesIO()
    zipfile.ZipFile(data, "w").close()
    (tmp_path / "a.zip").write_bytes(data.getvalue())
    assert refusal(tmp_path / "a.zip", out) == ("the ZIP holds no file", "scan or send it again")
