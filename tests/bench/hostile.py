"""Damaged, encrypted and malicious files through the whole intake.

    python -m tests.bench.hostile DIR... [--every N] [--page-seconds S] [--json]

``filed``, ``refused`` and ``blank`` count files: one with a filed page is filed; one whose pages are all
refused is refused, under its first reason; one with nothing but blank pages is blank. ``filed_in_part``
are those filed ones with refused pages. ``crashed`` lists the faults of Postroom's own: a refusal that
says that it failed, a batch that could not be carried on, an intake that ended otherwise than by itself.
``hung`` is 1 when the intake had to be stopped. ``unaccounted`` are files without a fate for each page, or
with a refused page that no exception names with file, reason and fix.
"""

import argparse
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.database import prepare
from infra.wiring import open_services
from tests.bench.running import Run, copy_whole, postroom
from tests.small import train_small

_OURS = "Postroom itself failed"
_START = 120.0  # seconds an intake of many files may take besides its pages


def run(folders: Sequence[Path], *, every: int = 1, page_seconds: float = 20.0) -> dict[str, Any]:
    """Take in each ``every``-th file of these folders with this limit a page."""
    prepare()
    with tempfile.TemporaryDirectory(prefix="postroom-hostile-") as scratch:
        home, drop = Path(scratch) / "home", Path(scratch) / "drop"
        home.mkdir()
        train_small(home)
        count = 0
        for number, folder in enumerate(folders):
            files = sorted(path for path in folder.rglob("*") if path.is_file())[::every]
            station = drop / f"{number}-{folder.name}"
            count += copy_whole(folder, station, files)
            # Copies of one file lie in several places; each is to be read.
            (station / "station.toml").write_text('quiet_seconds = 0.1\nduplicate = "file"\n')
        seconds = _START + count * 2 * page_seconds
        limit = {"POSTROOM_CAPTURE__PAGE_SECONDS": str(page_seconds)}
        ran = postroom(home, "intake", str(drop), "--once", seconds=seconds, **limit)
        return _books(home, drop, ran)


def _books(home: Path, drop: Path, ran: Run) -> dict[str, Any]:
    open_services(home)
    from register.models import Claim, PageFate, Problem

    fates: defaultdict[int, Counter[str]] = defaultdict(Counter)
    reasons: dict[int, str] = {}
    explained = {
        (one.claim_id, one.page or 1) for one in Problem.objects.exclude(claim=None) if one.reason and one.fix
    }
    unexplained: set[int] = set()
    for fate in PageFate.objects.order_by("claim_id", "page"):
        fates[fate.claim_id][fate.kind] += 1
        if fate.kind == "refused":
            reasons.setdefault(fate.claim_id, fate.reason)
            if (fate.claim_id, fate.page) not in explained:
                unexplained.add(fate.claim_id)
    claims = list(Claim.objects.order_by("id"))
    kinds = {one.pk: _kind(fates[one.pk]) for one in claims}
    lost = [one.source for one in claims if sum(fates[one.pk].values()) != one.pages or one.pk in unexplained]
    left = [str(path) for path in sorted(drop.rglob("*")) if path.is_file() and path.name != "station.toml"]
    ours = [
        f"{one['source']} page {one['page']}: {one['reason']}"
        for one in ran.data.get("refused", [])
        if one["reason"].startswith(_OURS)
    ]
    ours += [f"{one['source']}: {one['reason']}" for one in ran.data.get("failed", [])]
    if ran.code not in (0, None):
        ours.append(f"the intake ended with {ran.code}: {ran.log[-400:]}")
    counts = Counter(kinds.values())
    return {
        "files": len(claims) + len(left),
        "filed": counts["filed"],
        "filed_in_part": sum(kinds[one.pk] == "filed" and fates[one.pk]["refused"] > 0 for one in claims),
        "blank": counts["blank"],
        "refused": dict(
            Counter(_general(reasons[one.pk]) for one in claims if kinds[one.pk] == "refused").most_common()
        ),
        "pages": sum(sum(kinds.values()) for kinds in fates.values()),
        "crashed": ours,
        "hung": int(ran.code is None),
        "unaccounted": lost + left,
        "peak_rss_mb": round(ran.peak_mb),
        "seconds": ran.data.get("seconds"),
        "outcomes": {
            str(Path(one.source).relative_to(drop.resolve())): reasons.get(one.pk, kinds[one.pk])
            for one in claims
        },
        "log": ran.log,
    }


def _kind(fates: Counter[str]) -> str:
    return next(
        (name for name, kind in (("filed", "document"), ("refused", "refused")) if fates[kind]), "blank"
    )


def _general(reason: str) -> str:
    return re.sub(r"\d+", "#", reason)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--page-seconds", type=float, default=20.0)
    parser.add_argument("--outcomes", action="store_true", help="what became of each file, and the log")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    data = run(asked.folders, every=asked.every, page_seconds=asked.page_seconds)
    if not asked.outcomes:
        data = {name: value for name, value in data.items() if name not in ("outcomes", "log")}
    if asked.json:
        print(json.dumps(data, indent=1))
        return
    reasons = data.pop("refused")
    for name, value in data.items():
        print(f"{name}: {value}")
    print(f"refused: {sum(reasons.values())}")
    for reason, count in reasons.items():
        print(f"{count:6}  {reason}")


if __name__ == "__main__":
    main()
