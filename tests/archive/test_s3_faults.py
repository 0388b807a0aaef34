"""S3 that is slow, cut off, wrong or gone: healed by another try, or ``Unavailable``; never wrong data."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.breaker import Breaker, Resting
from archive.fixity import check
from archive.port import NotFound, Stat
from archive.s3 import S3Archive
from archive.settings import ArchiveSettings
from domain.errors import Unavailable, Usage
from infra.services.object_store import ObjectStore
from tests.archive.stores import bucket, use
from tests.faulty import Faulty

FAULTS = ("503", "cut", "cut-up", "corrupt", "corrupt-up", "down", "slow")
LARGE = os.urandom(2_000_000)
SHA256 = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def way(minio: ObjectStore) -> Iterator[Faulty]:
    with Faulty(minio.port) as way:
        way.delay = 1.0
        yield way


@pytest.fixture
def settings(minio: ObjectStore, way: Faulty, monkeypatch: pytest.MonkeyPatch) -> ArchiveSettings:
    """Of a bucket behind the faulty way; a request may last three seconds."""
    use(minio, monkeypatch)
    made = bucket(minio)
    return made.model_copy(update={"endpoint": way.url, "timeout_seconds": 3.0, "attempts": 3})


@pytest.fixture
def archive(settings: ArchiveSettings) -> S3Archive:
    archive = S3Archive(settings)
    archive.put("there/x", LARGE)
    return archive


def streamed(archive: S3Archive, key: str) -> bytes:
    with archive.open(key) as stream:
        return stream.read()


CALLS: dict[str, Callable[[S3Archive], object]] = {
    "put": lambda archive: archive.put("new/x", LARGE).sha256,
    "put again": lambda archive: archive.put("there/x", LARGE).sha256,
    "read": lambda archive: archive.read("there/x"),
    "stream": lambda archive: streamed(archive, "there/x"),
    "checksum": lambda archive: archive.checksum("there/x"),
    "stat": lambda archive: archive.stat("there/x"),
}
RIGHT: dict[str, object] = {
    "put": SHA256, "put again": SHA256, "read": LARGE, "stream": LARGE, "checksum": SHA256,
    "stat": Stat("there/x", len(LARGE)),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_lasts(archive: S3Archive, way: Faulty, fault: str, call: str) -> None:
    hasty = S3Archive(archive._settings.model_copy(update={"timeout_seconds": 0.3}))
    way.turn(fault)
    found: object
    try:
        found = CALLS[call](hasty if fault == "slow" else archive)
    except Unavailable as error:
        found = type(error)
    if (fault, call) == ("cut", "stream"):
        assert found in (LARGE, Unavailable)  # each try may bring some more of it
    elif (fault, call) in NOT_TOUCHED:
        assert found == RIGHT[call]
    else:
        assert found is Unavailable
        assert way.faults or fault == "down"
    way.turn("ok")
    assert settled(CALLS[call], archive) == RIGHT[call]
    assert archive.checksum("there/x") == SHA256


# No body that could be spoilt, or one that the store has no need to look at.
NOT_TOUCHED = {
    ("corrupt-up", "put again"),
    ("corrupt", "put"), ("corrupt", "put again"), ("corrupt", "stat"),
    *(("corrupt-up", call) for call in ("read", "stream", "checksum", "stat")),
}  # fmt: skip


def settled(call: Callable[[S3Archive], object], archive: S3Archive) -> object:
    """What a call gives once the store is no longer left alone."""
    for _ in range(40):
        try:
            return call(archive)
        except Unavailable:
            time.sleep(0.25)
    return call(archive)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["503", "cut", "cut-up", "corrupt-up"])
def test_a_fault_that_passes_is_healed(archive: S3Archive, way: Faulty, fault: str, call: str) -> None:
    way.turn(fault, times=2)
    assert CALLS[call](archive) == RIGHT[call]
    assert way.faults == 2 or (fault, call) in NOT_TOUCHED


def test_bytes_spoilt_on_the_way_are_never_given(archive: S3Archive, way: Faulty) -> None:
    way.turn("corrupt", times=1)
    assert archive.read("there/x") == LARGE
    way.turn("corrupt", times=1)
    with pytest.raises(Unavailable):  # what was read before the end is out of our hands; the end is not given
        streamed(archive, "there/x")
    way.turn("corrupt", times=1)
    assert archive.checksum("there/x") == SHA256
    assert way.faults == 3
    way.turn("corrupt")
    with pytest.raises(Unavailable, match="two readings of there/x differ"):
        list(check(archive, [("there/x", SHA256)]))


def test_a_lost_answer_is_no_conflict(archive: S3Archive, way: Faulty) -> None:
    """The object is stored, the answer is cut, and the second try finds the key taken."""
    way.turn("cut", times=1)
    assert archive.put("new/y", b"hello").size == 5
    assert way.faults == 1
    assert len(archive.versions("new/y")) == 1


@pytest.mark.parametrize("fault", ["503", "cut", "cut-up", "corrupt-up"])
def test_large_objects_through_faults(
    settings: ArchiveSettings, minio: ObjectStore, way: Faulty, fault: str, tmp_path: Path
) -> None:
    archive = S3Archive(settings.model_copy(update={"multipart_mb": 5}))
    content = os.urandom(11_000_000)
    (tmp_path / "large").write_bytes(content)
    archive.put("first/x", b"")  # what is tried out before the first put
    for number in range(2):
        way.turn(fault, times=2)
        assert (
            archive.put(f"large/{number}", tmp_path / "large").sha256 == hashlib.sha256(content).hexdigest()
        )
        way.turn("ok")
    way.turn(fault)
    with pytest.raises(Unavailable):
        archive.put("large/9", tmp_path / "large")
    way.turn("ok")
    assert settled(lambda archive: list(archive.list()), archive) == ["first/x", "large/0", "large/1"]
    archive.sweep_temporary(0)
    assert archive.sweep_temporary(0) == 0


def test_a_stream_goes_on_after_a_cut(archive: S3Archive, way: Faulty) -> None:
    with archive.open("there/x") as stream:
        begun = stream.read(10)
        way.turn("cut", times=1)
        way.cut_all()
        assert begun + stream.read() == LARGE


def test_a_store_that_is_down_is_left_alone(settings: ArchiveSettings, way: Faulty) -> None:
    archive = S3Archive(settings.model_copy(update={"attempts": 6}))
    archive.put("a", b"hello")
    way.turn("503")
    for _ in range(2):
        with pytest.raises(Unavailable, match="503"):
            archive.stat("a")
    began = time.monotonic()
    with pytest.raises(Resting, match="failed 12 times in a row"):
        archive.read("a")
    assert (time.monotonic() - began < 1, way.faults) == (True, 12)
    way.turn("ok")
    assert settled(lambda archive: archive.read("a"), archive) == b"hello"


def test_pauses_between_tries_are_random_and_bounded(
    settings: ArchiveSettings, way: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=pauses.append))
    way.turn("503")
    for _ in range(2):
        with pytest.raises(Unavailable, match="503"):
            S3Archive(settings.model_copy(update={"attempts": 9})).stat("a")
    first, second = pauses[:8], pauses[8:]
    assert (len(first), len(second), way.faults) == (8, 8, 18)
    assert len(set(pauses)) == 16  # no two machines that lost the store come back together
    for tries in (first, second):
        assert all(0 <= pause <= min(0.1 * 2**number, 5.0) for number, pause in enumerate(tries))
    assert max(pauses) > 0.5


def test_refusals_are_not_repeated_and_do_not_close(
    settings: ArchiveSettings, way: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    archive = S3Archive(settings)
    asked = counting(archive)
    for _ in range(15):
        with pytest.raises(Usage, match=r"SignatureDoesNotMatch.*AWS_ACCESS_KEY_ID"):
            archive.read("a")
    assert len(asked) == 15


def counting(archive: S3Archive) -> list[object]:
    """Each request that goes out, retries of ours and of botocore's too."""
    asked: list[object] = []
    events = archive._bucket.client.meta.events
    events.register("before-send.s3.*", lambda request, **_: asked.append(request.url))
    return asked


