"""Fixity: a rolling share of the archive's objects is read anew, and what is damaged is mended."""

import json
import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from archive import fixity
from archive.keys import CHAMPIONS, MODELS
from archive.port import Archive, Damaged, NotFound
from domain.errors import PostroomError
from infra.wiring import Services
from register import checks

log = structlog.get_logger()
SHARE = 1 / 30  # of a night
_OBJECTS = 200  # whose results are written down together
_NIGHT = timedelta(hours=2, minutes=30)  # after midnight in the office's time zone
_MODEL, _CARD = "model.skops", "card.json"  # models.registry's, whose import takes a second
_TURNS = 12  # rounds of thirty days in which each copy in the second bucket is read once


class Damage(PostroomError):
    """Objects of the archive, or its second bucket, are not as they should be. A person must look."""


@dataclass(slots=True)
class Checked:
    """What a round of checks found: keys of objects damaged, of those mended, and of new copies.

    Attributes:
        objects: how many were read.
        damaged: keys of those that differ, are gone or cannot be read.
        mended: keys of those that are whole again, from the second bucket.
        copied: how many the second bucket was given.
        copies_mended: keys of copies there that were damaged and are whole again.
        mirror: what kept the second bucket from being looked after, one line for each 200 objects.
        of: the round, which says what there was to check.
    """

    objects: int = 0
    damaged: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    copied: int = 0
    copies_mended: list[str] = field(default_factory=list)
    mirror: list[str] = field(default_factory=list)
    of: checks.Round = field(default_factory=checks.begin, compare=False)


def check_share(
    services: Services, share: float, stop: threading.Event | None = None, *, turns: int = _TURNS
) -> Checked:
    """Check a share (0-1) of the objects, those longest unchecked first, and mend what can be.

    What was damaged the last time is looked at again before. Every result is recorded with its object,
    before anything is mended. A damaged object is an alarm in the log and a mismatch of ``verify`` until it
    is whole again. Where there is a second bucket, it gets what it lacks of them, and one in ``turns`` of
    their copies is read too, another one each month. Trouble with it holds nothing else up: it is listed.
    ``stop`` ends the round early, after the objects at hand.

    Raises:
        Unavailable: the archive does not answer; what was checked before stays recorded.
    """
    if share > 0:
        _add_models(services.archive)
    done = Checked()
    of = done.of
    while share > 0 and not _told(stop) and (objects := checks.still_damaged(of, _OBJECTS)):
        _check(services, objects, done, turns)
    left = math.ceil(of.objects * share)
    while left > 0 and not _told(stop) and (objects := checks.longest_unchecked(of, min(left, _OBJECTS))):
        left -= len(objects)
        _check(services, objects, done, turns)
    return done


def due(zone: ZoneInfo) -> bool:
    """Whether nothing was checked since half past two last night, in the office's time zone."""
    now = datetime.now(zone)
    night = datetime.combine(now.date(), datetime.min.time(), zone) + _NIGHT
    if night > now:
        night -= timedelta(days=1)
    last = checks.last_checked(now)
    return last is not None and last < night


def counts(done: Checked) -> dict[str, Any]:
    """The round as JSON.

    Raises:
        Damage: something was not mended, now or in a round before, or the second bucket gave trouble.
    """
    left = [str(one["key"]) for one in checks.damaged()]
    if left or done.mirror:
        said = [f"{len(left)} damaged objects, not mended: {', '.join(left[:20])}"] if left else []
        raise Damage("; ".join(said + done.mirror[:3]) + ". See: postroom verify, docs/archive.md")
    return {
        "objects": done.objects,
        "damaged": done.damaged,
        "mended": done.mended,
        "copied": done.copied,
        "copies_mended": done.copies_mended,
    }


def _told(stop: threading.Event | None) -> bool:
    return stop is not None and stop.is_set()


def _check(services: Services, objects: list[tuple[str, str]], done: Checked, turns: int) -> None:
    damage = {one.key: one for one in fixity.check(services.archive, objects)}
    for one in damage.values():
        log.error("damaged in the archive", key=one.key, expected=one.expected, found=one.found)
    checks.record([key for key, _ in objects], {one.key: one.found for one in damage.values()})
    done.objects += len(objects)
    done.damaged += damage
    if services.mirror is None:
        return
    try:
        for one in damage.values():
            if fixity.mend(services.archive, services.mirror, one.key, one.expected):
                log.warning("mended from the second bucket", key=one.key)
                checks.mended([one.key])
                done.mended.append(one.key)
        _look_after(services.archive, services.mirror, objects, done, turns)
    except PostroomError as error:
        log.error("the second bucket gives trouble", reason=str(error))
        done.mirror.append(f"the second bucket: {error}")


def _look_after(
    archive: Archive, mirror: Archive, objects: list[tuple[str, str]], done: Checked, turns: int
) -> None:
    """Give the second bucket what it lacks of these objects, and read some of its copies."""
    for _ in fixity.copy_missing(archive, mirror, objects):
        done.copied += 1
    month = datetime.now(UTC).toordinal() // 30
    turn = [(key, sha256) for key, sha256 in objects if (int(sha256[:8], 16) + month) % turns == 0]
    for one in fixity.check(mirror, turn):
        log.error("damaged in the second bucket", key=one.key, expected=one.expected, found=one.found)
        if fixity.mend(mirror, archive, one.key, one.expected):
            log.warning("mended in the second bucket", key=one.key)
            done.copies_mended.append(one.key)
        elif one.key not in done.damaged:
            done.mirror.append(f"the second bucket: {one.key} is damaged and could not be mended")


def _add_models(archive: Archive) -> None:
    """Have the classifiers checked too. A model's hash is in its card; the others count as first seen."""
    for key in checks.unknown_models([*archive.list(MODELS), *archive.list(CHAMPIONS)]):
        try:
            sha256, size = archive.checksum(key), archive.stat(key).size
            if key.endswith(f"/{_MODEL}"):
                card = json.loads(archive.read(f"{key.removesuffix(_MODEL)}{_CARD}"))
                sha256 = str(card["sha256"])
        except (NotFound, Damaged, ValueError, KeyError) as error:  # on its way, or no model at all
            log.warning("not checked: no whole classifier", key=key, reason=str(error))
            continue
        checks.add_model(key, sha256, size)
