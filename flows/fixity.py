"""Fixity: a rolling share of the archive's objects is read anew, and what is damaged is mended."""

import math
from dataclasses import dataclass, field
from typing import Any

import structlog

from archive import fixity
from infra.wiring import Services
from register import checks

log = structlog.get_logger()
_OBJECTS = 200  # whose results are written down together


@dataclass(slots=True)
class Checked:
    """What a round of checks found: keys of objects damaged, of those mended, and of new copies."""

    objects: int = 0
    damaged: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    copied: int = 0


def check_share(services: Services, share: float) -> Checked:
    """Check a share (0-1) of the objects, those longest unchecked first, and mend what can be.

    Every result is recorded with its object. A damaged object is an alarm in the log and a mismatch of
    ``verify`` until it is whole again. Where there is a second bucket, it gets what it lacks of them.

    Raises:
        Unavailable: an archive does not answer; what was checked before stays recorded.
    """
    done = Checked()
    left = math.ceil(checks.count() * share)
    started = checks.now()
    while left > 0 and (objects := checks.longest_unchecked(min(left, _OBJECTS), started)):
        left -= len(objects)
        done.objects += len(objects)
        damage: dict[str, str | None] = {}
        for one in fixity.check(services.archive, objects):
            log.error("damaged in the archive", key=one.key, expected=one.expected, found=one.found)
            done.damaged.append(one.key)
            if services.mirror and fixity.mend(services.archive, services.mirror, one.key, one.expected):
                log.warning("mended from the second bucket", key=one.key)
                done.mended.append(one.key)
            else:
                damage[one.key] = one.found
        checks.record([key for key, _ in objects], damage)
        if services.mirror:
            done.copied += sum(1 for _ in fixity.copy_missing(services.archive, services.mirror, objects))
    return done


def counts(done: Checked) -> dict[str, Any]:
    """The round as JSON."""
    return {"objects": done.objects, "damaged": done.damaged, "mended": done.mended, "copied": done.copied}
