import numpy as np
import pytest
import scipy.sparse as sparse  # type: ignore[import-untyped]
from sklearn.preprocessing import normalize

from models import features
from models.evidence import GRID, of_pages, of_text
from models.train import _chances, _judge, train
from tests.models.corpus import corpus, examples


def test_rows_are_what_scikit_learn_makes_of_them() -> None:
    counts = features.count([of_text(text) for text in [*corpus(10)[0], ""]])
    weights = features.fit(counts)
    rows = features.weigh(weights, counts)
    learnt = dict(zip(weights.blocks, weights.fitted, strict=True))
    same = [learnt[name].transform(counts[name]) for name in features.COUNTS]
    width = sum(block.shape[1] for block in same)
    assert abs(rows[:, :width] - sparse.hstack(same)).max() < 1e-6
    assert rows.shape[1] == width + counts["shape"].shape[1] + counts["ink"].shape[1]
    assert abs(features.unit(rows) - normalize(rows)).max() < 1e-6


@pytest.mark.parametrize("names", [("letter", "invoice"), ("letter", "invoice", "contract")])
def test_margins_and_probabilities_too(names: tuple[str, ...]) -> None:
    model = train([one for one in examples(20) if one.label in names])
    counts = features.count([of_text(text) for text in corpus(5, seed=2)[0]])
    rows = features.weigh(model.weights, counts)
    judged = _judge(model.machine, model.centres, rows)
    margins = model.machine.decision_function(rows)
    assert np.allclose(judged.margins if margins.ndim > 1 else judged.margins[:, 1], margins, atol=1e-5)
    expected = model.calibrator.predict_proba(judged.margins)
    assert np.allclose(_chances(model.calibrator, judged.margins), expected)


def test_figures_are_alike_and_addresses_tell_who_wrote() -> None:
    count = features.COUNTS["edges"]
    same = count([of_text("No 123 of ada@acme.com"), of_text("No 987 of eva@acme.com")]).toarray()
    other = count([of_text("No 123 of ada@example.org")]).toarray()
    assert (same[0] != same[1]).sum() == 2  # ada and eva
    assert (same[0] != other[0]).sum() > 2


def test_what_is_not_known_of_a_document_counts_for_nothing() -> None:
    unknown = of_pages([], b"no picture")
    assert (unknown.lines, unknown.ink, unknown.pages) == ((), (), 1)
    counts = features.count([of_text(text) for text in corpus(4)[0]])
    rows = features.weigh(features.fit(counts), counts)
    assert abs(rows[:, -(GRID * GRID + 2) :]).sum() == 0
