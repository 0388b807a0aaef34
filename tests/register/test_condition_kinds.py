"""Conditions that ask for what values are never are refused wherever it stands, and no others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Usage
from domain.office import CustomField, FieldKind, Office
from register.conditions import empty, holds, must_be_condition

OFFICE = Office(fields={"plot": CustomField("plot", FieldKind.NUMBER), "street": CustomField("street")})
RIGHT = (
    "subject == 'a && b'",
    "pages > 1",
    "amount >= 2",
    "'x' in tags",
    "subject.contains('?')",
    "custom.plot > 10.0",
    "has_words(text, 'rent (increase')",
    "senders.exists(one, one.contains('a') && one.size() > 5)",
    "size(tags) < 2",
    "received.getHours() >= 18",
    "dated != '2026'",
    "class in ['a', 'b']",
    "-pages < 0",
    "pages % 2 == 0",
    "int(custom.plot) % 2 == 0",
    "received - timestamp('2026-01-01T00:00:00Z') > duration('36h')",
    "string(pages) + subject == '2a'",
    "{'a': 1}['a'] == 1",
    "custom['street'].startsWith('E')",
    "pages == 1.5",
    "senders.map(one, one.size()).exists(n, n > 5)",
    "has(custom.plot)",
    "pages > 1 == true",
    "subject == 5",
)
ONLY_OF_SOME = (
    "tags[0] == 'a'",
    "double(fields.amount) > 5.0",
    "timestamp(dated + 'T00:00:00Z') < received",
    "10 / pages > 2",
)
NEVER = (
    "subject > 5",
    "pages < 'x'",
    "pages.contains('x')",
    "custom.plot > 'x'",
    "has_words(pages, 'x')",
    "subject + 1 == 2",
    "received > '2026-01-01'",
    "'a' in subject",
    "subject.getHours() == 1",
    "fields.iban >= 3",
    "size(amount) > 1",
    "-subject == 'x'",
    "received.getHours() > 'x'",
)


def joined(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Conditions of these parts."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(lambda one: f"!({one})"),
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
            st.tuples(inner, inner, inner).map(lambda some: "(({}) ? ({}) : ({}))".format(*some)),
            inner.map(lambda one: f"({one}) // and so on\n"),
        ),
        max_leaves=5,
    )


@given(joined(st.sampled_from(RIGHT)))
@settings(deadline=None)
def test_what_can_be_asked_is_not_refused(when: str) -> None:
    if sum(when.count(name) for name in ("exists(", "map(")) > 3:
        return  # which is refused for its loops
    must_be_condition(when, OFFICE)
    assert holds(when, empty(OFFICE)) in (True, False)


@given(joined(st.sampled_from(RIGHT)), st.sampled_from(ONLY_OF_SOME))
@settings(deadline=None)
def test_what_can_be_asked_of_some_entries_is_not_refused(when: str, some: str) -> None:
    if sum(when.count(name) for name in ("exists(", "map(")) <= 3:
        must_be_condition(f"class == 'x' && ({some} || ({when}))", OFFICE)


@given(joined(st.sampled_from(RIGHT)), st.sampled_from(NEVER), joined(st.sampled_from(RIGHT)))
@settings(deadline=None)
def test_what_can_never_be_asked_is_refused_wherever_it_stands(before: str, never: str, behind: str) -> None:
    with pytest.raises(ValueError, match=r"overload|operation|function|texts"):
        holds(never, empty(OFFICE))
    for when in (f"(class == 'x' && {never}) || ({behind})", f"({before}) ? {never} : ({behind})"):
        with pytest.raises(Usage):
            must_be_condition(when, OFFICE)


def test_the_place_is_told() -> None:
    with pytest.raises(Usage) as refused:
        must_be_condition("class == 'x' &&\n  (pages > 1 || subject > 5)", OFFICE)
    assert str(refused.value).startswith(
        "when has subject > 5 at line 2, sign 17, which can never be asked: "
    )


def test_who_asks_for_the_kind_decides_themselves() -> None:
    must_be_condition("class == 'x' && type(custom.street) == type(1.0) && custom.street > 5", OFFICE)
