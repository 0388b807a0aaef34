import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capture import claim
from capture.claim import ReadyFile, StillWriting, claim_file, give_back, release, resume_claim


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        yield Path(folder)


@pytest.fixture(params=["same file system", "other file system"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "same file system":
        return tmp_path / "spool"
    folder: Path = request.getfixturevalue("elsewhere")
    return folder / "spool"


def observed(path: Path) -> ReadyFile:
    info = path.stat()
    return ReadyFile(path, info.st_size, info.st_mtime_ns)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "lobby" / "a.pdf"
    path.parent.mkdir()
    path.write_bytes(b"page" * 1000)
    os.utime(path, ns=(5, 1_600_000_000_123_456_789))
    return path


def test_claim_moves_the_file_as_it_is(source: Path, spool: Path) -> None:
    file = observed(source)
    claim_file(file, spool / "7" / "source")
    assert tree(spool) == {"7/source": b"page" * 1000}
    assert tree(source.parent) == {}
    assert observed(spool / "7" / "source") == ReadyFile(spool / "7" / "source", file.size, file.mtime_ns)


def test_changed_file_is_not_claimed(source: Path, spool: Path) -> None:
    file = observed(source)
    with source.open("ab") as writer:
        writer.write(b"more")
    with pytest.raises(StillWriting) as caught:
        claim_file(file, spool / "source")
    assert caught.value.path == source
    assert tree(source.parent) == {"a.pdf": b"page" * 1000 + b"more"}
    assert not spool.exists()


@pytest.mark.parametrize("taken", [False, True])
def test_writer_that_holds_on_gets_its_file_back(
    source: Path, spool: Path, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real = observed(source), claim._sync_folders
    with source.open("ab", buffering=0) as writer:

        def meanwhile(*folders: Path) -> None:
            monkeypatch.setattr(claim, "_sync_folders", real)
            writer.write(b"more")
            if taken:
                source.write_bytes(b"another letter")
            real(*folders)

        if spool.parent == source.parent.parent:  # the rename has happened then
            monkeypatch.setattr(claim, "_sync_folders", meanwhile)
        else:
            real_hash = claim._sha256

            def then(path: Path) -> str:
                writer.write(b"more")
                return real_hash(path)

            monkeypatch.setattr(claim, "_sha256", then)
            taken = False
        with pytest.raises(StillWriting) as caught:
            claim_file(file, spool / "source")
    everything = {**tree(source.parent), **tree(spool)}
    if taken:
        assert caught.value.path == spool / "source"
        assert everything == {"a.pdf": b"another letter", "source": b"page" * 1000 + b"more"}
    else:
        assert caught.value.path == source
        assert everything == {"a.pdf": b"page" * 1000 + b"more"}


def test_claim_never_overwrites(source: Path, spool: Path) -> None:
    spool.mkdir()
    (spool / "source").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        claim_file(observed(source), spool / "source")
    assert tree(spool) == {"source": b"other"}


def test_file_that_is_gone(source: Path, spool: Path) -> None:
    file = observed(source)
    source.unlink()
    with pytest.raises(FileNotFoundError):
        claim_file(file, spool / "source")
    assert resume_claim(file.path, spool / "source", file.size, file.mtime_ns) is False


class Crash(BaseException):
    pass


def crashing(patch: pytest.MonkeyPatch, at: int, before: bool) -> Callable[[], int]:
    """Lets the ``at``-th change to the file system be the last; tells how many there were."""
    count = 0

    def wrap(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == at and before:
                raise Crash
            result = real(*args, **kwargs)
            if count == at:
                raise Crash
            return result

        patch.setattr(owner, name, call)

    for owner, name in ((os, "fsync"), (os, "utime"), (Path, "rename"), (Path, "unlink")):
        wrap(owner, name)
    return lambda: count


@pytest.mark.parametrize("before", [True, False])
def test_crash_at_every_step_is_resumed(source: Path, spool: Path, before: bool) -> None:
    file, data = observed(source), source.read_bytes()
    for at in range(1, 20):
        target = spool / str(at) / "source"
        with pytest.MonkeyPatch.context() as patch:
            steps = crashing(patch, at, before)
            with contextlib.suppress(Crash):
                claim_file(file, target)
        for _ in range(2):
            assert resume_claim(source, target, file.size, file.mtime_ns) is True
            assert {**tree(source.parent), **tree(target.parent)} == {"source": data}
        if steps() < at:
            break
        source.write_bytes(data)
        os.utime(source, ns=(5, file.mtime_ns))
    assert at > 2


def test_new_file_under_the_old_name_is_left_alone(source: Path, tmp_path: Path) -> None:
    file, target = observed(source), tmp_path / "spool" / "source"
    claim_file(file, target)
    source.write_bytes(target.read_bytes())
    os.utime(source, ns=(5, file.mtime_ns))
    assert resume_claim(source, target, file.size, file.mtime_ns) is True
    assert source.exists()


def test_resumed_claim_notices_a_writer(source: Path, tmp_path: Path) -> None:
    file, target = observed(source), tmp_path / "spool" / "source"
    claim_file(file, target)
    target.write_bytes(b"more than before")
    with pytest.raises(StillWriting) as caught:
        resume_claim(source, target, file.size, file.mtime_ns)
    assert caught.value.path == target


def test_release_deletes(source: Path, spool: Path) -> None:
    claim_file(observed(source), spool / "source")
    for _ in range(2):
        release(spool / "source", source, source.parent, "delete")
        assert {**tree(source.parent), **tree(spool)} == {}


@pytest.mark.parametrize("after", ["delete", "done"])
def test_what_its_writer_has_open_is_not_let_go_of(source: Path, spool: Path, after: str) -> None:
    claim_file(observed(source), spool / "source")
    with (spool / "source").open("ab"), pytest.raises(OSError, match="still has it open"):
        release(spool / "source", source, source.parent, after)
    assert tree(spool) == {"source": b"page" * 1000}


def test_nothing_is_made_where_the_station_was(source: Path, spool: Path) -> None:
    """A share that is away comes back over what was made in its place, and hides it."""
    station = source.parent
    claim_file(observed(source), spool / "source")
    station.rmdir()
    with pytest.raises(FileNotFoundError, match="the station's folder is away"):
        release(spool / "source", source, station, "done")
    with pytest.raises(FileNotFoundError, match="the station's folder is away"):
        give_back(spool / "source", source, station)
    assert not station.exists()
    assert tree(spool) == {"source": b"page" * 1000}


def test_release_keeps_each_file_in_done(source: Path, spool: Path) -> None:
    station = source.parent
    (station / "sub").mkdir()
    for number in range(3):
        path = station / "sub" / "a.b.pdf"
        path.write_bytes(b"%d" % number)
        claim_file(observed(path), spool / "source")
        release(spool / "source", path, station, "done")
        release(spool / "source", path, station, "done")
    source.unlink()
    assert tree(station) == {
        "done/sub/a.b.pdf": b"0",
        "done/sub/a.b (2).pdf": b"1",
        "done/sub/a.b (3).pdf": b"2",
    }


@pytest.mark.parametrize(
    "name", [b"caf\xe9.pdf", b"two\nlines.pdf", "✉️.pdf".encode(), b"x" * 251 + b".pdf", b"y" * 255]
)
def test_any_name_goes_through(tmp_path: Path, spool: Path, name: bytes) -> None:
    station = tmp_path / "lobby"
    station.mkdir()
    for _ in range(2):
        path = station / os.fsdecode(name)
        path.write_bytes(name)
        claim_file(observed(path), spool / path.name)
        release(spool / path.name, path, station, "done")
    kept = [path.read_bytes() for path in (station / "done").iterdir()]
    assert kept == [name, name]
    assert (station / "done" / os.fsdecode(name)).exists()
