"""Parties that are one, and parties that are two: people say so, and may take it back."""

from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import Stale, Usage
from domain.party import PartyDetails
from register import entries, party_acts, party_history, party_views, views
from register.models import Party, PartyEvent, PartyKey
from register.parties import find
from tests.register.officers import ACT
from tests.register.test_parties import ADA, WHY, of, sent_by
from tests.register.test_together import during


def test_separate_ones_are_never_proposed_again(register: Path) -> None:
    sent_by("Brightwater Ltd")
    sent_by("Brightwater")
    party_acts.separate("P-000002-0", "P-000001-1", replace(ACT, reason="two houses"))
    assert party_views.similar() == []
    with pytest.raises(Usage, match="are said to be two already"):
        party_acts.separate("P-000001-1", "P-000002-0", ACT)
    party_acts.change("P-000002-0", lambda one: replace(one, other_names=("Brightwater Limited",)), ACT)
    assert party_views.similar() == []
    # Nor what turned out to be one of them.
    sent_by("Brightwater GmbH")
    (pair, _) = party_views.similar()
    third = pair["second"]["number"]
    party_acts.merge("P-000001-1", third, WHY)
    assert party_views.similar() == []
    assert [one["kind"] for one in party_views.history("P-000002-0")] == ["came up", "separated", "changed"]


def test_merged_parties_are_one_and_their_entries_stay_as_written(register: Path) -> None:
    first, second = sent_by("Ada Ltd"), sent_by("Ada GmbH", "Bob")
    party_acts.change("P-000001-1", lambda one: replace(ADA, other_names=()), ACT)
    merged = party_acts.merge("P-000001-1", "P-000002-0", WHY)
    assert (merged.key, merged.about["other_names"]) == ("P-000001-1", ["Ada GmbH"])
    assert of(first) == [("P-000001-1", "Ada Ltd")]
    assert of(second) == [("P-000001-1", "Ada GmbH"), ("P-000003-8", "Bob")]
    assert entries.details_of(second).senders == ("Ada GmbH", "Bob")
    assert [one["kind"] for one in views.show(second.number)["history"]] == ["entered"]
    assert party_views.show("P-000002-0")["number"] == "P-000001-1"
    assert party_views.show("P-000001-1")["merged"] == ["P-000002-0"]
    assert party_views.show("P-000001-1")["entries"] == 2
    assert [one["number"] for one in party_views.listed(name="gmbh")] == ["P-000001-1"]
    assert of(sent_by("ada gmbh")) == [("P-000001-1", "ada gmbh")]
    assert of(sent_by("P-000002-0")) == [("P-000001-1", "Ada Ltd")]
    assert [(one["party"], one["kind"]) for one in party_views.history("P-000001-1")] == [
        ("P-000001-1", "came up"),
        ("P-000002-0", "came up"),
        ("P-000001-1", "changed"),
        ("P-000002-0", "merged into"),
        ("P-000001-1", "merged"),
    ]
    assert list(party_history.breaks()) == []


def test_a_merge_of_the_merged_and_taking_it_back(register: Path) -> None:
    for name in ("Ada Ltd", "Ada GmbH", "Ada Lovelace"):
        sent_by(name)
    ada, gmbh, lovelace = (
        str(Party.objects.get(name=one).key) for one in ("Ada Ltd", "Ada GmbH", "Ada Lovelace")
    )
    party_acts.change(gmbh, lambda one: replace(one, emails=("g@x.org",), notes="theirs"), ACT)
    party_acts.merge(gmbh, lovelace, WHY)
    party_acts.merge(ada, gmbh, WHY)
    assert {str(find(one).key) for one in (ada, gmbh, lovelace)} == {ada}
    assert party_views.show(ada)["merged"] == [gmbh, lovelace]
    assert list(PartyKey.objects.values_list("party__key", "value")) == [(ada, "g@x.org")]
    party_acts.split(gmbh, ACT)
    assert [str(find(one).key) for one in (ada, gmbh, lovelace)] == [ada, gmbh, gmbh]
    assert list(PartyKey.objects.values_list("party__key", "value")) == [(gmbh, "g@x.org")]
    now = party_views.show(ada)
    assert (now["emails"], now["other_names"], now["entries"], now["notes"]) == ([], [], 1, "")
    assert party_views.show(gmbh)["entries"] == 2
    assert party_views.similar() == []  # a person said that they are two
    with pytest.raises(Usage, match="is merged into nobody"):
        party_acts.split(gmbh, ACT)
    assert list(party_history.breaks()) == []


def test_merging_needs_a_reason_and_two(register: Path) -> None:
    party_acts.new(PartyDetails("Ada"), ACT)
    party_acts.new(PartyDetails("Bob"), ACT)
    with pytest.raises(Usage, match="Say why P-000001-1 and P-000002-0 are one: give the reason"):
        party_acts.merge("P-000001-1", "P-000002-0", ACT)
    with pytest.raises(Usage, match="are one already"):
        party_acts.merge("P-000001-1", "P-000001-1", WHY)
    assert PartyEvent.objects.count() == 2


def test_of_two_who_merge_at_once_one_is_told_what_the_other_did(register: Path) -> None:
    numbers = [party_acts.new(PartyDetails(name), ACT).key for name in ("Ada", "Bob", "Carl", "Dora")]
    dora = str(numbers[-1])
    ann, ben = replace(WHY, actor="ann"), replace(WHY, actor="ben")
    with pytest.raises(Stale, match="P-000001-1 and P-000002-0 are one already, P-000002-0: merged by ann"):
        during(
            lambda: party_acts.merge("P-000002-0", "P-000001-1", ann),
            lambda: party_acts.merge("P-000001-1", "P-000002-0", ben),
        )
    with pytest.raises(Stale, match=r"P-000002-0 was merged into P-000003-8 by ann at .* name P-000003-8 in"):
        during(
            lambda: party_acts.merge("P-000003-8", "P-000002-0", ann),
            lambda: party_acts.merge(dora, "P-000002-0", ben),
        )
    assert list(party_history.breaks()) == []


def test_a_name_that_comes_in_twice_at_once_is_one_party(register: Path) -> None:
    during(lambda: sent_by("Ada Ltd"), lambda: sent_by("Ada Ltd"))
    assert list(Party.objects.values_list("key", "name")) == [("P-000001-1", "Ada Ltd")]
