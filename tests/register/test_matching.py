"""Whether two parties are one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.party import LIKELY, Address
from register.matching import LINKED, Face, likely, likeness, plain, recognise, words_of

HIGH_STREET = Address(("1 High Street",), "AB1 2CD", "London", "GB")


def alike(one: str, other: str) -> float:
    return likeness(Face((one,)), Face((other,))).score


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada GmbH", "ADA"),
        ("Talleres Pérez, S. L.", "talleres perez sl"),
        ("Talleres Pérez, S.L.", "Pérez Talleres"),
        ("Dupont SARL", "Dupont, S.A.R.L."),
        ("Brightwater Services Ltd.", "Brightwater Services Limited"),
        ("Müller & Söhne GmbH & Co. KG", "Muller und Sohne"),
        ("García López, Ana", "Ana Garcia Lopez"),
        ("Dr. Zoë Smith", "Smith Zoe"),
    ],
)
def test_legal_forms_accents_titles_and_order_do_not_matter(one: str, other: str) -> None:
    assert alike(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "likely"),
    [
        ("Brightwater Services Ltd", "Brightwatcr Services Ltd", True),
        ("Juan García Pérez", "Juan García Gómez", False),
        ("Department 12", "Department 13", False),  # a figure more or less is another
        ("Ann", "Anna", False),  # in short names each letter counts
        ("GmbH", "Limited", False),  # nothing is left to compare
    ],
)
def test_what_is_likely(one: str, other: str, likely: bool) -> None:
    assert (alike(one, other) >= LIKELY) == likely


def test_a_name_of_legal_forms_alone_is_a_name() -> None:
    assert plain("S.A.") == ("sa",)
    assert alike("S.A.", "SA") == 1.0


def test_addresses_decide() -> None:
    ada = Face(("Ada Ltd",), addresses=(HIGH_STREET,), number="P-1")
    same = Face(("ADA",), addresses=(replace(HIGH_STREET, lines=("1, High Street",), city=""),))
    assert recognise(same, [ada]) == ("P-1", "likeness")
    elsewhere = Face(("ADA",), addresses=(replace(HIGH_STREET, lines=("2 High Street",)),))
    assert recognise(elsewhere, [ada]) == ("", "new")
    assert likely(elsewhere, [ada]) == []
    assert likeness(elsewhere, ada).why == ("name 1.00", "address 0.00")
    abroad = Face(("ADA",), addresses=(replace(HIGH_STREET, country="IE"),))
    assert not likeness(abroad, ada).near


def test_a_telephone_in_common_is_as_good_as_an_address() -> None:
    ada = Face(("Brightwater Ltd",), frozenset({"phone:+442079460018"}), number="P-1")
    seen = Face(("Brightwatcr Ltd",), ada.keys)
    assert recognise(seen, [ada]) == ("P-1", "likeness")
    assert recognise(Face(seen.names), [ada]) == ("", "new")  # a name alone is never enough
    assert [number for number, _ in likely(Face(seen.names), [ada])] == ["P-1"]


def test_of_two_nearly_as_alike_it_is_neither() -> None:
    first, second = (
        Face(("Brightwater Ltd",), addresses=(HIGH_STREET,), number=one) for one in ("P-1", "P-2")
    )
    seen = Face(("Brightwater",), addresses=(HIGH_STREET,))
    assert recognise(seen, [first, second]) == ("", "new")
    assert [number for number, _ in likely(seen, [first, second])] == ["P-1", "P-2"]
    # A party and one that was merged into it are one.
    assert recognise(seen, [first, replace(second, number="P-1")]) == ("P-1", "likeness")


def test_an_identifier_decides_unless_the_letter_bears_somebody_elses() -> None:
    ada = Face(("Ada Ltd",), frozenset({"vat:GB980780684"}), number="P-1")
    assert recognise(Face(("Ada Lovelace Limited",), ada.keys), [ada]) == ("P-1", "identifier")
    stranger = Face(("Town Hall",), ada.keys)
    assert recognise(stranger, [ada]) == ("", "new")
    assert likely(stranger, [ada]) == [("P-1", likeness(stranger, ada))]
    bob = Face(("Ada Bob",), frozenset({"email:bob@x.org"}), number="P-2")
    both = Face(("Ada",), ada.keys | bob.keys)
    assert recognise(both, [ada, bob]) == ("", "new")  # one alone must have it


def test_other_identifiers_speak_against_it() -> None:
    ada = Face(("Ada Ltd",), frozenset({"vat:GB980780684", "iban:GB33BUKB20201555555555"}), number="P-1")
    other = Face(("Ada Ltd",), frozenset({"vat:GB434031494"}), addresses=(HIGH_STREET,))
    said = likeness(ada, other)
    assert (said.against, said.score, said.why) == (True, 0.5, ("name 1.00", "other vat"))
    account = Face(("Ada Ltd",), frozenset({"iban:DE89370400440532013000"}))
    assert not likeness(ada, account).against  # somebody may have several


NAMES = st.lists(
    st.sampled_from(["Ada", "Brightwater", "García", "Müller", "GmbH", "S.L.", "12", "de", "Services", "Ltd"])
    | st.text(max_size=12),
    min_size=1,
    max_size=4,
).map(" ".join)
FACES = st.builds(
    Face,
    st.tuples(NAMES) | st.tuples(NAMES, NAMES),
    st.frozensets(st.sampled_from(["vat:1", "vat:2", "email:a", "phone:+1", "iban:3"])),
    st.lists(
        st.builds(
            Address,
            st.tuples(st.sampled_from(["1 High St", "2 High St", "High Street 1"])),
            st.sampled_from(["", "AB1 2CD", "ab12cd"]),
            st.sampled_from(["", "London"]),
            st.sampled_from(["", "GB", "ES"]),
        ),
        max_size=2,
    ).map(tuple),
    st.just("P-1"),
)


@given(FACES, FACES)
def test_likeness_is_the_same_both_ways_and_a_share(one: Face, other: Face) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other).score <= 1


@given(NAMES)
def test_who_is_called_the_same_is_found_and_the_same(name: str) -> None:
    words = plain(name)
    assert bool(words_of([name])) == bool(words)
    if words:
        assert alike(name, name) == 1.0
        assert words_of([name]) & words_of([name.upper()])


@given(NAMES)
def test_a_link_is_never_made_by_name_alone(name: str) -> None:
    known = Face((name,), number="P-1")
    assert recognise(Face((f"{name} GmbH",)), [known]) == ("", "new")
    assert LIKELY < LINKED <= 1
