"""Writers of every kind beside a watching intake: nothing but whole files is filed, and nothing is lost.

Two minutes of a slow scanner are seconds here: the stations' own quiet and patience are shortened alike.
Among what other systems got wrong: paperless-ngx #1279 (a file that is there before its content), #4626
(opened and closed many times), #9698 (pauses within a file).
"""

import contextlib
import hashlib
import io
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import img2pdf
import pytest

from infra.wiring import Services, open_services
from tests.bench.running import POSTROOM, environment
from tests.small import small_page, small_tiff, train_small

QUIET, PATIENCE = 0.4, 5.0
_LONG = 120.0

WRITER = textwrap.dedent("""
    import os, sys, time
    how, source, target, pause = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
    data = open(source, "rb").read()
    step = len(data) // 5 + 1
    pieces = [data[at:at + step] for at in range(0, len(data), step)]
    if how == "append":
        with open(target, "wb", buffering=0) as file:
            for piece in pieces:
                time.sleep(pause)
                file.write(piece)
    elif how == "reopen":
        open(target, "wb").close()
        for piece in pieces:
            time.sleep(pause)
            with open(target, "ab") as file:
                file.write(piece)
    elif how == "rename":
        with open(target + ".part", "wb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)
                time.sleep(pause)
        os.rename(target + ".part", target)
    elif how == "over":
        with open(target, "wb") as file:
            file.write(data[:step])
        time.sleep(pause)
        with open(target + ".new", "wb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)
                time.sleep(pause / 5)
        os.replace(target + ".new", target)
    elif how == "reserve":
        with open(target, "wb", buffering=0) as file:
            file.truncate(len(data))
            for piece in pieces:
                file.write(piece)
                time.sleep(pause)
    elif how == "hold":
        with open(target, "wb", buffering=0) as file:
            file.write(data[:-step])
            time.sleep(5 * pause)
            file.write(data[-step:])
    elif how == "half":
        with open(target, "wb", buffering=0) as file:
            file.write(data[:-step])
            time.sleep(600)
""")


@pytest.fixture
def office(tmp_path: Path) -> tuple[Path, Path]:
    home, drop = tmp_path / "home", tmp_path / "drop"
    home.mkdir()
    drop.mkdir()
    train_small(home)
    return home, drop


def station(drop: Path, name: str, more: str = "") -> Path:
    folder = drop / name
    folder.mkdir()
    (folder / "station.toml").write_text(f"quiet_seconds = {QUIET}\npatience_seconds = {PATIENCE}\n{more}")
    return folder


@contextlib.contextmanager
def watching(home: Path, drop: Path, *before: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """The intake as an office runs it, its command behind what stands ``before`` it."""
    command = [*before, POSTROOM, "--home", str(home), "intake", str(drop)]
    with (home / "log").open("ab") as log:
        intake = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment(POSTROOM_PROCESSES="1", **settings)
        )
        try:
            yield intake
        finally:
            intake.send_signal(signal.SIGINT)
            intake.wait(_LONG)


def wait_for(what: Callable[[], Any], seconds: float = _LONG) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.2)
    return found


def ended() -> list[tuple[str, str, str, str]]:
    """Of each file: its name, the hash of its original, its pages' fates, and why it was refused."""
    from django.db.models import Q

    from register.models import Batch, PageFate

    found = []
    for batch in Batch.objects.filter(state__in=("done", "released")):
        for one in batch.claims.filter(inside=None):
            its = Q(claim=one) | Q(claim__inside=one) | Q(claim__inside__inside=one)
            fates = PageFate.objects.filter(its).order_by("claim", "page")
            kinds = " ".join(fate.kind for fate in fates)
            found.append((Path(one.source).name, one.sha256, kinds, fates[0].reason if fates else ""))
    return sorted(found)


def tiff_of(texts: list[str], compression: str = "group4") -> bytes:
    first, *more = [small_page(text).convert("1") for text in texts]
    out = io.BytesIO()
    first.save(out, "TIFF", dpi=(100, 100), compression=compression, save_all=True, append_images=more)
    return out.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pdf(texts: list[str]) -> bytes:
    pages = []
    for text in texts:
        page = io.BytesIO()
        small_page(text).save(page, "PNG", dpi=(100, 100))
        pages.append(page.getvalue())
    return bytes(img2pdf.convert(pages))


def jpeg(text: str) -> bytes:
    """With a thumbnail in its head, whose end must not be taken for the picture's."""
    page, small = small_page(text).convert("L"), io.BytesIO()
    page.resize((160, 70)).save(small, "JPEG")
    out = io.BytesIO()
    page.save(out, "JPEG", dpi=(100, 100), quality=95)
    data = out.getvalue()
    head = b"\xff\xe1" + (len(small.getvalue()) + 2).to_bytes(2, "big") + small.getvalue()
    return data[:2] + head + data[2:]


