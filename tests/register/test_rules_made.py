"""What rules may do: what is refused as it is decided, and what was decided before it was."""

import pytest

from domain.errors import Usage
from domain.office import Deadline, Department, Post, Role, Rule, User
from register import decisions, office, views
from register.models import Entry, Notice
from tests.register.officers import ACT, decide, enter
from tests.register.test_rules import put, rule, run


@pytest.fixture(autouse=True)
def works(register: object) -> None:
    decide(
        Department("works"),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("lea", posts=(Post(Role.CASE_HANDLER, "works"),), active=False),
        User("ann", posts=(Post(Role.REGISTRAR),)),
        Deadline("soon", hours=4),
    )


REFUSED = {
    "a list of one": (
        rule("x", priority=("low",)),
        "priority of x: there can be only one: give a text, not a",
    ),
    "levels": (
        rule("x", confidentiality=("secret", "public")),
        "confidentiality of x: there can be only one",
    ),
    "deadlines": (rule("x", deadline=("soon",)), "deadline of x: there can be only one"),
    "holders": (rule("x", assign=("works",)), "assign of x: there can be only one"),
    "no tags": (rule("x", tags=()), "tags of x: there is nothing in it: leave it out"),
    "an empty tag": (rule("x", tags=("", "y")), "tags of x: there is nothing in it"),
    "an empty text": (rule("x", second_look=" "), "second look of x: there is nothing in it"),
    "who has left": (rule("x", assign="works/lea"), "assign of x: lea has left: name somebody else"),
    "who is not there": (
        rule("x", assign="/leo"),
        "assign of x: there is no user 'leo'. There are: ann, ben",
    ),
    "told who has left": (rule("x", notify=("lea",)), "notify of x: lea has left: name somebody else"),
    "too confidential": (
        rule("x", assign="works/ben", confidentiality="secret"),
        "assign of x: ben may not know of what it makes secret, their clearance is internal. Name somebody",
    ),
}


@pytest.mark.parametrize(("made", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused(made: Rule, said: str) -> None:
    with pytest.raises(Usage) as error:
        office.put("rule", made, ACT)
    assert str(error.value).startswith(said)


def test_what_adds_up_may_be_one_text() -> None:
    put(rule("x", tags="red", notify="ben", confidentiality="internal", assign="works/ben"))
    entry = enter()
    run()
    assert Entry.objects.get(pk=entry.pk).tags == ["red"]
    assert Notice.objects.filter(kind="routed").get().to == "ben"


def test_what_was_decided_before_it_was_refused_leaves_the_entry_with_the_registry() -> None:
    broken = rule("boom", priority=("low",))
    decisions.decide("rule", "boom", broken, ACT)
    put(rule("all", assign="works", tags=("seen",)))
    entry = enter()
    run()
    now = Entry.objects.get(pk=entry.pk)
    assert (now.priority, now.department, now.tags) == ("normal", "", ["seen", "second look"])
    assert views.show(entry.number)["history"][-1]["content"]["failed"] == {
        "boom": "priority: there can be only one: give a text, not a list"
    }
    assert Notice.objects.get(kind="rule failed").to == "ann"
