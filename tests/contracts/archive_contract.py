"""What every archive must do. Subclass it with a fixture ``archive`` that is empty at first."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.fixity import Mismatch, check
from archive.port import Archive, Conflict, NotFound, Stat, Stored
from domain.errors import Usage

HELLO = hashlib.sha256(b"hello").hexdigest()
BAD_KEYS = (
    "", "/", "a/", "/a", "a//b", "..", "a/../b", "a/.b", "a b", "a\\b", "a\0b", "ä", "a/" + "x" * 255,
    "/".join(["x" * 100] * 11), "a?b", "a\n",
)  # fmt: skip


class ArchiveContract:
    def test_put_is_read_back(self, archive: Archive) -> None:
        stored = archive.put("documents/d1/aa/text.json", b"hello", media_type="application/json")
        assert stored == Stored("documents/d1/aa/text.json", HELLO, 5, "application/json")
        assert archive.read(stored.key) == b"hello"
        assert archive.stat(stored.key) == Stat(stored.key, 5)
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
