import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from capture.claim import ReadyFile
from capture.drop import Ready, Tracker, changes
from capture.folders import StationFolder, polls, registers, scan
from capture.station import Station
from domain.errors import Usage

PDF = b"%PDF-1.7\nsome pages\n%%EOF\n"
CUT = b"%PDF-1.7\nsome pag"


def put(path: Path, data: bytes = PDF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def profile(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "station.toml").write_text(text)
    return folder


def brief(ready: tuple[Ready, ...]) -> list[tuple[str, list[str]]]:
    return [(batch.name, [file.path.name for file in batch.files]) for batch in ready]


def after_quiet(tracker: Tracker, quiet: float = 2.0) -> list[tuple[str, list[str]]]:
    assert tracker.observe(100.0) == ()
    return brief(tracker.observe(100.0 + quiet))


def test_each_sub_folder_is_a_station_and_loose_files_have_one(tmp_path: Path) -> None:
    profile(tmp_path / "desk", 'register = "OUT"')
    for name in (".hidden", "done", "lobby"):
        (tmp_path / name).mkdir()
    assert scan(tmp_path) == (
        StationFolder("desk", Station(register="OUT"), tmp_path / "desk"),
        StationFolder("lobby", Station(), tmp_path / "lobby"),
        StationFolder("drop", Station(), tmp_path),
    )


def test_no_drop_folder_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="no such drop folder"):
        scan(tmp_path / "nowhere")


def test_what_is_no_mail_is_left_alone(tmp_path: Path) -> None:
    lobby = tmp_path / "lobby"
    names = ("truth.jsonl", ".x.pdf", "a.pdf.part", "b.TMP", "c.crdownload", "~$d", "e.filepart")
    for name in (*names, "done/old.pdf", ".git/x.pdf"):
        put(lobby / name)
    profile(lobby, "")
    (lobby / "link.pdf").symlink_to("/etc/hostname")
    put(lobby / "deep" / "er" / "10.pdf")
    put(lobby / "deep" / "er" / "9.pdf")
    put(tmp_path / "loose.pdf")
    assert after_quiet(Tracker(tmp_path)) == [
        ("deep/er/9.pdf", ["9.pdf"]),
        ("deep/er/10.pdf", ["10.pdf"]),
        ("loose.pdf", ["loose.pdf"]),
    ]


def test_ready_is_what_was_observed(tmp_path: Path) -> None:
    path = put(tmp_path / "lobby" / "a.pdf")
    os.utime(path, ns=(1, 123_456_789))
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    station = StationFolder("lobby", Station(), tmp_path / "lobby")
    expected = (Ready(station, "a.pdf", (ReadyFile(path, len(PDF), 123_456_789),)),)
    assert tracker.observe(2.0) == expected
    assert tracker.observe(2.1) == expected  # until it is claimed
    path.unlink()
    assert tracker.observe(3.0) == ()


def test_quiet_begins_anew_with_each_change(tmp_path: Path) -> None:
    path = put(tmp_path / "a.pdf")
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    with path.open("ab") as file:
        file.write(b"more %%EOF")
    assert tracker.observe(1.9) == ()
    assert tracker.observe(3.0) == ()
    assert tracker.settling
    assert brief(tracker.observe(3.9)) == [("a.pdf", ["a.pdf"])]


def test_new_file_of_the_same_size_and_time_over_the_old_one_is_a_change(tmp_path: Path) -> None:
    path = put(tmp_path / "a.pdf")
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    new = put(tmp_path / "a.pdf.tmp", PDF.replace(b"some", b"soma"))
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.replace(path)
    assert tracker.observe(2.0) == ()
    assert len(tracker.observe(4.0)) == 1


def test_incomplete_file_is_taken_when_patience_ends(tmp_path: Path) -> None:
    profile(tmp_path, "patience_seconds = 60")
    put(tmp_path / "a.pdf", CUT)
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    assert tracker.observe(59.0) == ()
    assert [held.why for held in tracker.held] == ["has no proper end yet: its writer has stopped or is slow"]
    (ready,) = tracker.observe(60.0)
    assert [file.incomplete for file in ready.files] == [True]


def test_incomplete_file_is_taken_after_the_quiet_period_when_nothing_more_will_come(
    tmp_path: Path,
) -> None:
    put(tmp_path / "a.pdf", CUT)
    tracker = Tracker(tmp_path, patience=0)
    tracker.observe(0.0)
    assert tracker.observe(1.0) == ()
    (ready,) = tracker.observe(2.0)
    assert ready.files[0].incomplete


