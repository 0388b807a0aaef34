"""Dates, totals and invoice numbers of real invoices of many layouts, in English, German, French, Dutch."""

import json
from pathlib import Path

from capture.fields import extract_fields
from tests.capture.fields_pages import pdf_pages
from tests.data import shared

FLOOR = {"date": (1.0, 1.0), "amount": (1.0, 1.0), "reference": (1.0, 1.0)}
"""Precision and recall that must hold."""


def expected(path: Path) -> dict[str, str]:
    truth = json.loads(path.with_suffix(".json").read_text("utf-8"))[0]
    named = {"date": truth.get("date"), "reference": truth["invoice_number"].lstrip("#")}
    if "amount" in truth:
        named["amount"] = f"{truth['amount']:.2f} {truth['currency']}"
    return {name: value for name, value in named.items() if value}


def test_precision_and_recall_on_real_invoices() -> None:
    paths = sorted(shared("invoices/invoice2data/compare").glob("*.pdf"))
    right, given, wanted = dict.fromkeys(FLOOR, 0), dict.fromkeys(FLOOR, 0), dict.fromkeys(FLOOR, 0)
    wrong = []
    for path in paths:
        truth = expected(path)
        first: dict[str, str] = {}
        for item in extract_fields(pdf_pages(path)):
            first.setdefault(item.name, item.value)
        for name, value in truth.items():
            wanted[name] += 1
            given[name] += name in first
            right[name] += first.get(name) == value
            if first.get(name) != value:
                wrong.append((path.name, name, value, first.get(name)))
    figures = {
        name: (right[name] / max(given[name], 1), right[name] / max(wanted[name], 1)) for name in FLOOR
    }
    print(figures, wanted, wrong)
    assert len(paths) == 11
    assert all(f[0] >= FLOOR[n][0] and f[1] >= FLOOR[n][1] for n, f in figures.items()), (figures, wrong)
