import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.numbers import format_number, is_number


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


def test_concurrent_writers_with_rollbacks_leave_no_gap_and_no_double(register: Path) -> None:
    command = [sys.executable, "-m", "tests.register.number_writer", str(register)]
    writers = [subprocess.Popen([*command, str(seed), "50"]) for seed in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    taken = [int(line) for file in register.glob("taken-*") for line in file.read_text().split()]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert 120 < len(taken) < 200
