"""An office of a town for a year: who works there, what it decides, and what changes meanwhile."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from domain.correspondence import Confidentiality
from domain.office import (
    Closure,
    CustomField,
    Deadline,
    Delegation,
    Department,
    FieldKind,
    Post,
    Role,
    Rule,
    User,
)

YEAR = 2025
CLASSES = ("complaint", "invoice", "application", "contract", "letter")
WORKING = {
    "works": ("roads", "parks"),
    "finance": ("taxes", "purchasing"),
    "citizens": ("permits", "registry office"),
    "legal": (),
}
LEAVES = len(WORKING) + sum(map(len, WORKING.values()))


def departments() -> Iterator[Department]:
    """Parents before what belongs to them."""
    for parent, below in WORKING.items():
        yield Department(parent)
        yield from (Department(name, parent=parent) for name in below)


def users() -> Iterator[User]:
    """Three handlers a department, one cleared for what is secret; approvers, registrars, the others."""
    levels = (Confidentiality.INTERNAL, Confidentiality.CONFIDENTIAL, Confidentiality.SECRET)
    for department in [one.name for one in departments()]:
        for place, level in enumerate(levels):
            name = f"{department.replace(' ', '-')}-{place}"
            yield User(name, posts=(Post(Role.CASE_HANDLER, department),), clearance=level)
    for parent in WORKING:
        yield User(f"head-{parent}", posts=(Post(Role.APPROVER, parent),), clearance=Confidentiality.SECRET)
    for place in range(3):
        yield User(f"registrar-{place}", posts=(Post(Role.REGISTRAR),), clearance=Confidentiality.SECRET)
    for place in range(2):
        yield User(f"operator-{place}", posts=(Post(Role.OPERATOR),), clearance=Confidentiality.INTERNAL)
    yield User("records", posts=(Post(Role.RECORDS_MANAGER),), clearance=Confidentiality.SECRET)
    yield User("auditor", posts=(Post(Role.AUDITOR),), clearance=Confidentiality.CONFIDENTIAL)
    yield User("admin", posts=(Post(Role.ADMINISTRATOR),))


def fields() -> Iterator[CustomField]:
    """The office's own fields."""
    yield CustomField("district", FieldKind.CHOICE, choices=("north", "south"))
    yield CustomField("total", FieldKind.MONEY, label="invoice")


def deadlines() -> Iterator[Deadline]:
    """In working hours, in working days, and by law."""
    yield Deadline(
        "first answer", hours=40, label="complaint", until=("answered",), remind=(8,), escalate="legal"
    )
    yield Deadline("payment", days=20, label="invoice", remind=(16,), escalate="finance")
    yield Deadline("urgent", hours=8, priority="urgent", direction="incoming", escalate="citizens")
    yield Deadline("objection", days=30, label="contract", legal=True, remind=(24,), escalate="legal")
    yield Deadline(
        "pick up", hours=16, direction="incoming", state="registered", until=("assigned", "in progress")
    )


def rules() -> Iterator[Rule]:
    """What comes in is routed by class and words."""
    yield Rule("invoices", 10, 'class == "invoice"', {"assign": "purchasing", "tags": ("to pay",)})
    yield Rule("roads", 20, 'has_words(subject, "pothole")', {"assign": "roads", "priority": "high"})
    yield Rule("trees", 30, 'has_words(subject, "tree")', {"assign": "parks"})
    yield Rule("lawyers", 40, 'class == "contract"', {"assign": "legal", "confidentiality": "confidential"})
    yield Rule("permits", 50, 'class == "application"', {"assign": "permits"})
    yield Rule(
        "loud", 60, 'has_words(subject, "noise")', {"assign": "citizens", "second look": "is it ours?"}
    )


def closures() -> Iterator[Closure]:
    """Days on which it is closed beside its holidays."""
    yield Closure("inventory", date(YEAR, 8, 11), date(YEAR, 8, 15))
    yield Closure("flood", date(YEAR, 11, 5), date(YEAR, 11, 6))


def changes(random: Random) -> dict[date, list[tuple[str, Any]]]:
    """By day what is decided then: who is away, rules and deadlines that change, people who leave."""
    decided: dict[date, list[tuple[str, Any]]] = {}

    def on(day: date, kind: str, value: Any) -> None:
        decided.setdefault(day, []).append((kind, value))

    for user in users():
        if any(post.role == Role.CASE_HANDLER for post in user.posts):
            first = date(YEAR, 1, 7) + timedelta(days=random.randrange(330))
            deputy = user.name.rsplit("-", 1)[0] + "-2"
            if deputy != user.name:
                until = first + timedelta(days=13)
                on(first, "delegation", Delegation(f"leave of {user.name}", user.name, deputy, first, until))
    on(
        date(YEAR, 3, 3),
        "rule",
        Rule("trees", 30, 'has_words(subject, "tree")', {"assign": "parks", "priority": "low"}),
    )
    on(
        date(YEAR, 5, 2),
        "rule",
        Rule("new", 5, 'channel == "web form"', {"tags": ("web",), "deadline": "urgent"}),
    )
    on(date(YEAR, 7, 1), "gone rule", "roads")
    on(date(YEAR, 9, 1), "rule", Rule("roads", 20, 'has_words(subject, "pothole")', {"assign": "works"}))
    on(
        date(YEAR, 10, 6),
        "deadline",
        Deadline("payment", days=30, label="invoice", remind=(24,), escalate="finance"),
    )
    on(date(YEAR, 11, 3), "closure", Closure("strike", date(YEAR, 11, 19), date(YEAR, 11, 19)))
    for day, name in (
        (date(YEAR, 4, 1), "roads-0"),
        (date(YEAR, 8, 1), "permits-1"),
        (date(YEAR, 11, 28), "legal-0"),
    ):
        on(day, "leaves", name)
    return decided
