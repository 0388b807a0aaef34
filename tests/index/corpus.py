"""5,000 entries to compare the engines with: sample mail in four languages, and texts from elsewhere."""

import csv
import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from domain.entry import IndexEntry, Query
from index.mapping import folded, stemmed
from samples.compose import compose
from samples.draft import plain_text
from samples.texts import LANGUAGES

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "classification"
TEAMS = tuple(f"team{number}" for number in range(8))
LABELS = ("letter", "invoice", "form", "contract", "complaint", "official_notice", "receipt", None)
_START = datetime(2025, 1, 1, 8, tzinfo=UTC)


def sample_mail(count: int) -> list[IndexEntry]:
    """Entries made of the project's own sample mail, the four languages in turn."""
    labels = [label for label in LABELS if label]
    made = []
    for at in range(count):
        rng = random.Random(f"comparison {at}")
        language = LANGUAGES[at % len(LANGUAGES)]
        draft = compose(rng, labels[at // len(LANGUAGES) % len(labels)], language)
        lines = plain_text(draft).split("\n")
        half = len(lines) // 2
        pages = ("\n".join(lines),) if len(lines) < 12 else ("\n".join(lines[:half]), "\n".join(lines[half:]))
        made.append(_entry("SM", at, rng, language, lines, pages))
    return made


def shared_texts() -> list[IndexEntry]:
    """Entries made of complaints and scanned pages that were not written for this project; all English."""
    with (SHARED / "cfpb" / "labels.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    texts += [path.read_text("utf-8", "replace") for path in sorted(SHARED.glob("tobacco_pages/*/*.txt"))]
    made = []
    for at, text in enumerate(text for text in texts if text.strip()):
        rng = random.Random(f"shared {at}")
        made.append(_entry("SH", at, rng, "en", text.split("\n"), tuple(text.split("\f"))))
    return made


def corpus(count: int) -> list[IndexEntry]:
    """So many entries: the texts from elsewhere where they are, the rest sample mail."""
    shared = shared_texts()[:count] if SHARED.is_dir() else []
    return sample_mail(count - len(shared)) + shared


def _entry(
    register: str, at: int, rng: random.Random, language: str, lines: list[str], pages: tuple[str, ...]
) -> IndexEntry:
    lines = [line.strip() for line in lines if line.strip()] or [""]
    day = date(2024, 1, 1) + timedelta(days=rng.randrange(700))
    code = f"{rng.randrange(2020, 2027)}/{rng.randrange(10_000):04}-{rng.choice('ABC')}"
    return IndexEntry(
        f"{register}-2026-{at:06}-{at % 10}", 1, _START + timedelta(hours=at * 3), rng.choice(LABELS), None,
        language, rng.choice(lines)[:80], lines[0][:60], lines[min(3, len(lines) - 1)][:60],
        pages, (day,), (code, f"{rng.randrange(1, 99_999)}.{rng.randrange(100):02} EUR"),
        tuple(rng.sample(TEAMS, rng.randrange(1, 4))),
    )  # fmt: skip


def queries(entries: list[IndexEntry], count: int, seed: int = 7) -> list[Query]:
    """Words, phrases, fields, identifiers, exclusions, dates and labels, drawn from these entries."""
    rng = random.Random(seed)
    made: list[Query] = []
    while len(made) < count:
        entry = rng.choice(entries)
        words = [word for word in " ".join(entry.pages).split() if len(word.strip(".,:;()")) > 3]
        if len(words) < 4:
            continue
        text = _text(rng, len(made) % 12, entry, words)
        narrow = rng.random()
        since = entry.received_at.date() - timedelta(days=60)
        made.append(
            Query(
                text.replace("\n", " "),
                label=entry.label if 0.6 < narrow < 0.75 else None,
                since=since if 0.7 < narrow < 0.85 else None,
                until=since + timedelta(days=120) if 0.75 < narrow < 0.9 else None,
                access=tuple(rng.sample(TEAMS, 2)) if narrow > 0.5 else None,
            )
        )
    return made


def _text(rng: random.Random, kind: int, entry: IndexEntry, words: list[str]) -> str:
    match kind:
        case 0 | 1 | 2:
            return " ".join(rng.sample(words, kind + 1))
        case 3 | 4:
            at = rng.randrange(len(words) - 1)
            return f'"{words[at]} {words[at + 1]}"'
        case 5:
            return f"subject:{rng.choice(entry.subject.split() or ['letter'])}"
        case 6:
            return f'sender:"{entry.sender}"'
        case 7:
            return rng.choice([entry.identifiers[0], entry.identifiers[0].partition("/")[2]])
        case 8:
            return entry.number
        case 9:
            return f"{rng.choice(words)} -{rng.choice(words)}"
        case 10:
            return entry.dates[0].isoformat()
        case _:
            return ""


def frequent(entries: list[IndexEntry], count: int, seed: int = 13) -> list[Query]:
    """One or two words that stand in more than twenty entries each, so that order matters."""
    rng = random.Random(seed)
    often: Counter[str] = Counter()
    for entry in entries:
        often.update({word for page in entry.pages for word in re.findall(r"[^\W\d_]{4,}", page)})
    words = sorted(word for word, number in often.items() if 20 < number < len(entries) // 4)
    return [Query(" ".join(rng.sample(words, 1 + at % 2))) for at in range(count)]


def vocabulary(entries: list[IndexEntry], language: str) -> list[str]:
    """The different words of the pages in this language, in lower case."""
    texts = (page for entry in entries if entry.language == language for page in entry.pages)
    words = {word.lower() for text in texts for word in re.findall(r"[^\W_]+", text)}
    return sorted(word for word in words if len(folded(word)) == 1)


def other_forms(entries: list[IndexEntry], count: int, seed: int = 11) -> list[Query]:
    """Words in another form than in some entry, by the stemmers of the embedded engine."""
    rng = random.Random(seed)
    made: list[Query] = []
    for language in LANGUAGES:
        families: dict[str, list[str]] = {}
        for word in vocabulary(entries, language):
            if word.isalpha() and len(word) > 3:
                families.setdefault(stemmed(word, language)[0], []).append(word)
        several = [family for family in families.values() if len(family) > 1]
        made += [Query(rng.choice(rng.choice(several))) for _ in range(count // len(LANGUAGES))]
    return made
