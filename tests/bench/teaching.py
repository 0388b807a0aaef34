"""A classifier taught from five examples a class, as docs/teaching.md tells it: ``postroom bench teach``.

The commands are those of the document, run by a shell. Documents are texts set as pages, or images where the
set has them; people's labels are the set's own, for documents drawn by lot.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.errors import Usage
from letters.typeset import compile_pdf
from samples.texts import LANGUAGES, training_texts

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "teaching.md"
TOBACCO = Path(__file__).resolve().parents[3] / "shared" / "data" / "classification" / "tobacco_pages"
MAX_ERROR = 0.1
Texts = list[tuple[Path | str, str]]
"""Images, or texts, with their classes."""


def run(name: str, teach: int, first: int, labelled: int, rest: int, seed: int = 0) -> dict[str, Any]:
    """Walk through the document.

    Returns:
        ``taught``, ``first``, ``labelled``, ``rest`` documents; ``review_before`` and ``review_after``: how
        many of the first and of the rest went to review; ``filed``, ``wrong`` and ``error`` of the rest;
        ``state`` of the retraining; ``promise`` of the model in use then; ``said``: what the first model said
        of its promise.

    Raises:
        Usage: the set is not on this machine, or too small.
    """
    documents = _documents(name, seed)
    by_class: dict[str, Texts] = {}
    for one in documents:
        by_class.setdefault(one[1], []).append(one)
    taught = [one for some in by_class.values() for one in some[:teach]]
    others = [one for one in documents if one not in taught]
    if len(others) < first + rest:
        raise Usage(f"{name} has {len(others)} documents to file, {first + rest} are asked for")
    with TemporaryDirectory(prefix="postroom-teaching-") as scratch:
        return _walk(Path(scratch), taught, others[:first], others[first : first + rest], labelled, seed)


def _documents(name: str, seed: int) -> Texts:
    chance = random.Random(seed)
    if name == "sample":
        found: Texts = list(training_texts(240, seed + 7)[:: len(LANGUAGES)])  # those in English
    elif TOBACCO.is_dir():
        found = []
        with (TOBACCO / "labels_text.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                text = TOBACCO / row["ocr_text"]
                image = text.with_name(text.name.replace(".ocr.txt", ".tif"))
                found.append((image if image.exists() else text.read_text("utf-8", "replace"), row["label"]))
    else:
        raise Usage(f"{TOBACCO} is not on this machine")
    found = [one for one in found if isinstance(one[0], Path) or one[0].strip()]
    chance.shuffle(found)
    return found


def _walk(folder: Path, taught: Texts, first: Texts, rest: Texts, labelled: int, seed: int) -> dict[str, Any]:
    start = time.monotonic()
    with (folder / "taught.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([str(one), label] for one, label in taught)
    truth = {**_drop(folder / "monday", first), **_drop(folder / "tuesday", rest)}
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    train, review, label, retrain, tuesday, rollback = blocks
    said = _shell(folder, train)
    before = json.loads(_shell(folder, review.replace("list", "list --json")))
    _say(folder, before, truth, labelled, seed)
    _shell(folder, label)
    outcome = json.loads(_shell(folder, retrain.replace("retrain", "retrain --json")))
    lines = tuesday.replace("0.1\n", "0.1 --json > tuesday.json\n").replace(
        "review list", "review list --json > after.json"
    )
    shown = _shell(folder, lines)
    entries = json.loads((folder / "tuesday.json").read_text("utf-8"))["entries"]
    after = {one["document"] for one in json.loads((folder / "after.json").read_text("utf-8"))}
    sure = [one for one in entries if one["class"]]
    wrong = sum(one["class"] != truth[Path(one["source"]).name] for one in sure)
    back = _shell(folder, rollback)
    return {
        "taught": len(taught),
        "first": len(first),
        "labelled": labelled,
        "rest": len(entries),
        "review_before": len(before),
        "review_after": sum(one["document"] in after for one in entries),
        "filed": len(sure),
        "wrong": wrong,
        "error": round(wrong / len(sure), 4) if sure else 0.0,
        "max_error": MAX_ERROR,
        "state": outcome["state"],
        "promise": outcome["promise"]["says"],
        "said": said.strip().splitlines()[2],
        "shown": shown,
        "back": back,
        "seconds": round(time.monotonic() - start, 1),
    }


def _drop(folder: Path, documents: Texts) -> dict[str, str]:
    """Put the documents into a station's folder; the class of each by the name under which it is filed."""
    station = folder / "desk"
    station.mkdir(parents=True)
    truth = {}
    for number, (one, label) in enumerate(documents):
        name = f"{folder.name}-{number:04}.{'tif' if isinstance(one, Path) else 'pdf'}"
        content = one.read_bytes() if isinstance(one, Path) else _page(one)
        (station / name).write_bytes(content)
        truth[name] = label
    return truth


def _page(text: str) -> bytes:
    """A text set as pages, line by line."""
    plain = json.dumps(
        "".join(sign for sign in text if sign.isprintable() or sign == "\n"), ensure_ascii=False
    )
    return compile_pdf(
        '#set page(paper: "a4", margin: 1.5cm)\n#set text(size: 8pt)\n#set par(leading: 0.4em)\n'
        f"#raw({plain})\n"
    ).pdf


def _say(
    folder: Path, waiting: list[dict[str, Any]], truth: dict[str, str], labelled: int, seed: int
) -> None:
    drawn = random.Random(seed).sample(waiting, min(labelled, len(waiting)))
    with (folder / "said.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["document", "label"])
        writer.writerows([one["document"], truth[Path(one["source"]).name]] for one in drawn)


def _shell(folder: Path, commands: str) -> str:
    """What commands of the document print. One that fails ends it."""
    program = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
        "POSTROOM_HOME": str(folder / "home"),
        "PYTHONPATH": str(DOCUMENT.parents[1]),
    }
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{commands}\n{done.stdout}\n{done.stderr}")
    return done.stdout