def test_done_marker_holds_files_back(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'done_marker = ".ok"')
    put(lobby / "a.pdf")
    put(lobby / "b.pdf")
    put(lobby / "a.pdf.ok", b"")
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    (ready,) = tracker.observe(2.0)
    assert (ready.name, ready.markers) == ("a.pdf", (lobby / "a.pdf.ok",))
    assert [(held.path.name, held.why) for held in tracker.held] == [("b.pdf", "waits for b.pdf.ok")]
    assert not tracker.settling


def test_folder_is_quiet_as_a_whole(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'batch = "folder"')
    for name in ("job 2/10.jpg", "job 2/9.jpg", "job 10/1.jpg", "loose.jpg"):
        put(lobby / name)
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    put(lobby / "job 10" / "2.jpg")
    put(lobby / "job 2" / "11.jpg.part")
    assert brief(tracker.observe(2.0)) == [("loose.jpg", ["loose.jpg"])]
    (lobby / "job 2" / "11.jpg.part").rename(lobby / "job 2" / "11.jpg")
    assert brief(tracker.observe(4.0)) == [
        ("job 10", ["1.jpg", "2.jpg"]),
        ("loose.jpg", ["loose.jpg"]),
    ]
    assert brief(tracker.observe(6.0))[0] == ("job 2", ["9.jpg", "10.jpg", "11.jpg"])


def test_folder_has_its_done_marker_beside_it(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'batch = "folder"\ndone_marker = ".ok"')
    put(lobby / "job" / "1.jpg")
    tracker = Tracker(tmp_path)
    assert after_quiet(tracker) == []
    put(lobby / "job.ok", b"")
    (ready,) = tracker.observe(103.0)
    assert (ready.name, ready.markers) == ("job", (lobby / "job.ok",))


def test_forgotten_unfinished_file_does_not_hold_a_folder_for_ever(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'batch = "folder"\npatience_seconds = 60')
    put(lobby / "job" / "1.jpg")
    put(lobby / "job" / "2.jpg.part")
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    assert tracker.observe(59.0) == ()
    assert brief(tracker.observe(60.0)) == [("job", ["1.jpg"])]


def test_marker_closes_a_batch_of_the_files_before_it(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'batch = "marker"\nmarker = "*.end"')
    for age, name in enumerate(["b.pdf", "a.pdf", "one.END", "c.pdf", "two.end", "d.pdf"], 1):
        os.utime(put(lobby / name), (age, age))
    tracker = Tracker(tmp_path)
    tracker.observe(0.0)
    ready = tracker.observe(2.0)
    assert brief(ready) == [("a.pdf", ["a.pdf", "b.pdf"]), ("c.pdf", ["c.pdf"])]
    assert [batch.markers for batch in ready] == [(lobby / "one.END",), (lobby / "two.end",)]
    assert [held.why for held in tracker.held] == ["waits for a marker file *.end"]


def test_gap_closes_a_batch(tmp_path: Path) -> None:
    lobby = profile(tmp_path / "lobby", 'batch = "gap"\ngap_seconds = 30')
    put(lobby / "1.jpg")
    tracker, closing = Tracker(tmp_path), Tracker(tmp_path, close_gaps=True)
    tracker.observe(0.0)
    put(lobby / "2.jpg")
    tracker.observe(20.0)
    assert tracker.observe(31.0) == ()
    assert brief(tracker.observe(50.0)) == [("1.jpg", ["1.jpg", "2.jpg"])]
    assert after_quiet(closing) == [("1.jpg", ["1.jpg", "2.jpg"])]


def test_wrong_profile_stops_its_station_only(tmp_path: Path) -> None:
    bad = profile(tmp_path / "bad", "batch = 3")
    put(bad / "a.pdf")
    put(tmp_path / "good" / "b.pdf")
    tracker = Tracker(tmp_path)
    assert after_quiet(tracker) == [("b.pdf", ["b.pdf"])]
    assert list(tracker.complaints) == [bad]
    assert "batch = 3" in tracker.complaints[bad]