def test_missing_is_an_answer(archive: S3Archive) -> None:
    asked = counting(archive)
    for _ in range(15):
        with pytest.raises(NotFound):
            archive.read("none")
    assert len(asked) == 15


def test_breaker() -> None:
    breaker = Breaker("S3", failures=3, seconds=0.5)
    for _ in range(2):
        breaker.check()
        breaker.failed()
    breaker.succeeded()
    for _ in range(3):
        breaker.check()
        breaker.failed()
    with pytest.raises(Resting, match=r"S3 failed 3 times in a row"):
        breaker.check()
    time.sleep(0.6)
    breaker.check()  # one call tries it
    with pytest.raises(Resting):
        breaker.check()  # the others wait
    breaker.failed()
    with pytest.raises(Resting):
        breaker.check()
    time.sleep(0.6)
    breaker.check()
    breaker.succeeded()
    breaker.check()
    breaker.check()


@pytest.mark.parametrize("fault", ["cut", "corrupt", "corrupt-up", "down"])
def test_faults_over_tls(minio_tls: ObjectStore, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    use(minio_tls, monkeypatch)
    with Faulty(minio_tls.port) as way:
        there = {"endpoint": f"https://127.0.0.1:{way.port}", "timeout_seconds": 2.0, "attempts": 3}
        archive = S3Archive(bucket(minio_tls).model_copy(update=there))
        archive.put("there/x", LARGE)
        for call in ("put", "read", "stream", "checksum", "stat"):
            way.turn(fault, times=None if fault == "down" else 1)
            with suppress(Unavailable):
                assert CALLS[call](archive) == RIGHT[call]
            assert way.faults or fault == "down"
            way.faults = 0
            way.turn(fault)
            with pytest.raises(Unavailable) as told:
                archive.checksum("there/x")
            assert type(told.value) is Unavailable
            way.turn("ok")
            way.faults = 0
            assert settled(CALLS[call], archive) == RIGHT[call]
        with archive.open("there/x") as stream:
            begun = stream.read(10)
            way.turn(fault, times=None if fault == "down" else 1)
            with suppress(Unavailable):
                assert begun + stream.read() == LARGE
        way.turn("ok")
