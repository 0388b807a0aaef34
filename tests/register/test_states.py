from itertools import product

import pytest

from domain.correspondence import INVERSE, Direction, Relation
from domain.states import DEFAULT, DRAFT, ENDS, RECEIVED, USUAL, States, checked_states


def test_the_usual_states_hold_together() -> None:
    for follow in DEFAULT.values():
        assert checked_states(dict(follow)) == follow
        assert ENDS & set(follow)
    assert [USUAL.first(one, "letter") for one in Direction] == [RECEIVED, DRAFT, RECEIVED]


def test_a_class_may_have_states_of_its_own() -> None:
    own = {"new": ("paid",), "paid": ()}
    office = States({"invoice": {Direction.INCOMING: own}})
    assert office.follow("incoming", "invoice") == own
    assert office.first("incoming", "invoice") == "new"
    for direction, label in product((Direction.OUTGOING, Direction.INTERNAL), ("invoice", "letter", "")):
        assert office.follow(direction, label) == DEFAULT[direction]
    assert office.follow("incoming", "letter") == DEFAULT[Direction.INCOMING]


@pytest.mark.parametrize(
    ("follow", "problem"),
    [
        ({}, "there is no state"),
        ({"new": ("done",)}, "'new' is followed by 'done', which is no state of it"),
        ({"new": (), "done": ()}, "nothing leads to 'done'"),
        ({"new": ("new",), "done": ("new",)}, "nothing leads to 'done'"),
    ],
)
def test_states_that_cannot_be(follow: dict[str, tuple[str, ...]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        checked_states(follow)


def test_the_inverse_of_an_inverse_is_the_relation() -> None:
    assert set(INVERSE) == set(Relation)
    assert all(INVERSE[INVERSE[one]] == one for one in Relation)
