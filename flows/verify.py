"""Verify: whether the register, the archive, the index and the spool agree with each other."""

import hashlib
from collections.abc import Iterator
from typing import Any

from archive import fixity
from archive.keys import record_key
from infra.wiring import Services
from register import account, history
from register.batches import keys_in_work


def verify(services: Services) -> dict[str, Any]:
    """Counts of what is wrong, with the lists under ``wrong``; ``ok`` when there is nothing.

    Every object and every record in the archive is read and its hash compared.
    """
    objects = list(account.objects())
    objects += [
        (record_key(number, sequence), hashlib.sha256(body).hexdigest())
        for number, sequence, body in account.records()
    ]
    # The index is asked between two looks at the register, for an intake may be publishing meanwhile.
    should = account.index_should_hold()
    held = dict(services.index.sequences())
    known = account.index_should_hold()
    wrong: dict[str, list[Any]] = {
        "unaccounted": [*account.unaccounted(), *_strays(services)],
        "number_gaps": list(account.number_gaps()),
        "mismatches": [
            {"key": one.key, "expected": one.expected, "found": one.found}
            for one in fixity.check(services.archive, objects)
        ],
        "history_breaks": list(history.breaks()),
        "records_pending": account.records_pending(),
        "index_missing": sorted(
            number for number, sequence in should.items() if held.get(number, -1) < sequence
        ),
        "index_extra": sorted(number for number in held if number not in known),
    }
    return {
        "ok": not any(wrong.values()),
        **account.totals(),
        **{name: len(found) for name, found in wrong.items()},
        "objects_checked": len(objects),
        "wrong": wrong,
    }


def _strays(services: Services) -> Iterator[dict[str, str]]:
    """Folders in the spool that no claim explains: files that would be forgotten."""
    if services.spool.is_dir():
        known = keys_in_work()
        for folder in sorted(services.spool.iterdir()):
            if folder.name not in known:
                yield {"source": str(folder), "state": "in the spool without a claim"}
