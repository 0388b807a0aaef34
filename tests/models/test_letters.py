from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from models.letters import SIZE, letters
from tests.models.corpus import corpus

analyse = CountVectorizer(lowercase=False, analyzer="char_wb", ngram_range=(2, 4)).build_analyzer()


@given(st.text(max_size=60))
def test_as_many_as_scikit_learn_finds(text: str) -> None:
    text = " ".join(text.split())  # it knows other blanks than Python
    assert letters([text]).sum() == len(analyse(text))


@pytest.mark.parametrize("text", ["a", "of the of", "Straße 5, Köln", "日本語 ab"])
def test_the_same_as_scikit_learn_finds(text: str) -> None:
    """Each n-gram has a column of its own: a meeting of two among so few would be a flaw."""
    assert Counter(letters([text]).data.tolist()) == Counter(Counter(analyse(text)).values())


def test_columns_are_used_evenly() -> None:
    found = letters(corpus(40)[0])
    grams = len({gram for text in corpus(40)[0] for gram in analyse(text)})
    expected = SIZE * (1 - np.exp(-grams / SIZE))  # columns that so many balls thrown at random would hit
    assert abs(len(np.unique(found.indices)) - expected) < 5 * np.sqrt(expected)


def test_a_row_a_text() -> None:
    found = letters(["ab cd", "", "cd  ab"])
    assert found.shape == (3, SIZE)
    assert found.dtype == np.float32
    assert [row.sum() for row in found] == [12, 0, 12]
    assert (found[0] != found[2]).nnz == 0
    assert letters([]).shape == (0, SIZE)
