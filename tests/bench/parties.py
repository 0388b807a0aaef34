"""Matching senders against many parties: how long, beside looking a name up that is written the same way.

.venv/bin/python -m tests.bench.parties --parties 100000 --senders 1000
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.party import Sighting, format_party
from infra.database import connect, disconnect, prepare

_FIRST = [
    a + b
    for a in ("An", "Be", "Car", "Di", "El", "Fa", "Gu", "Ho", "Il", "Jo", "Ka", "Lu", "Ma", "No", "Ol", "Pe")
    for b in ("na", "nno", "rla", "ris", "len", "ton", "mas", "ra", "vid", "bel")
]
_LAST = [
    a + b + c
    for a in ("Bren", "Cas", "Dor", "Fal", "Gar", "Hol", "Kes", "Lin", "Mor", "Nor", "Pas", "Rei", "Sol")
    for b in ("ti", "ma", "der", "lo", "ven", "ni", "da")
    for c in ("ez", "son", "mann", "ini", "ard", "ova", "sen", "ier", "ley", "ick")
]
_TRADE = ("Services", "Trading", "Logistics", "Foods", "Consulting", "Systems", "Energy", "Textiles", "Print")
_FORM = ("Ltd", "GmbH", "S.L.", "SARL", "Inc.", "B.V.")


def _name(draw: random.Random) -> str:
    if draw.random() < 0.6:
        return f"{draw.choice(_FIRST)} {draw.choice(_LAST)} {draw.choice(_LAST)}"
    return f"{draw.choice(_LAST)} {draw.choice(_LAST)} {draw.choice(_TRADE)} {draw.choice(_FORM)}"


def _fill(count: int, draw: random.Random) -> list[str]:
    from register.matching import words_of
    from register.models import Party, PartyKey, PartyWord
    from register.parties import fold

    names = [_name(draw) for _ in range(count)]
    made = Party.objects.bulk_create(
        (
            Party(
                key=format_party(at),
                name=name,
                folded=fold(name),
                about={"phones": [f"+4420{at:08}"], "emails": [f"p{at}@x.org"]},
            )
            for at, name in enumerate(names)
        ),
        batch_size=5000,
    )
    for start in range(0, count, 5000):
        some = made[start : start + 5000]
        PartyWord.objects.bulk_create(
            PartyWord(party=one, value=word) for one in some for word in sorted(words_of([one.name]))
        )
        PartyKey.objects.bulk_create(
            PartyKey(party=one, kind="email", value=one.about["emails"][0]) for one in some
        )
    return names


def _spoiled(name: str, draw: random.Random) -> str:
    """As a scan misreads it: one letter is another."""
    at = draw.choice([place for place, sign in enumerate(name) if sign.isalpha()])
    return f"{name[:at]}{draw.choice('ceimnoru')}{name[at + 1 :]}"


def measure(count: int, senders: int) -> dict[str, Any]:
    """Milliseconds for each sender of three kinds, against ``count`` parties."""
    draw = random.Random(7)
    home = Path(tempfile.mkdtemp())
    try:
        connect(home)
        names = _fill(count, draw)
        chosen = draw.sample(range(count), senders)
        exact, exact_ms = _timed([Sighting(names[at]) for at in chosen])
        mail, mail_ms = _timed(
            [Sighting(_spoiled(names[at], draw), (f"email:p{at}@x.org",)) for at in chosen]
        )
        like, like_ms = _timed(
            [Sighting(_spoiled(names[at], draw), (f"phone:+4420{at:08}",)) for at in chosen]
        )
        right = sum(
            found is not None and found[0].key == format_party(at)
            for found, at in zip(like, chosen, strict=True)
        )
        return {
            "parties": count,
            "senders": senders,
            "exact_ms": exact_ms,
            "mail_ms": mail_ms,
            "like_ms": like_ms,
            "ratio": round(like_ms / exact_ms, 1),
            "like_right": right,
            "like_wrong": sum(found is not None for found in like) - right,
            "mail_found": sum(found is not None for found in mail),
            "exact_found": sum(found is not None for found in exact),
        }
    finally:
        disconnect()
        shutil.rmtree(home, ignore_errors=True)


def _timed(seen: Sequence[Sighting]) -> tuple[list[tuple[Any, str] | None], float]:
    from register.parties import known

    begun = time.perf_counter()
    found = [known(one) for one in seen]
    return found, round(1000 * (time.perf_counter() - begun) / len(seen), 3)


def main() -> None:
    """Print what was measured as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--parties", type=int, default=100_000)
    asked.add_argument("--senders", type=int, default=1000)
    given = asked.parse_args()
    prepare()
    print(json.dumps(measure(given.parties, given.senders), indent=2))


if __name__ == "__main__":
    main()
