import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Usage
from domain.numbers import Place, must_be_form, numbers_in, read, written, wrong_check
from register.models import Counter
from register.numbers import format_number, is_number, take_next
from register.session import borrowed, write
from tests.bench.numbers import take


def test_number_has_the_documented_form() -> None:
    assert format_number("IN", 2026, 123) == "IN-2026-000123-" + format_number("IN", 2026, 123)[-1]
    assert is_number(format_number("IN", 2026, 123))
    assert is_number(format_number("OUT2", 2026, 12_345_678))


@given(st.integers(1, 999_999), st.integers(0, 9), st.integers(0, 15))
def test_any_single_wrong_digit_is_noticed(sequence: int, digit: int, place: int) -> None:
    number = format_number("IN", 2026, sequence)
    signs = list(number)
    if not signs[place % len(signs)].isdigit() or signs[place % len(signs)] == str(digit):
        return
    signs[place % len(signs)] = str(digit)
    assert not is_number("".join(signs))


FORMS = [
    form
    for first in ("{register}{0}{year}", "{year}{0}{register}", "{year:02}{0}{register}")
    for form in (f"{first}{{1}}{{sequence}}{{2}}{{check}}", f"{first}{{1}}{{sequence:04}}{{2}}{{check}}")
]


@given(
    st.sampled_from(FORMS),
    st.tuples(*[st.sampled_from("-/.")] * 3),
    st.from_regex("[A-Z][A-Z0-9]{0,15}", fullmatch=True),
    st.integers(1990, 2110),
    st.integers(1, 999_999_999),
)
def test_a_number_is_read_in_whichever_form(
    shape: str, signs: tuple[str, str, str], register: str, year: int, sequence: int
) -> None:
    form = shape
    for at, sign in enumerate(signs):
        form = form.replace(f"{{{at}}}", sign)
    must_be_form(form)
    place = Place(register, year, sequence)
    number = written(place, form)
    assert read(number) == place
    assert written(place)[-1] == number[-1]  # the check digit is that of any form
    bare = number[:-2]
    assert wrong_check(bare) == f"the check digit of {bare} is missing: {bare}-{number[-1]}"
    for digit in set("0123456789") - {number[-1]}:
        assert read(number[:-1] + digit) is None
        assert wrong_check(number[:-1] + digit) == (
            f"the check digit of {number[:-1]}{digit} is {digit} and would have to be {number[-1]}: {number}"
        )


@pytest.mark.parametrize(
    "form",
    [
        "", "{register}-{year}-{sequence:06}", "{register}{year}-{sequence}-{check}", "{check}-{sequence}",
        "{register}-{sequence}-{year}-{check}", "{register}-{year}-{sequence:60}-{check}",
        "{register}-{year}-{sequence}-{check}\n", "{register}_{year}_{sequence}_{check}",
        "{register.x}-{year}-{sequence}-{check}", "No {register}-{year}-{sequence}-{check}",
    ],
)  # fmt: skip
def test_other_forms_are_none(form: str) -> None:
    with pytest.raises(Usage, match="the form of numbers is "):
        must_be_form(form)


def test_numbers_that_stand_in_a_text() -> None:
    assert numbers_in("SEE IN-2026-000123-7, 2026/IN/123-7 (OR 26.IN.123.7) NOT IN-2026-000123-8") == [
        "IN-2026-000123-7", "2026/IN/123-7", "26.IN.123.7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "IN-2026-123-4", "in-2026-000123-7", "IN-2026-000123-7\n", "IN20260001237", "x"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_number(text)


def test_concurrent_writers_with_rollbacks_and_kills_leave_no_gap_and_no_double(register: Path) -> None:
    found = take(register, 8, 40, os.environ.get("POSTROOM_DATABASE__URL", ""))
    assert found["kills"] > 0
    assert found["numbers"] == 8 * 40
    assert [found[name] for name in ("gaps", "doubles", "chain_breaks")] == [0, 0, 0]
    last = Counter.objects.get(register="IN", year=2026).last
    assert found["open"] == last - 8 * 40 > 0


def test_the_first_number_of_a_register_is_taken_once(register: Path) -> None:
    """The counter's row is made by whoever comes first, while others try to."""
    together = threading.Barrier(8)

    def take_one() -> int:
        with borrowed():
            together.wait()
            with write():
                return take_next("NEW", 2026)

    with ThreadPoolExecutor(8) as threads:
        taken = [future.result() for future in [threads.submit(take_one) for _ in range(8)]]
    assert sorted(taken) == list(range(1, 9))
