from datetime import UTC, datetime
from pathlib import Path

from domain.document import Verdict
from register.lengths import usual_length
from register.models import Batch, Document, Entry
from tests.register.filings import file_one, open_batch

LETTER = Verdict("letter", "letter", 0.9, (), "v1")
ABSTAINED = Verdict(None, "letter", 0.4, (), "v1")


def file_lengths(lengths: list[int], name: str = "scan", **changes: object) -> Batch:
    """A batch with a document of each length."""
    batch = open_batch(name, pages=sum(lengths))
    first = 1
    for ordinal, length in enumerate(lengths):
        pages = tuple((0, page) for page in range(first, first + length))
        key = f"{batch.key[:30]}-{ordinal}"
        file_one(batch, ordinal, pages, **{"key": key, "verdict": LETTER, **changes})
        first += length
    return batch


def test_the_usual_length_is_what_19_of_20_do_not_exceed(register: Path) -> None:
    batch = open_batch("now")
    file_lengths([1] * 10 + [2] * 9)
    assert usual_length(batch, "IN", "letter") is None  # too few to tell
    file_lengths([30], "one more")
    assert usual_length(batch, "IN", "letter") == 2
    file_lengths([30], "and one more")
    assert usual_length(batch, "IN", "letter") == 30


def test_what_was_cut_wrongly_does_not_count(register: Path) -> None:
    batch = open_batch("now")
    file_lengths([1] * 20)
    wrong = file_lengths([40] * 20, "wrong")
    assert usual_length(batch, "IN", "letter") == 40
    Entry.objects.filter(documents__batch=wrong).update(voided_at=datetime.now(UTC))
    assert usual_length(batch, "IN", "letter") == 1


def test_only_documents_of_the_same_kind_count(register: Path) -> None:
    batch = open_batch("now")
    own = file_lengths([1] * 20, "own")
    file_lengths([9] * 20, "abstained", verdict=ABSTAINED)
    file_lengths([9] * 20, "elsewhere", register="OUT")
    other = file_lengths([9] * 20, "other")
    Batch.objects.filter(pk=other.pk).update(station="other")
    assert usual_length(batch, "IN", "letter") == 1
    assert usual_length(batch, "OUT", "letter") == 9
    assert usual_length(batch, "IN", "invoice") is None
    assert usual_length(own, "IN", "letter") is None  # a batch says nothing of itself
    assert Document.objects.count() == 80
