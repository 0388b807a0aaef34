"""Entries listed and shown: which are told of, in which order, and what of them."""

from dataclasses import replace
from pathlib import Path

from register import entries, views
from tests.register.filings import file_one, open_batch
from tests.register.officers import ACT, ZONE


def test_the_class_that_is_shown_is_that_of_the_documents_where_it_has_none_of_its_own(
    register: Path,
) -> None:
    scanned = file_one(open_batch(), 0, ((0, 1), (0, 2))).entry
    assert views.show(scanned.number)["class"] == "letter"
    entries.amend(scanned.number, lambda one: replace(one, label="form"), ACT, zone=ZONE)
    assert views.show(scanned.number)["class"] == "form"
