"""Certified time: the clock beside a time server, entries stamped by an authority, and all of it checked."""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.errors import Unavailable, Usage
from flows import certify
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.receipts import check, inside, issue
from flows.verify import verify
from infra import clocks, timestamps
from infra.settings import TimeSettings
from infra.wiring import Services, open_services
from register import history
from register.models import Event, Mark, Stamp, StoredObject
from tests.authority import Authority, authority, certificates, time_server
from tests.register.dump import dump
from tests.register.officers import ACT, enter


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("authority") / "tsa") as found:
        yield found


@pytest.fixture(autouse=True)
def _as_before(tsa: Authority) -> None:
    tsa.down, tsa.instead, tsa.user = False, b"", ""
    tsa.asked.clear()


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    found = open_services(register)
    yield found
    found.index.close()


def with_time(services: Services, **said: Any) -> Services:
    settings = services.settings.model_copy(update={"time": TimeSettings(**said)})
    return replace(services, settings=settings)


def now() -> datetime:
    return datetime.now(UTC)


def fresh(services: Services) -> str:
    return enter(replace(ACT, at=now())).number


def first_of(number: str) -> dict[str, Any]:
    return history.as_record(Event.objects.filter(entry__number=number).earliest("sequence"))


def test_the_offset_of_the_clock_is_noted_with_each_entry(services: Services, tmp_path: Path) -> None:
    assert "clock" not in first_of(fresh(services))["content"]  # unknown
    with time_server(ahead=3.0) as server, capture_logs() as logs:
        compared = with_time(services, ntp=["127.0.0.1:1", server])
        at = now()
        certify.certify(compared, at)
        certify.certify(compared, at + timedelta(minutes=59))
    (warned,) = [one for one in logs if one["event"] == "this machine's clock is wrong"]
    assert warned["behind_seconds"] == pytest.approx(3, abs=0.1)
    number = fresh(services)
    told = first_of(number)["content"]["clock"]
    assert told["offset_seconds"] == pytest.approx(3, abs=0.1)
    assert told["within_seconds"] == pytest.approx(0.5, abs=0.1)
    assert (told["server"], told["measured_at"]) == (server, at.isoformat(timespec="seconds"))
    shown = tmp_path / "r.pdf"
    shown.write_bytes(issue(services, number, ACT))
    receipt = inside(shown)
    assert receipt
    assert receipt.clock.startswith(f"{-told['offset_seconds']:+.3f} s ± 0.5")
    assert server in receipt.clock
    # Nobody answers an hour later: said, and the old comparison goes on being told with its time.
    with pytest.raises(Unavailable, match="no time server answers"):
        certify.certify(compared, at + timedelta(minutes=61))
    assert first_of(fresh(services))["content"]["clock"] == told


def test_a_server_that_does_not_know_the_time_is_passed_over() -> None:
    with time_server(9, stratum=16) as lost, time_server(-2) as right:
        assert clocks.offset([lost, right]).seconds == pytest.approx(-2, abs=0.1)
        with pytest.raises(Unavailable, match="it does not know the time itself"):
            clocks.offset([lost])
    with pytest.raises(Unavailable, match="nowhere"):
        clocks.offset(["nowhere.invalid"])


def test_entries_are_stamped_by_the_authority(services: Services, tsa: Authority, tmp_path: Path) -> None:
    stamping = with_time(services, authority=tsa.url, authority_ca=str(tsa.ca))
    number, other = fresh(services), fresh(services)
    assert certify.certify(stamping, now()) == 2
    assert certify.certify(stamping, now()) == 0
    assert len(tsa.asked) == 2
    row = Stamp.objects.get(event__entry__number=number)
    assert row.authority == "Test Authority"
    assert abs(row.at - now()) < timedelta(seconds=60)
    # OpenSSL itself finds it right, over the hash of the event with which the entry begins.
    token, data = tmp_path / "token.der", tmp_path / "data"
    token.write_bytes(stamping.archive.read(f"office/stamps/IN/{row.event.sequence:09}.tsr"))
    data.write_text(row.event.hash)
    line = ["openssl", "ts", "-verify", "-data", str(data), "-in", str(token), "-token_in"]
    line += ["-CAfile", str(tsa.ca)]
    assert subprocess.run(line, capture_output=True, check=False).returncode == 0
    deliver(stamping)
    assert verify(stamping)["ok"]
    shown = tmp_path / "r.pdf"
    shown.write_bytes(issue(stamping, number, replace(ACT, at=now())))
    receipt = inside(shown)
    assert receipt
    assert receipt.stamp.startswith("Test Authority, ")
    found = check(stamping, shown)
    assert found.genuine
    at = row.at.isoformat(timespec="seconds")
    assert found.says == f"Genuine: given for {number}; Test Authority certifies that it was there at {at}"
    Stamp.objects.filter(pk=row.pk).update(authority="Another")
    assert [one["problem"] for one in certify.wrong(stamping)] == [
        "its time or authority is not as the time stamp says"
    ]
    row.save()
    # A stamp of another event, and one that somebody else signed.
    Stamp.objects.filter(event__entry__number=number).update(
        token=bytes(Stamp.objects.get(event__entry__number=other).token), at=row.at - timedelta(days=1)
    )
    wrong = verify(stamping)["wrong"]["stamps_wrong"]
    assert wrong == [
        {
            "register": "IN",
            "sequence": 1,
            "number": number,
            "problem": "the time stamp is over something else",
        }
    ]
    assert check(stamping, shown).says.endswith("But the time stamp is over something else")
    elsewhere = with_time(
        services, authority=tsa.url, authority_ca=str(certificates(tmp_path / "x", "Other"))
    )
    problems = {one["problem"] for one in certify.wrong(elsewhere)}
    assert "the time stamp is signed by nobody that is trusted" in problems
    spoiled = bytearray(Stamp.objects.get(event__entry__number=other).token)
    spoiled[-10] ^= 1
    Stamp.objects.filter(event__entry__number=other).update(token=bytes(spoiled))
    assert "its signature is not right" in str(certify.wrong(stamping))
    Stamp.objects.filter(event__entry__number=other).update(token=b"x")
    assert "this is no time stamp" in str(certify.wrong(stamping))
    with pytest.raises(Usage, match=r"time\.authority_ca is .*none\.pem, which cannot be read"):
        certify.wrong(with_time(services, authority_ca=str(tmp_path / "none.pem")))