def test_only_what_is_whole_is_filed(office: tuple[Path, Path], tmp_path: Path) -> None:
    home, drop = office
    tiff = small_tiff(tmp_path / "three.tif", ["Letter one", "Letter two", "Letter three"]).read_bytes()
    # A pause is longer than the quiet time: nothing but the file's own end tells that it is all there, or
    # that somebody has it open: what is written of it so far looks whole.
    plain = tiff_of(["Not", "packed"], "raw")
    own = pdf(["Held open"])
    held = own + b"% " + bytes(len(own) // 5) + b"\n%%EOF\n"
    packed = zip_of(
        {"1.tif": tiff_of(["In a ZIP"]), "2.zip": zip_of({"in.tif": tiff_of(["In a ZIP in it"])})}
    )
    jobs = [
        ("append", "slow.tif", tiff, 1.2),
        ("append", "slow.pdf", pdf(["Paper one", "Paper two"]), 1.1),
        ("append", "slow.jpg", jpeg("Photo one"), 1.0),
        ("reopen", "often.pdf", pdf(["Often opened"]), 0.9),
        ("rename", "named.pdf", pdf(["Named last"]), 0.7),
        ("over", "again.pdf", pdf(["Written over"]), 2.5),
        ("append", "slow.zip", packed, 1.2),
        ("reserve", "reserved.tif", plain, 1.1),
        ("hold", "held.pdf", held, 1.0),
        ("half", "killed.tif", tiff[:-2], 0.0),
    ]
    services = open_services(home)
    folder = station(drop, "lobby", 'duplicate = "file"\n')
    written = {}
    writers = []
    with watching(home, drop):
        for number, (how, name, data, pause) in enumerate(jobs):
            source = tmp_path / f"source-{number}"
            source.write_bytes(data)
            written[name] = data
            call = [sys.executable, "-c", WRITER, how, str(source), str(folder / name), str(pause)]
            writers.append(subprocess.Popen(call))
        killed = writers.pop()
        wait_for(lambda: (folder / "killed.tif").exists() and (folder / "killed.tif").stat().st_size)
        half = (folder / "killed.tif").read_bytes()
        killed.kill()
        killed.wait()
        assert [one.wait(_LONG) for one in writers] == [0] * len(writers)
        found = wait_for(lambda: len(ended()) >= len(jobs) and ended())
    del written["killed.tif"]
    pages = {"slow.tif": 3, "slow.pdf": 2, "reserved.tif": 2, "slow.zip": 2}
    expected = [
        (name, digest(data), " ".join(["document"] * pages.get(name, 1)), "")
        for name, data in written.items()
    ]
    cut_off = ("killed.tif", digest(half), "refused", "the TIFF is cut off: its end is missing")
    assert found == sorted([*expected, cut_off])
    assert whole(services, folder)


def whole(services: Services, folder: Path) -> bool:
    """Whether the books balance, and the station's folder is empty."""
    from flows.verify import verify

    left = [path.name for path in folder.iterdir() if path.name != "station.toml"]
    return bool(verify(services)["ok"]) and left == []


def test_a_folder_that_goes_and_comes_back_loses_nothing(office: tuple[Path, Path]) -> None:
    home, drop = office
    services = open_services(home)
    folder = station(drop, "share", "poll = true\n")
    small_tiff(folder / "before.tif", ["Before it"])
    with watching(home, drop) as intake:
        wait_for(lambda: len(ended()) == 1)
        away = drop.parent / "away"
        for number in range(2):  # as a network folder does whose server is away
            small_tiff(folder / f"during-{number}.tif", [f"During {number}"])
            folder.rename(away)
            time.sleep(1.5)
            away.rename(folder)
        drop.rename(away)  # all of it
        time.sleep(1.5)
        assert intake.poll() is None
        away.rename(drop)
        small_tiff(folder / "after.tif", ["After it"])
        found = wait_for(lambda: len(ended()) == 4 and ended())
    assert [(name, fates) for name, _, fates, _ in found] == [
        ("after.tif", "document"),
        ("before.tif", "document"),
        ("during-0.tif", "document"),
        ("during-1.tif", "document"),
    ]
    assert whole(services, folder)


FULL = textwrap.dedent("""
    set -e
    mount -t tmpfs -o size=256k tmpfs "$1"
    head -c 256k /dev/zero > "$1/filler" || true
    (until [ -e "$2" ]; do sleep 0.2; done; rm "$1/filler") &
    shift 2
    exec "$@"
""")


def test_a_full_spool_only_delays(office: tuple[Path, Path]) -> None:
    home, drop = office
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk (unshare -rm)")
    services = open_services(home)
    folder = station(drop, "lobby")
    spool, room = home / "spool", home / "room"
    spool.mkdir(exist_ok=True)
    data = small_tiff(folder / "full.tif", ["Waits for room"]).read_bytes()
    before = ("unshare", "-rm", "sh", "-c", FULL, "sh", str(spool), str(room))
    with watching(home, drop, *before, POSTROOM_RETRY_AFTER_SECONDS="1") as intake:
        wait_for(lambda: "No space left" in (home / "log").read_text("utf-8", "replace"))
        assert intake.poll() is None
        assert ended() == []
        assert (folder / "full.tif").read_bytes() == data
        room.touch()
        found = wait_for(ended)
    assert found == [("full.tif", digest(data), "document", "")]
    assert whole(services, folder)