def test_a_folder_that_cannot_be_read_stops_its_station_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of a share whose server is gone: every call on it fails."""
    gone = profile(tmp_path / "share", "poll = true")
    put(tmp_path / "lobby" / "b.pdf")

    def failing(call: Any) -> Any:
        def wrapped(path: Any, *args: Any, **more: Any) -> Any:
            if str(path).startswith(str(gone)):
                raise OSError(errno.ENOTCONN, "Transport endpoint is not connected", str(path))
            return call(path, *args, **more)

        return wrapped

    with monkeypatch.context() as patched:
        for owner, name in ((Path, "is_dir"), (Path, "read_bytes"), (os, "scandir")):
            patched.setattr(owner, name, failing(getattr(owner, name)))
        tracker = Tracker(tmp_path)
        assert after_quiet(tracker) == [("b.pdf", ["b.pdf"])]
        assert list(tracker.complaints) == [gone]
        assert "Transport endpoint" in tracker.complaints[gone]
        assert polls(tmp_path) is False
        assert registers(tmp_path) == {"IN"}
    put(gone / "a.pdf")
    assert after_quiet(tracker) == [("b.pdf", ["b.pdf"]), ("a.pdf", ["a.pdf"])]


def test_folders_too_deep_are_left_out_and_told(tmp_path: Path) -> None:
    lobby = tmp_path / "lobby"
    put(lobby / "b.pdf")
    deep = lobby.joinpath("deep", *("d" for _ in range(120)))
    deep.mkdir(parents=True)
    long = lobby / "long"
    long.mkdir()
    place = os.open(long, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 240, dir_fd=place)
        place, before = os.open("x" * 240, os.O_RDONLY, dir_fd=place), place
        os.close(before)
    os.close(place)
    tracker = Tracker(tmp_path)
    assert after_quiet(tracker) == [("b.pdf", ["b.pdf"])]
    assert set(tracker.complaints) == {lobby / "deep", lobby / "long"}
    assert all("move what it holds further up" in why for why in tracker.complaints.values())


def test_a_file_that_is_open_for_writing_is_held(tmp_path: Path) -> None:
    """Also where its end looks right, and where nothing more is going to come."""
    path = put(tmp_path / "lobby" / "a.pdf")
    for tracker in (Tracker(tmp_path), Tracker(tmp_path, patience=0, close_gaps=True)):
        with path.open("ab"):
            assert after_quiet(tracker, 60.0) == []
            assert [(held.path, held.settles) for held in tracker.held] == [(path, False)]
            assert "still open" in tracker.held[0].why
        assert brief(tracker.observe(161.0)) == [("a.pdf", ["a.pdf"])]
    with path.open("ab"):  # for ever, as a program with a leak does
        assert after_quiet(Tracker(tmp_path), 3601.0) == [("a.pdf", ["a.pdf"])]


def test_any_name_is_taken(tmp_path: Path) -> None:
    names = [b"caf\xe9.pdf", b"two\nlines.pdf", "✉️.pdf".encode(), b"x" * 251 + b".pdf"]
    for name in names:
        put(tmp_path / os.fsdecode(name))
    found = after_quiet(Tracker(tmp_path))
    assert {os.fsencode(files[0]) for _, files in found} == set(names)


WRITER = """
import sys, time
with open(sys.argv[1], "wb", buffering=0) as file:
    file.write(b"%PDF-1.7")
    for _ in range(int(sys.argv[2])):
        time.sleep(0.02)
        file.write(b"." * 1000)
    file.write(b"%%EOF")
"""


def test_slow_writer_is_waited_for(tmp_path: Path) -> None:
    profile(tmp_path / "lobby", "quiet_seconds = 0.2")
    path = tmp_path / "lobby" / "a.pdf"
    tracker = Tracker(tmp_path)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), "30"]) as writer:
        while not (ready := tracker.observe(time.monotonic())):
            time.sleep(0.02)
        assert writer.wait() == 0
    assert ready[0].files[0].size == path.stat().st_size == 8 + 30_000 + 5


def test_killed_writer_leaves_an_incomplete_file(tmp_path: Path) -> None:
    profile(tmp_path / "lobby", "quiet_seconds = 0.2")
    path = tmp_path / "lobby" / "a.pdf"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), "9999"]) as writer:
        while not path.exists() or path.stat().st_size < 3000:
            time.sleep(0.01)
        writer.kill()
    assert Tracker(tmp_path).observe(0.0) == ()
    patient, hasty = Tracker(tmp_path), Tracker(tmp_path, patience=0)
    for tracker in (patient, hasty):
        tracker.observe(0.0)
    assert patient.observe(1.0) == ()
    assert [file.incomplete for file in hasty.observe(1.0)[0].files] == [True]


@pytest.mark.parametrize("poll", [False, True])
def test_changes_wakes_up_for_a_new_file_and_stops(tmp_path: Path, poll: bool) -> None:
    stop, seen = threading.Event(), threading.Event()

    def watch() -> None:
        for _ in changes(tmp_path, stop, poll):
            if (tmp_path / "lobby" / "a.pdf").exists():
                seen.set()

    thread = threading.Thread(target=watch)
    thread.start()
    put(tmp_path / "lobby" / "a.pdf")
    found = seen.wait(20)
    stop.set()
    thread.join(20)
    assert found
    assert not thread.is_alive()
