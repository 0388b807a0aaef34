import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.fixity import UNREADABLE, Mismatch, check
from archive.local import LocalArchive
from archive.port import OCTETS, Archive, Conflict, Locked, NotFound, Stat
from domain.errors import Denied, Unavailable
from tests.contracts.archive_contract import ArchiveContract


@pytest.fixture
def archive(tmp_path: Path) -> LocalArchive:
    return LocalArchive(tmp_path / "new" / "archive")


class TestLocalArchive(ArchiveContract):
    def fetch(self, archive: LocalArchive, link: str) -> bytes | None:
        try:
            with archive.open_link(link) as stream:
                return stream.read()
        except NotFound:
            return None

    def kept(self, media_type: str) -> str:
        return OCTETS

    @pytest.fixture
    def disk(self, archive: LocalArchive) -> Path:
        return archive.root

    @pytest.fixture
    def large(self, archive: LocalArchive) -> tuple[Archive, int]:
        return archive, 12


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_a_folder_that_cannot_be_written_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(Denied, match="write access"):
        LocalArchive(Path("/sys/postroom-archive")).ready()
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="file"):
        LocalArchive(tmp_path / "file").ready()


def test_nothing_is_made_before_the_first_put(archive: LocalArchive) -> None:
    assert list(archive.list("")) == []
    assert archive.sweep_temporary(0) == 0
    with pytest.raises(NotFound):
        archive.read("a")
    archive.delete("a")
    assert not archive.root.parent.exists()


