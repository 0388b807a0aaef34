import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.pile import Key, lay, mismatch


@pytest.mark.parametrize("duplex", [False, True])
def test_files_are_read_one_after_the_other(duplex: bool) -> None:
    keys = [(1, 2), (0, 10), (1, 1), (0, 2)]
    assert list(lay(keys, duplex, {})) == sorted(keys)


def test_the_sides_of_a_sheet_know_each_other() -> None:
    one, two, three = lay([(0, 1), (0, 2), (0, 3)], True, {}).values()
    assert (one.turned, one.same_sheet(two), two.same_sheet(three)) == (two, True, False)
    first, second = lay([(0, 1), (0, 2)], False, {}).values()
    assert not first.same_sheet(second)


def test_backs_go_behind_their_fronts() -> None:
    keys = [(source, page) for source in range(4) for page in range(1, 4)]
    assert list(lay(keys, "collate", dict.fromkeys(range(4), 3))) == [
        (0, 1), (1, 3), (0, 2), (1, 2), (0, 3), (1, 1), (2, 1), (3, 3), (2, 2), (3, 2), (2, 3), (3, 1),
    ]  # fmt: skip


def test_a_file_that_only_holds_others_is_no_side() -> None:
    keys = [(source, page) for source in (1, 2) for page in (1, 2)]
    assert list(lay(keys, "collate", {0: 0, 1: 2, 2: 2})) == [(1, 1), (2, 2), (1, 2), (2, 1)]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.data())
def test_a_missing_page_moves_no_other(piles: list[int], data: st.DataObject) -> None:
    """As when the rest of a batch is tried again: the page counts tell, not the pages that are there."""
    counts = {2 * pile + back: sheets for pile, sheets in enumerate(piles) for back in (0, 1)}
    keys: list[Key] = [(source, page) for source, pages in counts.items() for page in range(1, pages + 1)]
    some = data.draw(st.sets(st.sampled_from(keys)))
    whole = lay(keys, "collate", counts)
    assert lay(some, "collate", counts) == {key: side for key, side in whole.items() if key in some}
    assert [side.back for side in whole.values()] == [0, 1] * sum(piles)


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ([4, 4], ""),
        ([4, 4, 1, 1], ""),
        ([4], "fronts and backs come in files of two, but there is 1 file"),
        ([4, 4, 2], "fronts and backs come in files of two, but there are 3 files"),
        ([4, 4, 3, 1], "file 3 has 3 fronts, file 4 1 back: which belongs to which cannot be told"),
    ],
)
def test_what_does_not_match_is_told(pages: list[int], why: str) -> None:
    assert mismatch(pages) == why
