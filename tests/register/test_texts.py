import json
from pathlib import Path

from domain.document import Fate, FateKind, Field, Separation
from register import batches, history, outbox, views
from register.filing import NewProblem, close
from register.models import Batch, Document, Outbox
from register.texts import fit
from tests.register.filings import file_one, open_batch

BAD, GOOD = "a\0b\ud800c", "a\ufffdb\ufffdc"


def test_signs_that_cannot_be_stored_are_replaced_within_all_values() -> None:
    field = Field("reference", BAD, 1, (0.0, 0.0, 1.0, 1.0), 0.5)
    whole = {"a": [BAD, (1, BAD)], BAD: field, "kind": FateKind.BLANK}
    assert fit(whole) == {
        "a": [GOOD, (1, GOOD)],
        GOOD: Field("reference", GOOD, 1, (0.0, 0.0, 1.0, 1.0), 0.5),
        "kind": FateKind.BLANK,
    }
    emoji = "Ærø 🐢\n\t"
    assert fit(emoji) is emoji


def test_odd_signs_in_texts_and_barcodes_do_not_stop_a_filing(register: Path) -> None:
    batch = open_batch(pages=2)
    batches.plan(batch, Separation((), (Fate(0, 2, FateKind.SEPARATOR, reason=BAD),), (BAD,)))
    fields = (Field("reference", BAD, 1, (0.0, 0.0, 1.0, 1.0), 0.5, text=BAD),)
    document = file_one(
        batch, 0, ((0, 1),), subject=BAD, sender=BAD, reference=BAD, barcode=BAD, fields=fields
    )
    close(
        batch,
        [Fate(0, 2, FateKind.REFUSED, reason=BAD)],
        [NewProblem(0, 2, BAD, BAD)],
        [BAD],
    )
    outbox.failed(outbox.pending(10), BAD)
    shown = views.show(document.entry.number)
    assert [shown[name] for name in ("subject", "reference")] == [GOOD, GOOD]
    assert shown["parties"][0]["name"] == GOOD
    stored = Document.objects.get()
    assert (stored.barcode, stored.fields[0]["value"], stored.fields[0]["text"]) == (GOOD, GOOD, GOOD)
    assert Batch.objects.get().alarms == [GOOD]
    assert [one.reason for one in views.refused_in([batch.pk])] == [GOOD]
    assert {one.error for one in Outbox.objects.all()} == {GOOD}
    assert GOOD in json.loads(Outbox.objects.exclude(entry=None).get().body)["entry"]["subject"]
    assert list(history.breaks()) == []
