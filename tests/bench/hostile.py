"""Damaged, encrypted and malicious files through the whole intake: ``postroom bench hostile``.

Files that are made for it (``tests/bench/bombs.py``) always, and those of folders beside them.

``filed``, ``refused`` and ``blank`` count files: one with a filed page is filed; one whose pages are all
refused is refused, under its first reason; one with nothing but blank pages is blank. ``filed_in_part``
are those filed ones with refused pages. A file that was found inside another counts with that.
``crashed`` counts the ``faults``: a refusal that says that Postroom failed, a batch that could not be
carried on, an intake that ended otherwise than by itself. ``hung`` is 1 when the intake had to be stopped.
``unaccounted`` are files without a fate for each page, or with a refused page that no exception names with
file, reason and fix; ``unexpected`` those made for it that came to another end than they should.
"""

import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.paths import readable
from infra.database import prepare
from infra.wiring import open_services
from register.batches import path_of
from tests.bench import bombs
from tests.bench.running import Run, copy_whole, postroom
from tests.small import train_small

_OURS = "Postroom itself failed"
SPARSE = 10 << 30
"""Bytes of the file that is all hole."""

_START = 120.0  # seconds an intake of many files may take besides its pages


def run(
    folders: Sequence[Path] = (), *, every: int = 1, page_seconds: float = 20.0, sparse: int = SPARSE
) -> dict[str, Any]:
    """Take in the made files, and each ``every``-th of these folders, with this limit a page."""
    prepare()
    with tempfile.TemporaryDirectory(prefix="postroom-hostile-") as scratch:
        home, drop = Path(scratch) / "home", Path(scratch) / "drop"
        home.mkdir()
        train_small(home)
        expected = bombs.write(drop / "made", sparse)
        count = len(expected)
        for number, folder in enumerate(folders):
            files = sorted(path for path in folder.rglob("*") if _is_taken(path))[::every]
            count += copy_whole(folder, drop / f"{number}-{folder.name}", files)
        for station in drop.iterdir():
            # Copies of one file lie in several places; each is to be read.
            (station / "station.toml").write_text('quiet_seconds = 0.1\nduplicate = "file"\n')
        seconds = _START + count * 2 * page_seconds
        limit = {"POSTROOM_CAPTURE__PAGE_SECONDS": str(page_seconds)}
        ran = postroom(home, "intake", str(drop), "--once", seconds=seconds, **limit)
        return _books(home, drop, ran, expected)


def _books(home: Path, drop: Path, ran: Run, expected: dict[Path, str]) -> dict[str, Any]:
    open_services(home)
    from register.models import Claim, PageFate, Problem

    claims = {one.pk: one for one in Claim.objects.order_by("id")}
    fates: defaultdict[int, Counter[str]] = defaultdict(Counter)  # by file, with all that was inside it
    own: Counter[int] = Counter()
    reasons: dict[int, str] = {}
    explained = {
        (one.claim_id, one.page or 1) for one in Problem.objects.exclude(claim=None) if one.reason and one.fix
    }
    wrong: set[int] = set()
    for fate in PageFate.objects.order_by("claim_id", "page"):
        root = _root(claims, fate.claim_id)
        fates[root][fate.kind] += 1
        own[fate.claim_id] += 1
        if fate.kind == "refused":
            reasons.setdefault(root, fate.reason)
            if (fate.claim_id, fate.page) not in explained:
                wrong.add(fate.claim_id)
    wrong |= {pk for pk, one in claims.items() if own[pk] != one.pages}
    files = {pk: path_of(one) for pk, one in claims.items() if one.inside_id is None}
    kinds = {pk: _kind(fates[pk]) for pk in files}
    left = [readable(path) for path in sorted(drop.rglob("*")) if _is_mail(path)]
    faults = [
        f"{one['source']} page {one['page']}: {one['reason']}"
        for one in ran.data.get("refused", [])
        if one["reason"].startswith(_OURS)
    ]
    faults += [f"{one['source']}: {one['reason']}" for one in ran.data.get("failed", [])]
    if ran.code not in (0, None):
        faults.append(f"the intake ended with {ran.code}: {ran.log[-400:]}")
    counts = Counter(kinds.values())
    became = {path: kinds[pk] for pk, path in files.items()}
    return {
        "files": len(files) + len(left),
        "filed": counts["filed"],
        "filed_in_part": sum(kinds[pk] == "filed" and fates[pk]["refused"] > 0 for pk in files),
        "blank": counts["blank"],
        "refused": dict(
            Counter(_general(reasons[pk]) for pk in files if kinds[pk] == "refused").most_common()
        ),
        "pages": own.total(),
        "crashed": len(faults),
        "faults": faults,
        "hung": int(ran.code is None),
        "unaccounted": [claims[pk].source for pk in sorted(wrong)] + left,
        "unexpected": [
            f"{readable(path)}: {became.get(path)}"
            for path, fate in expected.items()
            if became.get(path) not in ((fate,) if fate != "either" else ("filed", "refused", "blank"))
        ],
        "peak_rss_mb": round(ran.peak_mb),
        "seconds": ran.data.get("seconds"),
        "outcomes": {
            readable(path.relative_to(drop)): reasons.get(pk, kinds[pk]) for pk, path in files.items()
        },
        "log": ran.log,
    }


def well(data: dict[str, Any]) -> bool:
    """Whether nothing crashed, hung, got lost or came to another end than it should."""
    return not any(data[name] for name in ("crashed", "hung", "unaccounted", "unexpected"))


def _root(claims: dict[int, Any], pk: int) -> int:
    """The file that the claim was found in, however deep."""
    while claims[pk].inside_id is not None:
        pk = claims[pk].inside_id
    return pk


def _is_taken(path: Path) -> bool:
    """Hidden files are never taken."""
    return path.is_file() and not path.name.startswith(".")


def _is_mail(path: Path) -> bool:
    return path.is_file() and path.name != "station.toml"


def _kind(fates: Counter[str]) -> str:
    return next(
        (name for name, kind in (("filed", "document"), ("refused", "refused")) if fates[kind]), "blank"
    )


def _general(reason: str) -> str:
    return re.sub(r"\d+", "#", reason)
