"""A label that was printed before its paper was scanned: the paper becomes the entry with that number."""

from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from domain.numbers import Place, written
from flows.publish import deliver
from flows.verify import verify
from infra.wiring import Services
from letters.labels import SIZES, Label, sheet_pdf
from register import numbering, printing, problems, ranges, views
from register.acts import Act
from register.models import Entry
from tests.flows.test_intake import labelled, run
from tests.letters.test_labels import label_at, pages
from tests.small import small_page

DPI = 200
SLASHED = "{year}/{register}/{sequence}-{check}"


def letter(path: Path, label: Image.Image, text: str) -> None:
    """An A4 page with a few words, and a label stuck on it a little askew, scanned at 200 dpi."""
    page = np.full((2339, 1654), 255, np.uint8)
    for row, line in enumerate(("Dear Sir or Madam,", "the parcel has come.", text)):
        cv2.putText(page, line, (200, 900 + 120 * row), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 0, 4)
    stuck = np.asarray(label.rotate(-2, expand=True, fillcolor=255, resample=Image.Resampling.BILINEAR))
    page[120 : 120 + stuck.shape[0], 1000 : 1000 + stuck.shape[1]] = stuck
    Image.fromarray(page).save(path, dpi=(DPI, DPI))


@pytest.mark.parametrize("form", ["", SLASHED])
@pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)
def test_a_paper_becomes_the_entry_whose_label_it_bears(office: tuple[Services, Path], form: str) -> None:
    services, drop = office
    act = Act("ann", datetime.now(UTC))
    zone, year = services.settings.zone, act.at.year
    if form:
        numbering.set_form(form, act)
    made = ranges.reserve("IN", 3, act, zone=zone, place="counter 2", printed=True)
    size = SIZES["L7160"]
    numbers = ranges.open_numbers(made)
    (sheet,) = pages(sheet_pdf([Label(one, "Registry") for one in numbers], size), DPI)
    stuck = [label_at(sheet, size, at, DPI) for at in range(3)]
    letter(drop / "one.png", stuck[2], "the third label")

    run(office)

    (entry,) = Entry.objects.all()
    assert (entry.number, entry.year, entry.sequence) == (numbers[2], year, 3)
    shown = views.show(entry.number)
    assert [one["kind"] for one in shown["history"]] == ["registered"]
    assert shown["history"][0]["content"]["reserved"] == made.name
    assert shown["documents"][0]["label"] == numbers[2]
    assert [one["number"] for one in printing.waiting(None, act.at)] == numbers[:2]

    small_page("A letter without").save(drop / "two.png", dpi=(100, 100))
    letter(drop / "three.png", stuck[0], "the first label")
    letter(drop / "four.png", stuck[2], "the third once more")
    run(office)

    assert {(one.sequence, one.documents.count()) for one in Entry.objects.all()} == {(1, 1), (3, 2), (4, 1)}
    assert problems.open_problems() == []
    deliver(services)
    found = verify(services)
    assert (found["ok"], found["reserved_open"]) == (True, 1), found["wrong"]
    since = made.reserved_at.isoformat() if made.reserved_at else ""
    assert found["reserved"] == [
        {"range": made.name, "place": "counter 2", "open": 1, "reserved_at": since, "days": 0}
    ]


def test_a_number_that_was_neither_given_nor_reserved_goes_to_the_exceptions(
    office: tuple[Services, Path],
) -> None:
    _, drop = office
    year = datetime.now(UTC).year
    number = written(Place("IN", year, 7))
    labelled(drop / "early.png", number)
    run(office)
    (one,) = problems.open_problems()
    assert one.reason == f"the label {number} names an entry that is not in the register, nor was it reserved"
    assert Entry.objects.count() == 0


def test_a_label_of_a_number_that_became_void_is_refused(office: tuple[Services, Path]) -> None:
    services, drop = office
    act = Act("ann", datetime.now(UTC), "the counter closed")
    made = ranges.reserve("IN", 1, act, zone=services.settings.zone)
    (number,) = ranges.void_rest(made.name, act)
    labelled(drop / "late.png", number)
    run(office)
    (one,) = problems.open_problems()
    assert one.reason.startswith(f"the label names a void entry: {number} is void since ")
