"""What class a document is, or that a person must look."""

from collections.abc import Sequence

from domain.document import Verdict
from models.model import Model, enough, prepare


def classify(model: Model, texts: Sequence[str]) -> list[Verdict]:
    """Judge texts, in one go.

    The verdict abstains (``label`` None) below the model's threshold, and for a text with too little
    in it, whose probabilities are then the classes' shares of the training texts. Any text will do.

    Args:
        model: as trained or loaded.
        texts: of documents; the first 4,000 characters of each are looked at.

    Returns:
        One verdict for each text, in order.
    """
    card = model.card
    readable = [position for position, text in enumerate(texts) if enough(text)]
    verdicts = [_verdict(model, card.priors, judged=False) for _ in texts]
    if readable:
        rows = model.pipeline.predict_proba(prepare(texts[position] for position in readable))
        names = [name for name, _ in card.classes]
        for position, row in zip(readable, rows.tolist(), strict=True):
            ranked = tuple(sorted(zip(names, row, strict=True), key=lambda pair: (-pair[1], pair[0])))
            verdicts[position] = _verdict(model, ranked, judged=True)
    return verdicts


def _verdict(model: Model, ranked: tuple[tuple[str, float], ...], *, judged: bool) -> Verdict:
    guess, probability = ranked[0]
    label = guess if judged and probability >= model.card.threshold else None
    return Verdict(label, guess, probability, ranked, model.card.version)
