"""Fields and line items of invoices beside what people say stands on them: ``postroom bench fields``.

A folder of invoices, PDF or text, each with a JSON file of its name beside it, as invoice2data keeps them:
a list with one object. Its keys mean these fields of ours:

    date, date_due                  date, due_date
    invoice_number                  reference
    amount, currency                the first amount, and its currency
    amount_untaxed, amount_tax      the net and the tax beside it
    issuer, partner_name            sender: one name is part of the other, without case and signs
    vat, static_vat, iban           vat_id, iban: one of those found, so long as its check digits are right
    siren                           tax_id: it begins so (a SIRET does)
    partner_email, telephone        email, phone: one of those found
    lines (those with a price)      line items: amount, and quantity and price where they are told

Pages are read as capture reads them, born-digital ones by their words and others by OCR; a text is set in
fixed pitch first. What our check digits refuse counts as not found: it is not shown as good.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from capture.fields import checked, extract_fields
from capture.fields.layout import fold
from capture.pages import inspect
from capture.pool import Pool
from capture.read import ReadOptions, read_page
from capture.settings import CaptureSettings
from capture.station import Station
from capture.tools.tesseract import find_tessdata
from domain.document import Field
from domain.errors import Usage
from domain.page import LineItem, PageFile
from letters.typeset import compile_pdf
from samples.style import MONO

INVOICES = Path(__file__).resolve().parents[3] / "shared" / "data" / "invoices" / "invoice2data"
SINGLE = ("date", "due_date", "reference", "amount", "net", "tax", "currency", "sender")
ANY = ("vat_id", "iban", "tax_id", "email", "phone")
NAMES = (*SINGLE, *ANY, "lines")
_KEYS = {
    "date": ("date",), "due_date": ("date_due",), "reference": ("invoice_number",), "amount": ("amount",),
    "net": ("amount_untaxed",), "tax": ("amount_tax",), "currency": ("currency",),
    "sender": ("issuer", "partner_name"), "vat_id": ("vat", "static_vat"), "iban": ("iban",),
    "tax_id": ("siren",), "email": ("partner_email",), "phone": ("telephone",),
}  # fmt: skip
_MONEY = ("amount", "net", "tax")


def run(folder: Path | None, processes: int = 2) -> dict[str, Any]:
    """Read the invoices of a folder and compare.

    Returns:
        ``fields``: by name ``expected`` (values the truth has), ``found`` (of those: something was found),
        ``right``, ``wrong``, ``precision``, ``recall``, and ``unjudged`` (found where the truth has none);
        ``wrong``: file, field, expected and found of each wrong or missing one; ``placed``: the share of
        values whose words stand in their box; ``documents``; ``refused_checks``: values marked for their
        check digits; ``field_ms_per_page``.

    Raises:
        Usage: there is no invoice with a JSON file beside it.
    """
    folder = folder or INVOICES
    truths = _truths(folder)
    if not truths:
        raise Usage(f"no invoice with a .json of its name beside it in {folder}")
    settings = CaptureSettings(find_tessdata())
    counts = {name: dict.fromkeys(("expected", "found", "right", "wrong", "unjudged"), 0) for name in NAMES}
    wrong: list[dict[str, Any]] = []
    places: list[bool] = []
    marked = pages = 0
    seconds = 0.0
    with TemporaryDirectory() as scratch, Pool(processes, settings) as pool:
        for number, (path, truth) in enumerate(truths.items()):
            out = Path(scratch) / str(number)
            out.mkdir()
            read = _read(path, out, pool, settings)
            start = time.process_time()
            fields = extract_fields([replace(one.page, number=n) for n, one in enumerate(read, start=1)])
            seconds += time.process_time() - start
            items = [replace(one, page=n) for n, file in enumerate(read, start=1) for one in file.lines]
            pages += len(read)
            places += [_placed(one, read) for one in fields]
            marked += sum(one.valid is False for one in fields)
            found = _found(fields)
            for name in (*SINGLE, *ANY):
                _judge(path.name, name, _expected(truth, name), found.get(name, []), counts[name], wrong)
            _judge_lines(path.name, _lines(truth), checked(items, fields), counts["lines"], wrong)
    return {
        "documents": len(truths),
        "pages": pages,
        "fields": {name: {**one, **_shares(one)} for name, one in counts.items()},
        "wrong": wrong,
        "placed": round(sum(places) / max(1, len(places)), 4),
        "refused_checks": marked,
        "field_ms_per_page": round(1000 * seconds / max(1, pages), 2),
    }


def _truths(folder: Path) -> dict[Path, dict[str, Any]]:
    truths = {}
    for answer in sorted(folder.rglob("*.json")):
        for path in (answer.with_suffix(".pdf"), answer.with_suffix(".txt")):
            if path.exists():
                truths[path] = json.loads(answer.read_text("utf-8"))[0]
    return truths


def _read(path: Path, out: Path, pool: Pool, settings: CaptureSettings) -> list[PageFile]:
    station = Station()
    if path.suffix == ".txt":
        path = _typeset(path, out)
    count = inspect(path, station.takes, station.page_limit).pages
    options = ReadOptions(station.languages)
    tasks = [pool.run(read_page, path, number, options, settings, out) for number in range(1, count + 1)]
    return [task.result() for task in tasks]


def _typeset(path: Path, out: Path) -> Path:
    """A text as a PDF of fixed pitch, its longest line as wide as the page."""
    text = path.read_text("utf-8")
    widest = max(len(line) for line in text.splitlines())
    size = min(10.0, 500 / (0.6 * widest))
    pdf = out / "text.pdf"
    shown = json.dumps(text, ensure_ascii=False)
    source = f'#set page("a4", margin: 15mm)\n#show raw: set text(font: "{MONO}", size: {size:.2f}pt)\n'
    pdf.write_bytes(compile_pdf(f"{source}#raw({shown}, block: true)").pdf)
    return pdf


def _expected(truth: dict[str, Any], name: str) -> list[str]:
    values = [truth[key] for key in _KEYS[name] if truth.get(key) not in (None, "")]
    if name in _MONEY:
        return [f"{value:.2f}" for value in values]
    return [str(value).lstrip("#") for value in values]


def _found(fields: Sequence[Field]) -> dict[str, list[str]]:
    """What is shown as good, by the names of the truth's side."""
    found: dict[str, list[str]] = {}
    for one in fields:
        if one.valid is not False:
            found.setdefault(one.name, []).append(one.value)
    amounts = [value.split(" ") for value in found.pop("amount", [])]
    for name, parts in zip(_MONEY, amounts, strict=False):
        found[name] = parts[:1]
    if amounts and len(amounts[0]) == 2:
        found["currency"] = amounts[0][1:]
    return found


