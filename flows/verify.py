"""Verify: whether the register, the archive, the index and the spool agree with each other."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from archive.keys import batch_record_key, party_record_key, record_key
from domain.errors import Usage
from flows import certify, heads
from flows.fixity import check_share
from infra.wiring import Services
from register import account, checks, comparing, comparing_batches, decisions, history, party_history, ranges
from register.batches import keys_in_work


def verify(services: Services, share: float = 1.0) -> dict[str, Any]:
    """Counts of what is wrong, with the lists under ``wrong``; ``ok`` when there is nothing.

    Numbers that were reserved ahead and are open are not wrong; they are told, with for how long.

    Of the objects and records in the archive a ``share`` (0-1) is read and its hashes compared, those
    longest unchecked first; what was found is recorded, and mended where there is a second bucket. At a
    share of 1 an object that was not read all the same is wrong too.
    """
    checked = check_share(services, share)
    # The index is asked between two looks at the register, for an intake may be publishing meanwhile.
    should = account.index_should_hold()
    held = dict(services.index.sequences())
    known = account.index_should_hold()
    breaks = [*history.breaks(), *decisions.breaks(), *party_history.breaks()]
    rewritten = heads.check(services.archive)
    gaps, reserved = _numbers()
    wrong: dict[str, list[Any]] = {
        "unaccounted": [*account.unaccounted(), *_strays(services)],
        "number_gaps": gaps,
        "mismatches": checks.damaged(),
        "unchecked": checks.unchecked(checked.of) if share == 1.0 else [],
        "mirror_troubles": checked.mirror,
        "history_breaks": breaks,
        "entries_differing": list(comparing.differing(record_key)),
        "parties_differing": list(comparing.differing_parties(party_record_key)),
        "batches_differing": list(comparing_batches.differing(batch_record_key)),
        "heads_differing": rewritten,
        "stamps_wrong": certify.wrong(services),
        "records_pending": account.records_pending(),
        "index_missing": sorted(
            number for number, sequence in should.items() if held.get(number, -1) < sequence
        ),
        "index_extra": sorted(number for number in held if number not in known),
    }
    return {
        "ok": not any(wrong.values()),
        **account.totals(),
        "reserved_open": sum(one["open"] for one in reserved),
        "reserved": [
            {name: one[name] for name in ("range", "place", "open", "reserved_at", "days")}
            for one in reserved
        ],
        **{name: len(found) for name, found in wrong.items()},
        "objects_checked": checked.objects,
        "mended": checked.mended,
        "copies_mended": checked.copies_mended,
        "first_altered": heads.first_altered(services.archive, breaks, rewritten),
        "wrong": wrong,
    }


def _numbers() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Gaps, and reserved numbers; none where a decision cannot be read, which is among the breaks."""
    with suppress(Usage):
        return list(account.number_gaps()), ranges.listed(None, datetime.now(UTC))
    return [], []


def _strays(services: Services) -> Iterator[dict[str, str]]:
    """Folders in the spool that no claim explains: files that would be forgotten."""
    if services.spool.is_dir():
        known = keys_in_work()
        for folder in sorted(services.spool.iterdir()):
            if folder.name not in known:
                yield {"source": str(folder), "state": "in the spool without a claim"}
