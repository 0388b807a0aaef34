import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    "text", ["", "IN-2026-123-4", "in-2026-000123-7", "IN-2026-000123-7\n", "IN20260001237", "x"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_number(text)


def test_concurrent_writers_with_rollbacks_and_kills_leave_no_gap_and_no_double(register: Path) -> None:
    found = take(register, 8, 40, os.environ.get("POSTROOM_DATABASE__URL", ""))
    assert found["kills"] > 0
    assert 200 < found["numbers"] < 300
    assert [found[name] for name in ("gaps", "doubles", "chain_breaks")] == [0, 0, 0]


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