def test_an_authority_that_does_not_answer_is_asked_again(services: Services, tsa: Authority) -> None:
    stamping = with_time(services, authority=tsa.url)
    fresh(services)
    tsa.down = True
    with pytest.raises(Unavailable, match="gives no stamp: Server error '503"):
        certify.certify(stamping, now())
    tsa.down, tsa.instead = False, b"\x30\x00"
    with pytest.raises(Unavailable, match="gives no stamp"):
        certify.certify(stamping, now())
    tsa.instead, tsa.user, tsa.password = b"", "ann", "secret"
    with pytest.raises(Unavailable, match="401"):
        certify.certify(stamping, now())
    known = with_time(services, authority=tsa.url, authority_user="ann", authority_password="secret")
    fresh(services)  # entries are made all the while
    assert certify.certify(known, now()) == 2
    nobody = with_time(services, authority="http://127.0.0.1:1/")
    fresh(services)
    with pytest.raises(Unavailable, match="gives no stamp"):
        certify.certify(nobody, now())


def test_a_stamp_that_was_not_written_down_is_found_again(services: Services, tsa: Authority) -> None:
    """As after a kill between the archive and the database: no second one is asked for."""
    stamping = with_time(services, authority=tsa.url)
    fresh(services)
    assert certify.certify(stamping, now()) == 1
    before = bytes(Stamp.objects.get().token)
    Stamp.objects.all().delete()
    Mark.objects.filter(name="stamped IN").delete()
    assert certify.certify(stamping, now()) == 1
    assert bytes(Stamp.objects.get().token) == before
    assert len(tsa.asked) == 1


def test_what_is_old_is_not_stamped_and_only_beginnings_are(services: Services, tsa: Authority) -> None:
    stamping = with_time(services, authority=tsa.url)
    enter(replace(ACT, at=now() - timedelta(days=31)))
    number = fresh(services)
    issue(services, number, ACT)
    assert certify.certify(stamping, now()) == 1
    assert [one.event.entry.number for one in Stamp.objects.all()] == [number]


def test_stamps_come_back_with_the_register(
    services: Services, tsa: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamping = with_time(services, authority=tsa.url)
    for _ in range(3):
        fresh(services)
    certify.certify(stamping, now())
    deliver(stamping)
    before = {name: dump()[name] for name in ("Stamp", "StoredObject", "Event")}
    assert len(before["Stamp"]) == 3
    monkeypatch.delenv("POSTROOM_DATABASE__URL", raising=False)
    home = tmp_path / "anew"
    home.mkdir()
    (services.home / "archive").rename(home / "archive")
    archive = home / "archive" / "office" / "stamps" / "IN"
    (archive / "000000009.tsr").write_bytes((archive / "000000001.tsr").read_bytes())
    (archive / "000000010.tsr").write_bytes(b"x")
    other = open_services(home)
    assert rebuild(other)["differences"] == [
        {"key": "office/stamps/IN/000000010.tsr", "problem": "this is no time stamp"},
        {"key": "office/stamps/IN/000000009.tsr", "problem": "its event is not there"},
    ]
    assert {name: dump()[name] for name in before} == before
    other.index.close()


def test_it_goes_on_by_itself(services: Services, tsa: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "_EVERY", 0.05)
    stamping = with_time(services, authority=tsa.url)
    tsa.down = True
    fresh(services)
    ended = threading.Event()
    with capture_logs() as logs:
        keeper = threading.Thread(target=certify.keep, args=(stamping, ended))
        keeper.start()
        while len(tsa.asked) < 3:
            ended.wait(0.05)
        tsa.down = False
        for _ in range(200):
            if Stamp.objects.exists():
                break
            ended.wait(0.05)
        ended.set()
        keeper.join()
    assert Stamp.objects.count() == 1
    told = [one for one in logs if one["event"] == "time is not certified now; will be tried again"]
    assert len(told) == 1  # not each time
    certify.keep(services, threading.Event())  # nobody to ask: it ends at once


def test_what_a_token_says_is_read_only_of_tokens() -> None:
    for data in (b"", b"x", b"\x30\x00", hashlib.sha256().digest()):
        with pytest.raises(ValueError, match="this is no time stamp"):
            timestamps.read(data)


def test_the_archive_knows_of_them(services: Services, tsa: Authority) -> None:
    fresh(services)
    certify.certify(with_time(services, authority=tsa.url), now())
    row = StoredObject.objects.get(role="time stamp")
    assert row.sha256 == services.archive.checksum(row.key)
