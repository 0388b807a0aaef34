"""``party``: what people type, and what they are told."""

import re
import shlex
from pathlib import Path

import pytest

from tests.typed import asked, refused, run

PAGE = Path(__file__).parents[2] / "docs" / "parties.md"


def test_the_page_is_what_happens(home: Path) -> None:
    for block in re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE.read_text("utf-8")):
        for line in block.splitlines():
            done = run(home, *shlex.split(line)[1:])
            assert done.exit_code == 0, (line, done.output)
    shown = asked(home, "party", "show", "P-000003-8")
    assert (shown["number"], shown["merged"], shown["entries"]) == ("P-000001-1", ["P-000003-8"], 2)
    assert shown["other_names"] == ["Ada Limited"]
    assert asked(home, "search", "sender:limited")["total"] == 1
    assert asked(home, "search", "sender:lovelace")["total"] == 1
    # As it is called now, whatever was written.
    assert asked(home, "search", 'sender:"ada ltd"')["total"] == 2
    assert asked(home, "verify")["ok"] is True


def test_what_is_said_and_taken_away(home: Path) -> None:
    made = asked(
        home, "party", "new", "Ada", "--kind", "person", "--address", "1 High St|Flat 2;AB1;London;gb",
        "--email", "a@x.org", "--email", "b@x.org", "--consent", "notices;2026-01-01;;form 3",
        "--preferred", "post", "--other-name", "Countess", "--identifier", "tax:ES:54362315-K",
        "--phone", "020 7946 0018", "--language", "en", "--notes", "Rings twice",
    )  # fmt: skip
    assert made["addresses"] == [
        {"lines": ["1 High St", "Flat 2"], "postcode": "AB1", "city": "London", "country": "GB"}
    ]
    assert made["consents"] == [
        {"purpose": "notices", "since": "2026-01-01", "until": None, "evidence": "form 3"}
    ]
    assert (made["kind"], made["preferred"], made["identifiers"]) == ("person", "post", ["es.nif:54362315K"])
    changed = asked(
        home, "party", "change", made["number"], "--email", "", "--consent", "", "--name", "Ada L.",
        "--seen", "1", "--reason", "asked for", "--by", "eva",
    )  # fmt: skip
    assert (changed["emails"], changed["consents"], changed["name"]) == ([], [], "Ada L.")
    assert changed["phones"] == ["+442079460018"]
    told = asked(home, "party", "history", made["number"])
    assert [(one["kind"], one["actor"], one["content"]["reason"]) for one in told][1:] == [
        ("changed", "eva", "asked for")
    ]
    assert "changed meanwhile" in refused(
        home, "party", "change", made["number"], "--notes", "x", "--seen", "1"
    )
    for words in (("show", made["number"]), ("list",), ("similar",), ("history", made["number"])):
        assert run(home, "party", *words).exit_code == 0
    assert "Rings twice" in run(home, "party", "show", made["number"]).output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("new", "Ada", "--address", "a;b;c;d;e"), "is 'a;b;c;d;e': write it as STREET;POSTCODE;CITY"),
        (("new", "Ada", "--consent", "notices;soon"), "'soon' is no day: write it as 2026-03-31"),
        (("new", "Ada", "--identifier", "vat:GB980780685"), "its check digits are wrong"),
        (("new", "Ada", "--phone", "020 7946 0018"), "write it with the country"),
        (("change", "P-000001-1"), "Say what is to change"),
        (("show", "P-000001-2"), "its check digit is wrong"),
        (("show", "P-000001-1"), "There is no party P-000001-1"),
        (("merge", "P-000001-1", "P-000002-0"), "Say why"),
    ],
)  # fmt: skip
def test_what_cannot_be(home: Path, words: tuple[str, ...], why: str) -> None:
    assert why in refused(home, "party", *words)


def test_two_that_are_alike(home: Path) -> None:
    for name in ("Brightwater Ltd", "Brightwater GmbH", "Brightwater S.L."):
        asked(home, "entry", "new", "--subject", "Noise", "--sender", name)
    first, second, third = (one["number"] for one in asked(home, "party", "list", "--name", "brightwater"))
    assert len(asked(home, "party", "similar")) == 3
    asked(home, "party", "separate", first, second, "--reason", "two houses")
    asked(home, "party", "merge", first, third, "--reason", "one house")
    assert asked(home, "party", "similar") == []
    split = asked(home, "party", "split", third)
    assert (split["number"], split["entries"]) == (third, 1)
    assert [one["number"] for one in asked(home, "party", "list", "--limit", "2")] == [first, second]


def test_a_user_sees_and_does_what_they_may(home: Path) -> None:
    asked(home, "user", "add", "ann", "--role", "registrar")
    asked(home, "department", "add", "works")
    asked(home, "user", "add", "ben", "--role", "case handler@works")
    asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada")
    assert [one["name"] for one in asked(home, "party", "list", "--as", "ann")] == ["Ada"]
    assert asked(home, "party", "list", "--as", "ben") == []
    assert "There is no party" in refused(home, "party", "show", "P-000001-1", "--as", "ben")
    assert "ben may not change parties" in refused(home, "party", "new", "Bob", "--as", "ben")
    asked(home, "party", "change", "P-000001-1", "--notes", "x", "--as", "ann")
    assert asked(home, "party", "history", "P-000001-1")[-1]["actor"] == "ann"
