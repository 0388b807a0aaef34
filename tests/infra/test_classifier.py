"""The classifier on several machines: trained once, fetched from the archive by the others."""

from dataclasses import replace
from pathlib import Path

from archive.keys import CHAMPIONS
from infra.classifier import champion, train_on_samples
from infra.wiring import open_services


def test_another_machine_fetches_the_champion(tmp_path: Path) -> None:
    first = open_services(tmp_path / "first")
    version = train_on_samples(first)
    assert train_on_samples(first) == version
    assert len(list(first.archive.list(CHAMPIONS))) == 1
    (tmp_path / "second").mkdir()
    second = replace(first, home=tmp_path / "second")
    assert champion(second).model.card.version == version
    same = ("model.skops", "card.json")
    assert [(second.models / version / name).read_bytes() for name in same] == [
        (first.models / version / name).read_bytes() for name in same
    ]
