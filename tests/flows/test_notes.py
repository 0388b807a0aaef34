from pathlib import Path

from domain.page import Page
from flows.notes import Note, note, noted


def test_notes_come_back_whole_and_a_torn_one_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "notes-1.jsonl"
    assert noted(file) == {}
    blank = Note(7, blank=Page(7, 595.0, 842.0, 300.0, blank=True))
    refused = Note(9, reason="two\nlines", fix="Scan it again.")
    note(file, blank)
    with file.open("ab") as torn:
        torn.write(b'\n{"page":8,"blank":{"numb')  # killed here
    note(file, refused)
    assert noted(file) == {7: blank, 9: refused}
    refusal = noted(file)[9].refusal
    assert (refusal.page, refusal.reason, refusal.fix) == (9, "two\nlines", "Scan it again.")