def test_objects_are_read_only_and_nothing_else_is_left(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    assert (archive.root / "a/b").stat().st_mode & 0o777 == 0o444
    assert (archive.root / "a/b").stat().st_nlink == 1
    assert files(archive.root) == ["a/b"]


def test_a_changed_object_shows(archive: LocalArchive) -> None:
    stored = archive.put("a/b", b"hello")
    (archive.root / "a/b").chmod(0o644)
    (archive.root / "a/b").write_bytes(b"hellO")
    found = hashlib.sha256(b"hellO").hexdigest()
    assert list(check(archive, [("a/b", stored.sha256)])) == [Mismatch("a/b", stored.sha256, found)]
    with pytest.raises(Conflict):
        archive.put("a/b", b"hello")


def test_path_prefixes_are_conflicts(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    with pytest.raises(Conflict):
        archive.put("a/b/c", b"hello")
    with pytest.raises(Conflict):
        archive.put("a", b"hello")
    with pytest.raises(NotFound):
        archive.read("a/b/c")
    with pytest.raises(NotFound):
        archive.read("a")
    assert files(archive.root) == ["a/b"]


def test_links_are_never_followed(archive: LocalArchive, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"secret")
    archive.put("a/b", b"hello")
    (archive.root / "link").symlink_to(tmp_path / "outside")
    (archive.root / "a/secret").symlink_to(tmp_path / "outside/secret")
    for key in ("link/secret", "a/secret"):
        with pytest.raises(Unavailable, match="symbolic link"):
            archive.read(key)
    with pytest.raises(Unavailable, match="symbolic link"):
        archive.put("link/new", b"")
    with pytest.raises(Unavailable, match="symbolic link"):
        archive.put("a/secret", b"")
    with pytest.raises(Unavailable, match="symbolic link"):
        archive.delete("link/secret")
    assert list(archive.list("")) == ["a/b"]
    assert files(tmp_path / "outside") == ["secret"]


def test_full_disk(archive: LocalArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match=r"a/b: No space left on device\. Free space"):
        archive.put("a/b", b"hello")
    monkeypatch.undo()
    assert files(archive.root) == []
    archive.put("a/b", b"hello")
    assert archive.read("a/b") == b"hello"


def test_a_disk_that_lies(archive: LocalArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.local.read_back", lambda *_: "0" * 64)
    with pytest.raises(Unavailable, match="other bytes than were written"):
        archive.put("a/b", b"hello")
    assert files(archive.root) == []


def test_foreign_files_are_no_objects(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    (archive.root / "lost+found").mkdir()
    (archive.root / "a/.DS_Store").write_bytes(b"")
    (archive.root / "a/with blank").write_bytes(b"")
    assert list(archive.list("")) == ["a/b"]


def test_sweep_leaves_the_young(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    for name, age in (("old", 100), ("young", 0)):
        draft = archive.root / ".tmp" / name
        draft.write_bytes(b"half")
        os.utime(draft, (time.time() - age, time.time() - age))
    assert list(archive.list("")) == ["a/b"]
    assert archive.sweep_temporary(50) == 1
    assert files(archive.root) == [".tmp/young", "a/b"]


KILLED = """
import sys
from pathlib import Path
import archive.local as local
from archive import local_files

def slowly(content):
    for at in range(0, len(content), 1000):
        yield content[at:at + 1000]
        print("written", flush=True)

local_files.pieces = slowly
local.LocalArchive(Path(sys.argv[1])).put("a/b", b"hello" * 10_000_000)
"""


def test_a_killed_writer_leaves_no_partial_object(archive: LocalArchive) -> None:
    writer = python(KILLED, archive.root)
    assert writer.stdout
    assert writer.stdout.readline() == "written\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert list(archive.list("")) == []
    with pytest.raises(NotFound):
        archive.read("a/b")
    assert [name.split("/")[0] for name in files(archive.root)] == [".tmp"]
    archive.put("a/b", b"whole")
    assert archive.read("a/b") == b"whole"
    assert archive.sweep_temporary(0) == 1
    assert files(archive.root) == ["a/b"]


RACE = """
import sys
from pathlib import Path
from archive.local import LocalArchive
from archive.port import Conflict

archive, mine = LocalArchive(Path(sys.argv[1])), sys.argv[2].encode() * 50_000
print("ready", flush=True)
for number in range(60):
    same = archive.put(f"same/{number}/x", b"same" * 10_000)
    try:
        archive.put(f"other/{number}/x", mine)
        print(number)
    except Conflict:
        pass
"""


def test_two_processes_put_the_same_keys(archive: LocalArchive) -> None:
    writers = [python(RACE, archive.root, name) for name in "ab"]
    won = [set(map(int, writer.communicate()[0].split()[1:])) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert won[0] | won[1] == set(range(60))
    assert not won[0] & won[1]
    for name, numbers in zip(b"ab", won, strict=True):
        for number in numbers:
            assert archive.read(f"other/{number}/x") == bytes([name]) * 50_000
    assert files(archive.root / ".tmp") == []


def test_a_bad_block_is_damage(archive: LocalArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = archive.put("a/b", b"hello")

    def bad(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("archive.local.hash_on_disk", bad)
    assert list(check(archive, [("a/b", stored.sha256)])) == [Mismatch("a/b", stored.sha256, UNREADABLE)]


def test_guards_and_links_outlive_the_process(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    archive.lock("a/b", until)
    archive.hold("a/b", True)
    link = archive.link("a/b", timedelta(minutes=1))
    again = LocalArchive(archive.root)
    assert again.stat("a/b") == Stat("a/b", 5, until, held=True)
    with pytest.raises(Locked, match="legal hold"):
        again.delete("a/b")
    again.hold("a/b", False)
    with pytest.raises(Locked, match=f"until {until:%Y-%m-%d}"):
        again.delete("a/b")
    with again.open_link(link) as stream:
        assert stream.read() == b"hello"
    assert list(again.list()) == ["a/b"]
    assert (archive.root / ".secret").stat().st_mode & 0o777 == 0o600
    other = LocalArchive(archive.root.parent / "other")
    other.put("a/b", b"hello")
    for void in (link, "", "archive:a/b", "archive:a/b?expires=99999999999&signature=", "http://" + link):
        with pytest.raises(NotFound, match="expired"):
            other.open_link(void)


def test_a_guard_that_cannot_be_read_keeps_the_object(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    archive.hold("a/b", True)
    (guard,) = (path for path in (archive.root / ".guards").rglob("*") if path.is_file())
    guard.write_bytes(b"{}")
    with pytest.raises(Unavailable, match="counts as locked"):
        archive.delete("a/b")
    assert archive.read("a/b") == b"hello"


def test_a_lock_is_gone_with_its_object(archive: LocalArchive) -> None:
    archive.put("a/b", b"hello")
    archive.hold("a/b", True)
    archive.hold("a/b", False)
    archive.delete("a/b")
    assert files(archive.root) == []


HOLDING = """
import sys
from pathlib import Path
from archive.local import LocalArchive
from archive.port import Locked, NotFound

archive, action = LocalArchive(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
for number in range(200):
    try:
        archive.hold(f"{number}/x", True) if action == "hold" else archive.delete(f"{number}/x")
        print(number)
    except (Locked, NotFound):
        pass
"""


def test_an_object_is_held_or_removed_never_both(archive: LocalArchive) -> None:
    for number in range(200):
        archive.put(f"{number}/x", b"hello")
    rivals = [python(HOLDING, archive.root, action) for action in ("hold", "delete")]
    held, removed = (set(map(int, one.communicate()[0].split()[1:])) for one in rivals)
    assert [one.returncode for one in rivals] == [0, 0]
    assert held | removed == set(range(200))
    assert not held & removed
    assert sorted(archive.list()) == sorted(f"{number}/x" for number in held)


def test_is_an_archive(archive: LocalArchive) -> None:
    port: Archive = archive
    assert port is archive


def test_a_deep_prefix_looks_into_its_folders_alone(
    archive: LocalArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("register/IN-1/1.json", "register/IN-2/1.json", "register/IN-2/2.json", "register/file"):
        archive.put(key, b"x")
    (archive.root / "register" / "IN-3").symlink_to(archive.root / "register" / "IN-2")
    looked: list[Path] = []
    scan = os.scandir

    def noted(folder: Path) -> Any:
        looked.append(folder)
        return scan(folder)

    monkeypatch.setattr(os, "scandir", noted)
    assert list(archive.list("register/IN-2/")) == ["register/IN-2/1.json", "register/IN-2/2.json"]
    assert list(archive.list("register/IN-2/2")) == ["register/IN-2/2.json"]
    assert looked == [archive.root / "register" / "IN-2"] * 2
    for prefix in ("register/IN-3/", "register/IN-4/", "register/file/", "register/../register/IN-2/"):
        assert list(archive.list(prefix)) == []
    assert len(looked) == 2
