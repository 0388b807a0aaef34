"""What a document asks for or confirms: its total, and the net and tax beside it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from capture.fields.labels import labels
from capture.fields.layout import Line, below, field
from domain.document import Field
from domain.page import Word

_MARK = (
    r"€|£|\$|₹|¥|zł|EUR|USD|GBP|CHF|INR|PLN|COP|MXN|ARS|CLP|PEN|CAD|AUD|JPY|SEK|NOK|DKK|CZK|HUF|BRL"
    r"|US\$|A\$|C\$|R\$|S/|Rs\.?|Fr\.|Euros?|euros?|pesos?|Dollars?|dollars?|pounds?"
)
_NUMBER = r"\d{1,3}(?:[.,'’ ]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{2}|\d+"
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?:(?P<before>{_MARK})[ ]?)?(?P<sign>[-−][ ]?)?(?P<number>{_NUMBER})"
    rf"(?:,[-–—]{{1,2}})?(?:[ ]?(?P<after>{_MARK})(?![A-Za-z]))?(?P<credit>-(?!\w))?"
    r"(?![\w%/]|[.,]\d|-\d|[ ]?%)"
)
_CODES = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "POUND": "GBP", "POUNDS": "GBP", "US$": "USD",
    "₹": "INR", "RS": "INR", "RS.": "INR", "¥": "JPY", "ZŁ": "PLN", "FR.": "CHF", "A$": "AUD",
    "C$": "CAD", "R$": "BRL", "S/": "PEN",
}  # fmt: skip
_DOLLARS = {
    "CA": "CAD", "AU": "AUD", "MX": "MXN", "CO": "COP", "AR": "ARS", "CL": "CLP", "NZ": "NZD", "SG": "SGD",
}  # fmt: skip
_PESOS = {"MX": "MXN", "CO": "COP", "AR": "ARS", "CL": "CLP", "UY": "UYU", "PH": "PHP"}
_HOME = {
    **dict.fromkeys(("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PT", "GR"), "EUR"),
    "GB": "GBP", "US": "USD", "CH": "CHF", "IN": "INR", "PL": "PLN", **_DOLLARS,
}  # fmt: skip

_PAYABLE = labels("amounts", "payable")
_TOTAL = labels("amounts", "total")
_NET = labels("amounts", "net")
_TAX = labels("amounts", "tax")
_NOISE = labels("amounts", "noise")


@dataclass(frozen=True)
class Money:
    """An amount on the page; ``currency`` is "" where no mark stands beside it."""

    value: Decimal
    currency: str
    line: Line
    words: tuple[Word, ...]
    start: int
    end: int
    exact: bool


def find(line: Line, country: str) -> Iterator[Money]:
    """The amounts of a line: with two decimals or beside a currency mark."""
    for match in _AMOUNT.finditer(line.text):
        number, mark = match["number"], match["before"] or match["after"]
        start, end = match.start(), match.end()
        if " " in number and not _tight(line, match):
            # Blanks wide as columns: "1 278.61" is a quantity and a price.
            start = match.start("number") + number.rindex(" ") + 1
            number, mark = number.rsplit(" ", 1)[-1], match["after"]
        exact = bool(re.search(r"[.,]\d{2}$", number))
        if not (exact or mark):
            continue
        value = _decimal(number)
        if value is None or match["sign"] or match["credit"]:
            continue
        yield Money(value, _currency(mark, country), line, line.between(start, end), start, end, exact)


def _tight(line: Line, match: re.Match[str]) -> bool:
    words = line.between(match.start("number"), match.end("number"))
    gaps = [right.box[0] - left.box[2] for left, right in pairwise(words)]
    heads = match["number"].split(" ")
    return (
        all(gap < 0.85 * line.height * 1.414 for gap in gaps)
        and all(len(h) == 3 for h in heads[1:-1])
        and len(heads[0]) <= 3
    )


def _decimal(number: str) -> Decimal | None:
    number = re.sub(r"[ '’]", "", number)
    match = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", number)
    if match is None:
        return None
    whole, cents = re.sub(r"[.,]", "", match[1]), (match[2] or "").ljust(2, "0")
    return Decimal(f"{whole}.{cents}") if whole.isdigit() and len(whole) <= 12 else None


def _currency(mark: str | None, country: str) -> str:
    if not mark:
        return ""
    upper = mark.upper()
    if upper in ("$", "DOLLAR", "DOLLARS"):
        return _DOLLARS.get(country, "USD")
    if upper in ("PESO", "PESOS"):
        return _PESOS.get(country, "")
    return _CODES.get(upper, upper if re.fullmatch(r"[A-Z]{3}", upper) else "")


def amounts(lines: Sequence[Line], country: str) -> list[Field]:
    """The total first, then the net and the tax where they are labelled and add up to it.

    Without a total, one single amount on the pages is taken for it; several are not chosen from.

    Args:
        lines: rows of the pages to look at.
        country: ISO 3166 code that says whose dollars and pesos are meant.
    """
    found = {line: list(find(line, country)) for line in lines}
    every = [money for moneys in found.values() for money in moneys]
    currency = _main_currency(every, lines)
    said = [hit for line in lines for hit in _labelled(line, found, lines)]
    totals = [hit for hit in said if hit.kind == "total" and hit.money.value]
    totals = [hit for hit in totals if hit.sure >= 0.4]  # a total in passing is nobody's total
    if totals:
        summed = [found[line] for line in lines if _TOTAL.match(line.folded)]
        sure, best = _choose(totals, {money.value for money in every})
        return [_field(best, currency, country, sure), *_parts(said, summed, best, currency, country)]
    return []  # a lone amount that nothing calls a total is as often a part as the whole


@dataclass(frozen=True)
class _Hit:
    """A labelled amount: ``total``, ``net`` or ``tax``."""

    kind: str
    sure: float
    money: Money


def _choose(totals: Sequence[_Hit], values: set[Decimal]) -> tuple[float, Money]:
    """The surest total: being said again or the sum of two others counts for it, then the larger."""
    votes = Counter(hit.money.value for hit in totals)
    few = sorted(values)[-100:]
    sums = {a + b for position, a in enumerate(few) for b in few[:position] if a and b}

    def weight(hit: _Hit) -> tuple[float, Decimal]:
        value = hit.money.value
        return round(hit.sure + 0.05 * min(votes[value] - 1, 2) + 0.05 * (value in sums), 3), value

    best = max(totals, key=weight)
    rivals = {hit.money.value for hit in totals if hit.sure >= best.sure} - {best.money.value}
    return min(weight(best)[0], 0.95) - (0.15 if rivals else 0.0), best.money


def _parts(
    said: Sequence[_Hit], rows: Sequence[Sequence[Money]], total: Money, currency: str, country: str
) -> list[Field]:
    """Net and tax, where a labelled pair adds up to the total, or the total's row is net, tax and total."""
    for net in (hit.money for hit in said if hit.kind == "net"):
        for tax in (hit.money for hit in said if hit.kind == "tax"):
            if tax.value and net.value + tax.value == total.value:
                return [_field(part, currency, country, 0.75) for part in (net, tax)]
    for row in rows:
        values = [money.value for money in row]
        if len(row) == 3 and values[2] == total.value == values[0] + values[1] and 0 < values[1] < values[0]:
            return [_field(part, currency, country, 0.7) for part in row[:2]]
    return []


