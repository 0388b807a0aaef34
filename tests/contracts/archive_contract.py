"""What every archive must do. Subclass it with a fixture ``archive`` that is empty at first."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.fixity import UNREADABLE, Mismatch, check, copy_missing, mend
from archive.local import LocalArchive
from archive.port import Archive, Conflict, Locked, NotFound, Stat, Stored
from domain.errors import Usage

HELLO = hashlib.sha256(b"hello").hexdigest()
BAD_KEYS = (
    "", "/", "a/", "/a", "a//b", "..", "a/../b", "a/.b", "a b", "a\\b", "a\0b", "ä", "a/" + "x" * 255,
    "/".join(["x" * 100] * 11), "a?b", "a\n",
)  # fmt: skip
SECOND = timedelta(seconds=1)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)


def flip(disk: Path, content: bytes, at: int) -> None:
    """Changes one bit of ``content`` in whatever file below ``disk`` holds it, as a failing disk would."""
    piece = content[at : at + 64]
    for path in (path for path in disk.rglob("*") if path.is_file()):
        held = path.read_bytes()
        start = held.find(content[: 1 << 16])  # documents share fonts and profiles, but not their first pages
        place = held.find(piece, start)
        if start >= 0 and place >= 0:
            mode = path.stat().st_mode
            path.chmod(0o600)
            with path.open("r+b") as file:
                file.seek(place)
                file.write(bytes([piece[0] ^ 1]))
            path.chmod(mode)
            return
    raise AssertionError(f"no file below {disk} holds the object")


class ArchiveContract:
    def fetch(self, archive: Any, link: str) -> bytes | None:
        """What somebody without credentials gets by a link; None when it is refused."""
        raise NotImplementedError

    def kept(self, media_type: str) -> str:
        """The media type that the store gives back for it."""
        return media_type

    @pytest.fixture
    def disk(self) -> Path:
        """The folder that the store keeps objects in."""
        raise NotImplementedError

    @pytest.fixture
    def mirror(self, tmp_path: Path) -> Archive:
        return LocalArchive(tmp_path / "mirror")

    def test_ready_leaves_nothing(self, archive: Archive) -> None:
        for _ in range(2):
            archive.ready()
        assert list(archive.list()) == []
        assert archive.put("a", b"hello").sha256 == HELLO
        archive.ready()
        assert list(archive.list()) == ["a"]

    def test_put_is_read_back(self, archive: Archive) -> None:
        stored = archive.put("documents/d1/aa/text.json", b"hello", media_type="application/json")
        assert stored == Stored("documents/d1/aa/text.json", HELLO, 5, "application/json")
        assert archive.read(stored.key) == b"hello"
        stat = archive.stat(stored.key)
        assert stat == Stat(stored.key, 5, media_type=self.kept("application/json"))
        assert archive.checksum(stored.key) == HELLO
        with archive.open(stored.key) as stream:
            assert (stream.read(2), stream.read()) == (b"he", b"llo")

    def test_put_of_a_file(self, archive: Archive, tmp_path: Path) -> None:
        content = bytes(range(256)) * 12_345
        (tmp_path / "file").write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        expected = Stored("originals/aa/aa/original", sha256, len(content), "application/octet-stream")
        assert archive.put("originals/aa/aa/original", tmp_path / "file") == expected
        assert archive.put("originals/aa/aa/original", tmp_path / "file") == expected
        assert archive.read(expected.key) == content

    def test_put_of_a_file_that_is_not_there(self, archive: Archive, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            archive.put("a/b", tmp_path / "missing")
        assert list(archive.list("")) == []

    def test_empty_object(self, archive: Archive) -> None:
        empty = hashlib.sha256(b"").hexdigest()
        assert archive.put("a", b"") == Stored("a", empty, 0, "application/octet-stream")
        assert archive.read("a") == b""

    def test_same_bytes_again_change_nothing(self, archive: Archive) -> None:
        assert archive.put("a/b", b"hello") == archive.put("a/b", b"hello")
        assert list(archive.list("")) == ["a/b"]

    def test_other_bytes_are_a_conflict(self, archive: Archive) -> None:
        archive.put("a/b", b"hello")
        with pytest.raises(Conflict, match="a/b"):
            archive.put("a/b", b"Hello")
        assert archive.read("a/b") == b"hello"

    def test_missing(self, archive: Archive) -> None:
        for ask in (archive.open, archive.read, archive.stat, archive.checksum):
            with pytest.raises(NotFound, match="a/b"):
                ask("a/b")

    def test_list_is_sorted_and_by_prefix(self, archive: Archive) -> None:
        keys = ["a", "b-c/d", "b/c", "b/c2", "b/d/e", "b0/x", "register/N-1/000001.json"]
        for key in reversed(keys):
            archive.put(key, key.encode())
        assert list(archive.list("")) == sorted(keys)
        assert list(archive.list("b/")) == ["b/c", "b/c2", "b/d/e"]
        assert list(archive.list("b/c")) == ["b/c", "b/c2"]
        assert list(archive.list("b")) == ["b-c/d", "b/c", "b/c2", "b/d/e", "b0/x"]
        assert list(archive.list("zz")) == []

    def test_delete_is_idempotent(self, archive: Archive) -> None:
        archive.put("a/b", b"hello")
        archive.put("a/c", b"hello")
        archive.delete("a/b")
        archive.delete("a/b")
        archive.delete("never/there")
        assert list(archive.list("")) == ["a/c"]
        archive.put("a/b", b"other")
        assert archive.read("a/b") == b"other"

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_bad_keys_are_refused_everywhere(self, archive: Archive, key: str) -> None:
        with pytest.raises(Usage):
            archive.put(key, b"")
        for ask in (archive.open, archive.read, archive.stat, archive.checksum, archive.delete):
            with pytest.raises(Usage):
                ask(key)

    def test_writers_at_once(self, archive: Archive) -> None:
        def put(content: bytes) -> str:
            try:
                return archive.put("a/b", content).sha256
            except Conflict:
                return "conflict"

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(put, [b"one", b"two"] * 20))
        won = archive.checksum("a/b")
        assert sorted(set(outcomes)) == sorted({won, "conflict"})
        assert outcomes.count(won) == 20
        assert list(archive.list("")) == ["a/b"]

    def test_fixity(self, archive: Archive) -> None:
        for key in ("a", "b"):
            archive.put(key, b"hello")
        assert list(check(archive, [("a", HELLO), ("b", HELLO)])) == []
        assert list(check(archive, [("a", "0" * 64), ("b", HELLO), ("gone", HELLO)])) == [
            Mismatch("a", "0" * 64, HELLO),
            Mismatch("gone", HELLO, None),
        ]

    def test_parts_are_clipped(self, archive: Archive) -> None:
        archive.put("a", b"0123456789")
        parts = {
            (0, 4): b"0123", (3, 4): b"3456", (8, 4): b"89", (10, 4): b"", (99, 4): b"", (7, None): b"789",
            (0, 0): b"", (0, None): b"0123456789", (10, None): b"", (99, None): b"",
        }  # fmt: skip
        assert {part: archive.read("a", start=part[0], length=part[1]) for part in parts} == parts
        for (start, length), expected in parts.items():
            with archive.open("a", start=start, length=length) as stream:
                assert (stream.read(2), stream.read()) == (expected[:2], expected[2:])
        for start, length in ((-1, None), (0, -1)):
            with pytest.raises(Usage):
                archive.read("a", start=start, length=length)
        for ask in (archive.open, archive.read):
            with pytest.raises(NotFound):
                ask("b", start=3, length=0)

    def test_streams_are_read_in_pieces(self, archive: Archive) -> None:
        content = bytes(range(256)) * 10_000
        archive.put("a", content)
        with archive.open("a") as stream:
            assert b"".join(iter(lambda: stream.read(100_001), b"")) == content
        with archive.open("a", start=255, length=1_000_000) as stream:
            assert b"".join(iter(lambda: stream.read(7_777), b"")) == content[255:1_000_255]

    def test_large_objects(self, large: tuple[Archive, int], tmp_path: Path) -> None:
        archive, megabytes = large
        content = b"".join(number.to_bytes(4, "big") for number in range(megabytes << 18))
        (tmp_path / "large").write_bytes(content)
        expected = Stored("a/large", sha(content), len(content), "application/pdf")
        for _ in range(2):
            assert archive.put("a/large", tmp_path / "large", media_type="application/pdf") == expected
        assert archive.stat("a/large").size == len(content)
        assert archive.checksum("a/large") == expected.sha256
        assert len(archive.versions("a/large")) == 1
        middle = len(content) // 2
        assert archive.read("a/large", start=middle, length=5) == content[middle : middle + 5]
        with archive.open("a/large") as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == expected.sha256  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            archive.put("a/large", content[:-1] + b"x")
        assert archive.checksum("a/large") == expected.sha256
        assert archive.sweep_temporary(0) == 0

    def test_list_beyond_a_thousand(self, archive: Archive) -> None:
        keys = [f"{'ab-_=Z'[number % 6]}{number}/x" for number in range(1_100)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: archive.put(key, b"x"), keys))
        assert list(archive.list()) == sorted(keys)
        assert list(archive.list("b")) == sorted(key for key in keys if key.startswith("b"))

    def test_a_locked_object_stays(self, archive: Archive) -> None:
        archive.put("a/b", b"hello")
        until = (now() + 5 * SECOND).replace(microsecond=0)
        archive.lock("a/b", until)
        assert archive.stat("a/b") == Stat("a/b", 5, until)
        with pytest.raises(Locked, match="a/b"):
            archive.delete("a/b")
        assert archive.read("a/b") == b"hello"
        assert list(archive.list()) == ["a/b"]
        assert len(archive.versions("a/b")) == 1
        assert archive.put("a/b", b"hello").sha256 == HELLO
        time.sleep((until - now()).total_seconds() + 1.1)
        archive.delete("a/b")
        assert list(archive.list()) == []

    def test_a_lock_grows_and_never_shrinks(self, archive: Archive) -> None:
        archive.put("a", b"hello")
        until = (now() + timedelta(hours=1)).replace(microsecond=0)
        archive.lock("a", until)
        archive.lock("a", until - timedelta(minutes=30))
        archive.lock("a", now() - SECOND)
        assert archive.stat("a").locked_until == until
        archive.lock("a", until + timedelta(days=1, milliseconds=1))
        assert archive.stat("a").locked_until == until + timedelta(days=1, seconds=1)
        with pytest.raises(Locked):
            archive.delete("a")

    def test_a_held_object_stays(self, archive: Archive) -> None:
        archive.put("a/b", b"hello")
        archive.hold("a/b", True)
        archive.hold("a/b", True)
        assert archive.stat("a/b") == Stat("a/b", 5, None, held=True)
        with pytest.raises(Locked, match="a/b"):
            archive.delete("a/b")
        assert archive.read("a/b") == b"hello"
        archive.hold("a/b", False)
        archive.delete("a/b")
        assert list(archive.list()) == []
        archive.put("a/b", b"hello")
        assert archive.stat("a/b") == Stat("a/b", 5)

    def test_locks_of_what_is_not_there(self, archive: Archive) -> None:
        with pytest.raises(NotFound):
            archive.lock("a/b", now() + timedelta(hours=1))
        with pytest.raises(NotFound):
            archive.hold("a/b", True)
        with pytest.raises(Usage, match="time zone"):
            archive.lock("a/b", datetime(2999, 1, 1))

    def test_versions(self, archive: Archive) -> None:
        assert archive.versions("a/b") == ()
        archive.put("a/b", b"hello")
        archive.put("a/b", b"hello")
        archive.put("a/b2", b"other")
        (one,) = archive.versions("a/b")
        assert (one.size, one.current) == (5, True)
        assert abs(one.stored_at - now()) < timedelta(minutes=1)
        archive.delete("a/b")
        assert archive.versions("a/b") == ()
        assert archive.read("a/b2") == b"other"

    def test_links_expire(self, archive: Archive) -> None:
        archive.put("a/b", b"hello")
        archive.put("a/c", b"other")
        link, short = archive.link("a/b", timedelta(minutes=1)), archive.link("a/b", 4 * SECOND)
        assert (self.fetch(archive, link), self.fetch(archive, short)) == (b"hello", b"hello")
        assert self.fetch(archive, link.replace("a/b", "a/c")) is None
        assert self.fetch(archive, link[:-1] + ("0" if link[-1] != "0" else "1")) is None
        assert self.fetch(archive, archive.link("a/none", timedelta(minutes=1))) is None
        time.sleep(5.1)
        assert (self.fetch(archive, link), self.fetch(archive, short)) == (b"hello", None)
        for wrong in (timedelta(0), -SECOND, timedelta(days=7, seconds=1)):
            with pytest.raises(Usage, match="seven days"):
                archive.link("a/b", wrong)

    @pytest.mark.parametrize("size", [3_000, 3_000_000])
    def test_a_flipped_bit_is_found_and_mended(
        self, archive: Archive, mirror: Archive, disk: Path, size: int
    ) -> None:
        content = os.urandom(size)
        objects = [("a/b", sha(content)), ("a/c", HELLO)]
        archive.put("a/b", content, media_type="text/plain")
        archive.put("a/c", b"hello")
        until = (now() + timedelta(hours=1)).replace(microsecond=0)
        archive.lock("a/b", until)
        archive.hold("a/b", True)
        assert list(copy_missing(archive, mirror, objects)) == ["a/b", "a/c"]
        assert list(copy_missing(archive, mirror, objects)) == []
        assert list(check(archive, objects)) == []

        flip(disk, content, size // 2)
        (wrong,) = check(archive, objects)
        assert (wrong.key, wrong.expected) == ("a/b", sha(content))
        changed = bytearray(content)
        changed[size // 2] ^= 1
        assert wrong.found in (sha(bytes(changed)), UNREADABLE)

        assert mend(archive, mirror, "a/b", sha(content))
        assert list(check(archive, objects)) == []
        assert archive.read("a/b") == content
        expected = Stat("a/b", size, until, held=True, media_type=self.kept("text/plain"))
        assert archive.stat("a/b") == expected
        assert [one.current for one in archive.versions("a/b")] in ([True], [True, False])
        with pytest.raises(Locked):
            archive.delete("a/b")

    def test_mending_needs_the_true_bytes(self, archive: Archive, mirror: Archive) -> None:
        archive.put("a", b"hello")
        assert not mend(archive, mirror, "b", HELLO)
        mirror.put("b", b"wrong")
        assert not mend(archive, mirror, "b", HELLO)
        assert list(archive.list()) == ["a"]
        mirror.put("c", b"hello")
        assert mend(archive, mirror, "c", HELLO)
        assert archive.read("c") == b"hello"
        assert list(copy_missing(archive, mirror, [("a", "0" * 64), ("gone", HELLO)])) == []
        assert list(mirror.list()) == ["b", "c"]

    def test_a_copy_of_another_size_is_no_copy(self, archive: Archive, mirror: Archive) -> None:
        objects = [("a", HELLO), ("gone", HELLO)]
        archive.put("a", b"hello")
        for key, cut in (("a", b"hell"), ("gone", b"")):
            mirror.put(key, cut)
        assert list(copy_missing(archive, mirror, objects)) == ["a"]
        assert (mirror.read("a"), mirror.read("gone")) == (b"hello", b"")
        assert list(copy_missing(archive, mirror, objects)) == []

    def test_restoring_never_changes_an_object(self, archive: Archive) -> None:
        archive.put("a", b"hello")
        with pytest.raises(Conflict):
            archive.restore("a", b"other", sha256=HELLO)
        assert archive.restore("a", b"hello", sha256=HELLO).sha256 == HELLO
        assert archive.read("a") == b"hello"
        assert len(archive.versions("a")) == 1
        assert archive.restore("b/c", b"hello", sha256=HELLO).size == 5
        assert list(archive.list()) == ["a", "b/c"]

    def test_one_archive_in_many_threads(self, archive: Archive) -> None:
        def work(number: int) -> bytes:
            content = bytes([number]) * 50_000
            archive.put(f"{number}/x", content)
            return archive.read(f"{number}/x")[:1] + archive.checksum(f"{number}/x").encode()

        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(work, range(48)))
        assert found == [bytes([number]) + sha(bytes([number]) * 50_000).encode() for number in range(48)]