def _judge(
    file: str,
    name: str,
    expected: list[str],
    found: list[str],
    count: dict[str, int],
    wrong: list[dict[str, Any]],
) -> None:
    if not expected:
        count["unjudged"] += bool(found)
        return
    right = any(_same(name, one, other) for one in expected for other in found)
    count["expected"] += 1
    count["found"] += bool(found)
    count["right"] += right
    count["wrong"] += bool(found) and not right
    if not right:
        wrong.append({"file": file, "field": name, "expected": expected, "found": found})


def _same(name: str, expected: str, found: str) -> bool:
    if name == "sender":
        one, other = (re.sub(r"[^a-z0-9]", "", fold(text)) for text in (expected, found))
        return one in other or other in one
    if name in ("vat_id", "iban", "tax_id", "phone"):
        one, other = (re.sub(r"[^A-Z0-9]", "", text.upper()) for text in (expected, found))
        return other.startswith(one) if name == "tax_id" else other.endswith(one)
    return expected.casefold() == found.casefold()


def _lines(truth: dict[str, Any]) -> list[tuple[Decimal, Decimal | None, Decimal | None]]:
    """Amount, quantity and price of the lines that have a price."""
    lines = []
    for line in truth.get("lines", ()):
        price = line.get("price_unit", line.get("price"))
        amount = line.get("price_subtotal", price)
        if amount is not None:
            values = (amount, line.get("qty"), price)
            lines.append(tuple(None if value is None else Decimal(str(value)) for value in values))
    return lines  # type: ignore[return-value]


def _judge_lines(
    file: str,
    expected: list[tuple[Decimal, Decimal | None, Decimal | None]],
    items: Sequence[LineItem],
    count: dict[str, int],
    wrong: list[dict[str, Any]],
) -> None:
    good = [item for item in items if item.valid is not False]
    if not expected:
        count["unjudged"] += len(good)
        return
    left = [tuple(Decimal(n) if n else None for n in (i.amount, i.quantity, i.unit_price)) for i in good]
    count["expected"] += len(expected)
    count["found"] += len(left)
    for line in expected:
        same = (other for other in left if all(a is None or a == b for a, b in zip(line, other, strict=True)))
        match = next(same, None)
        if match is None:
            told = ["" if value is None else str(value) for value in line]
            wrong.append({"file": file, "field": "lines", "expected": told, "found": []})
        else:
            left.remove(match)
            count["right"] += 1
    count["wrong"] += len(left)
    for rest in left:
        told = ["" if value is None else str(value) for value in rest]
        wrong.append({"file": file, "field": "lines", "expected": [], "found": told})


def _placed(one: Field, pages: Sequence[PageFile]) -> bool:
    """Whether the words in the field's box are those it was read from."""
    x0, y0, x1, y1 = one.box
    inside = [
        word.text
        for word in pages[one.page - 1].page.words
        if x0 <= (word.box[0] + word.box[2]) / 2 <= x1 and y0 <= (word.box[1] + word.box[3]) / 2 <= y1
    ]
    return bool(one.text) and set(one.text.split()) <= {part for text in inside for part in text.split()}


def _shares(count: dict[str, int]) -> dict[str, float | None]:
    return {
        "precision": round(count["right"] / count["found"], 4) if count["found"] else None,
        "recall": round(count["right"] / count["expected"], 4) if count["expected"] else None,
    }
