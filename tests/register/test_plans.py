"""Lists find what they tell by an index, on either database, where there is one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from domain.office import CustomField, FieldKind, Post, Role, User
from register import inbox
from register.listing import Asked, Order, listed
from tests.register.officers import LETTER, ZONE, decide, enter, rights

_SEARCH = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (COSTS OFF)"}


def plans(do: Callable[[], Any], *off: str) -> str:
    """How the database goes about what ``do`` asks, were the tables large; PostgreSQL without ``off``."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(note):
        do()
    told: list[str] = []
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for one in ("seqscan", *off):
                cursor.execute(f"SET LOCAL enable_{one} = off")
        for sql, params in asked:
            cursor.execute(f"{_SEARCH[connection.vendor]} {sql}", params)
            told += [" ".join(map(str, row)) for row in cursor.fetchall()]
    return "\n".join(told)


@pytest.fixture
def letters(register: Path) -> list[str]:
    decide(CustomField("plot", FieldKind.TEXT), User("ben", posts=(Post(Role.CASE_HANDLER),)))
    details = replace(LETTER, tags=("night",), custom={"plot": "4711"})
    return [enter(details=details).number for _ in range(3)]


def pages(asked: Asked, after: str) -> list[str]:
    return [one["number"] for one in listed(asked, zone=ZONE, after=after)]


def test_a_page_begins_within_the_index_of_its_order(letters: list[str]) -> None:
    first, middle, last = letters
    by_number = Asked(order=Order.NUMBER)
    assert (pages(Asked(), middle), pages(by_number, middle)) == ([first], [last])
    if connection.vendor == "sqlite":
        wanted = ("(received_at<?", "((register,year,sequence)>(?,?,?))")
    else:
        wanted = ("Index Cond: (received_at <=", "Index Cond: (ROW((register)")
    for asked, one in zip((Asked(), by_number), wanted, strict=True):
        assert one in plans(partial(pages, asked, middle), "bitmapscan")


def test_tags_and_fields_have_an_index_on_postgresql(letters: list[str]) -> None:
    for asked, index in (
        (Asked(tags=("night",)), "entry_tags"),
        (Asked(custom={"plot": "4711"}), "entry_custom"),
    ):
        assert pages(asked, "") == letters[::-1]
        found = plans(partial(pages, asked, ""))
        assert (index in found) == (connection.vendor == "postgresql")


def test_an_inbox_is_read_from_its_end(letters: list[str]) -> None:
    found = plans(lambda: inbox.inbox(rights("ben"), 5))
    assert "notice_of" in found