def _labelled(line: Line, found: dict[Line, list[Money]], lines: Sequence[Line]) -> Iterator[_Hit]:
    """The amounts that stand behind a label in this line, or under one."""
    marks = _marks(line)
    moneys = found[line]
    for position, (start, end, kind) in enumerate(marks):
        stop = next(
            (m[0] for m in marks[position + 1 :] if (m[2], kind) != ("tax", "payable")), len(line.text)
        )
        values = [money for money in moneys if end <= money.start < stop]
        if kind in ("net", "tax"):
            if values:
                yield _Hit(kind, 0.6, values[-1])
        elif kind in ("payable", "total") and values:
            if not _qualified(marks, moneys, start):
                yield _Hit("total", _sure(line, kind, start, values[-1]), values[-1])
        elif kind == "payable" and stop == len(line.text):
            under = _under(line, line.between(start, end), found, lines)
            if under is not None:
                yield _Hit("total", 0.65, under)


def _marks(line: Line) -> list[tuple[int, int, str]]:
    """The labels of a line: start, end, kind; of those at one place the longest ("total net" is no total)."""
    every = [(m.start(), m.end(), kind) for kind, pattern in _LABELS for m in pattern.finditer(line.folded)]
    return sorted(
        a
        for a in every
        if not any(b[0] <= a[0] and a[1] <= b[1] and b[1] - b[0] > a[1] - a[0] for b in every)
    )


def _qualified(marks: Sequence[tuple[int, int, str]], moneys: Sequence[Money], start: int) -> bool:
    """Whether a label before this one, without an amount, makes another thing of it ("Rabatt gesamt")."""
    return any(
        kind in ("net", "noise") and begin < start and not any(end <= money.start < start for money in moneys)
        for begin, end, kind in marks
    )


def _sure(line: Line, kind: str, start: int, money: Money) -> float:
    leads = start < 25 and "\t" not in line.folded[:start].strip("\t ")
    bare = line.folded[start:].startswith(_SUMS)
    sure = 0.85 if kind == "payable" else (0.7 if leads and bare else 0.3)
    # An amount within a sentence is less sure than one that ends its row.
    return sure - (0.15 if line.text[money.end :].strip(" .*\tTC") else 0.0)


def _under(
    line: Line, words: Sequence[Word], found: dict[Line, list[Money]], lines: Sequence[Line]
) -> Money | None:
    left, right = words[0].box[0] - 0.02, words[-1].box[2] + 0.1
    for cell in below(line, words, lines):
        row = next(row for row in lines if row.page == cell.page and row.y == cell.y)
        hits = [m for m in found[row] if m.words[0].box[0] < right and m.words[-1].box[2] > left]
        if hits:
            return hits[-1]
        if _TOTAL.search(cell.folded):
            return None
    return None


_SUMS = ("total", "summe", "totaal", "t otaal", "t otal")
_LABELS = (("payable", _PAYABLE), ("total", _TOTAL), ("net", _NET), ("tax", _TAX), ("noise", _NOISE))


def _main_currency(every: Sequence[Money], lines: Sequence[Line]) -> str:
    """The one currency of the document, or "" where there are several or none."""
    seen = Counter(money.currency for money in every if money.currency)
    if not seen:
        codes = re.findall(
            r"\b(EUR|USD|GBP|CHF|INR|PLN|COP|MXN)\b|(€)|(£)", " ".join(line.text for line in lines)
        )
        seen = Counter(_CODES.get(code, code) for group in codes for code in group if code)
        if not seen and any(re.search(r"\bRs\.? ?-?\d", line.text) for line in lines):
            return "INR"
    return next(iter(seen)) if len(seen) == 1 else ""


def _field(money: Money, currency: str, country: str, sure: float) -> Field:
    code = money.currency or currency
    if not code and country in _HOME:
        code, sure = _HOME[country], sure - 0.1
    return field(
        "amount", f"{money.value:.2f} {code}".strip(), money.line, money.words, sure if code else sure - 0.1
    )
