"""Who sees what waits for a class, and who may give it one."""

from pathlib import Path

import pytest

from domain.errors import Forbidden, Usage
from domain.office import Department, Post, Role, User
from register import review
from tests.register.officers import decide, rights
from tests.register.test_review import UNSURE, file_some, label, said


def test_reviewers_see_and_class_what_they_may_edit(register: Path) -> None:
    mine, theirs = file_some(
        {"verdict": UNSURE, "department": "works"}, {"verdict": UNSURE, "department": "legal"}
    )
    decide(
        Department("works"), Department("legal"),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("amy", posts=(Post(Role.AUDITOR),)),
    )  # fmt: skip
    assert [one.key for one in review.waiting(rights("ben"))] == [mine.key]
    assert review.waiting(rights("amy")) == []
    with pytest.raises(Usage, match=f"There is no document {theirs.key}"):
        label(theirs, "letter", "ben", rights=rights("ben"))
    with pytest.raises(Forbidden, match=f"amy may not edit {theirs.entry.number}"):
        label(theirs, "letter", "amy", rights=rights("amy"))
    assert label(mine, "letter", "ben", rights=rights("ben")).document.label == "letter"
    assert (said(mine), said(theirs)) == ([("", "letter", "ben")], [])
