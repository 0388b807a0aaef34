"""Certify: this machine's clock is compared with time servers, entries get stamps of an authority."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from archive.keys import STAMPS, stamp_key
from archive.port import Archive, Conflict, Damaged, NotFound
from domain.errors import PostroomError, Unavailable
from flows.leases import only_one
from flows.records import ahead
from infra import clocks, timestamps
from infra.wiring import Services
from register import restoring, timing
from register.filing import Kept
from register.models import Event, StoredObject
from register.restoring import Difference
from register.session import borrowed

log = structlog.get_logger()
ROLE = "time stamp"
"""Of these objects, among those that the archive must hold."""

_EVERY = 30.0  # seconds between looks at what has no stamp yet
_AT_ONCE = 50  # stamps asked for in one go
_TYPE = "application/timestamp-reply"


def wanted(services: Services) -> bool:
    """Whether there is anything to compare with, or anybody to ask."""
    return bool(services.settings.time.ntp or services.settings.time.authority)


def keep(services: Services, ended: threading.Event, *, stamps: bool = True) -> None:
    """Do both until told to stop; who does not answer is asked again, and holds nothing else up.

    Without ``stamps`` only this machine's clock is compared.
    """
    told = ""
    with borrowed():
        while wanted(services):
            try:
                certify(services, datetime.now(UTC), stamps=stamps)
                told = ""
            except PostroomError as error:
                if str(error) != told:  # once, not each half minute
                    log.warning("time is not certified now; will be tried again", reason=str(error))
                told = str(error)
            except Exception:
                log.exception("an error of Postroom's own; certifying goes on")
            if ended.wait(_EVERY):
                return


def certify(services: Services, now: datetime, *, stamps: bool = True) -> int:
    """Compare this machine's clock if it is time for that, then stamp what waits; returns how many were.

    Raises:
        Unavailable: a time server, the authority, the archive or the database does not answer; the other
            of both is done all the same.
    """
    silent: Unavailable | None = None
    try:
        _compare(services, now)
    except Unavailable as error:
        silent = error
    count = stamp(services, now) if stamps and services.settings.time.authority else 0
    if silent:
        raise silent
    return count


def _compare(services: Services, now: datetime) -> None:
    said = services.settings.time
    last = timing.measured_at()
    if not said.ntp or (last and timedelta(0) <= now - last < timedelta(minutes=said.ntp_minutes)):
        return
    found = clocks.offset(said.ntp)
    timing.note(found.seconds, found.within, found.server, now)
    if abs(found.seconds) > said.ntp_warn_seconds:
        log.error(
            "this machine's clock is wrong", behind_seconds=round(found.seconds, 3), server=found.server
        )


def stamp(services: Services, now: datetime) -> int:
    """Have the authority stamp entries that have no stamp yet, the oldest first; returns how many were.

    Of several machines one does it. What was stamped and not written down is found in the archive.

    Raises:
        Unavailable: the authority, the archive or the database does not answer; what has its stamp keeps it.
    """
    count = 0
    with only_one("certify") as (held, renew):
        for event in timing.unstamped(now, _AT_ONCE) if held else ():
            if not renew():
                break
            _stamp(services, event, now)
            count += 1
    return count


def _stamp(services: Services, event: Event, now: datetime) -> None:
    key = stamp_key(event.register, event.sequence)
    try:
        token = services.archive.read(key)
    except NotFound:
        token = timestamps.ask(services.settings.time, event.hash)
        try:
            services.archive.put(key, token, media_type=_TYPE)
        except Conflict:  # another machine was faster
            token = services.archive.read(key)
        if days := services.settings.archive.retention_days:
            services.archive.lock(key, now + timedelta(days=days))
    said = timestamps.read(token)
    kept = _kept(key, token)
    row = StoredObject(key=kept.key, sha256=kept.sha256, size=kept.size, role=ROLE)
    timing.stamped(event, said.at, said.authority, token, row)


def _kept(key: str, token: bytes) -> Kept:
    return Kept(key, hashlib.sha256(token).hexdigest(), len(token), ROLE)


def wrong(services: Services) -> list[dict[str, Any]]:
    """The stamps that do not hold, each with ``register``, ``sequence``, ``number`` and ``problem``."""
    every = ((event, token, event.hash) for event, token in timing.stamps())
    found = list(timestamps.wrong(every, services.settings.time.authority_ca))
    told = {event.pk for event, _ in found}
    found += [(event, problem) for event, problem in _miscopied() if event.pk not in told]
    return [
        {
            "register": event.register,
            "sequence": event.sequence,
            "number": event.entry.number,
            "problem": problem,
        }
        for event, problem in found
    ]


def _miscopied() -> Iterator[tuple[Event, str]]:
    """Stamps whose time or authority, which receipts tell, are not as their token says."""
    for event, token in timing.stamps():
        with suppress(ValueError):  # told by itself
            said = timestamps.read(token)
            if (said.at, said.authority) != (event.stamp.at, event.stamp.authority):
                yield event, "its time or authority is not as the time stamp says"


def restore(archive: Archive, differences: list[Difference]) -> None:
    """Add the archive's stamps to the events that came back; what is wrong goes to ``differences``."""
    for some in _runs(archive, differences):
        lost = timing.restore([(register, sequence, *said) for register, sequence, said, _ in some])
        restoring.add_objects(
            [kept for register, sequence, _, kept in some if (register, sequence) not in lost]
        )
        differences += [Difference(stamp_key(*one), "its event is not there") for one in lost]


Restored = tuple[str, int, tuple[datetime, str, bytes], Kept]


def _runs(archive: Archive, differences: list[Difference]) -> Iterator[list[Restored]]:
    """The stamps of the archive, some together."""
    some: list[Restored] = []
    for key, data in ahead(archive.read, archive.list(STAMPS)):
        try:
            if not isinstance(data, bytes):
                raise data
            register, name = key.removeprefix(STAMPS).split("/")
            said = timestamps.read(data)
            some.append(
                (register, int(name.removesuffix(".tsr")), (said.at, said.authority, data), _kept(key, data))
            )
        except (NotFound, Damaged, ValueError) as error:
            differences.append(Difference(key, str(error)))
        if len(some) == restoring.RUN:
            yield some
            some = []
    yield some
