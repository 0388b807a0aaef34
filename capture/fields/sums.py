"""The numbers of a line item: how they may be read, and whether they agree."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from domain.document import Field
from domain.page import LineItem

_MARK = r"(?:€|£|\$|₹|¥|zł|[A-Z]{3}|US\$|Rs\.?|Fr\.|S/|kr\.?)"
_DIGITS = r"\d+(?:[.,'’ ]+\d+)*"
_SUM = re.compile(
    rf"(?:{_MARK} ?)?(?P<sign>[-−+] ?)?(?:{_MARK} ?)?(?P<number>{_DIGITS})[.,]?"
    rf"(?: ?{_MARK})?(?P<credit>-)?\*?"
)
_LEADING = re.compile(rf"(?:{_MARK} ?)?(?P<sign>[-−] ?)?(?P<number>{_DIGITS})")
_CENT = Decimal("0.01")
_SURE = {True: 0.95, None: 0.7, False: 0.4}


def sums(text: str) -> list[Decimal]:
    """The values of a cell that holds an amount and nothing else, the likelier first; none if it does not."""
    match = _SUM.fullmatch(text)
    if match is None:
        return []
    negative = bool(match["credit"]) or (match["sign"] or "").strip() in ("-", "−")
    return readings(match["number"], negative=negative)


def leading(text: str) -> list[Decimal]:
    """The values of the number that a cell begins with: "1.00 kg", "Rs 1939 a night"."""
    match = _LEADING.match(text)
    return readings(match["number"], negative=bool(match["sign"])) if match else []


def readings(text: str, *, negative: bool = False) -> list[Decimal]:
    """The values a number may have, the likelier first: "1.234" is a thousand, or one and a bit."""
    sign = -1 if negative else 1
    plain = re.sub(r"[^\d.,]", "", text)
    marks, whole = re.sub(r"\d", "", plain), re.sub(r"[.,]", "", plain)
    if not whole or len(whole) > 15:
        return []
    if not marks:
        return [sign * Decimal(whole)]
    cut = max(plain.rfind("."), plain.rfind(","))
    part = sign * Decimal(f"{re.sub('[.,]', '', plain[:cut]) or '0'}.{plain[cut + 1 :]}")
    if not re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", plain) or len(set(marks)) > 1:
        return [part]
    return [sign * Decimal(whole), *([part] if len(marks) == 1 else [])]


Numbers = tuple[Decimal, Decimal | None, Decimal | None]
"""Amount, quantity, unit price."""


def fitting(
    amounts: Sequence[Decimal],
    quantities: Sequence[Decimal],
    prices: Sequence[Decimal],
    changes: Sequence[tuple[int, str]] = (),
) -> tuple[Numbers, bool | None]:
    """The readings whose product is the amount, else the likeliest of each; and whether they agree.

    Args:
        amounts: in all ways it may be read, one at least.
        quantities: the same of the quantity.
        prices: the same of the price of one.
        changes: what may make the difference, a percentage or a sum: -1 and a discount, 1 and a tax.
    """
    for amount in amounts:
        for quantity in quantities:
            for price in prices:
                if _agree(amount, quantity, price, changes):
                    return (amount, quantity, price), True
    likeliest = amounts[0], next(iter(quantities), None), next(iter(prices), None)
    return likeliest, False if quantities and prices else None


def _agree(amount: Decimal, quantity: Decimal, price: Decimal, changes: Sequence[tuple[int, str]]) -> bool:
    """Whether quantity times price is the amount: prices are rounded to the cent, each piece's."""
    plain = quantity * price
    slack = max(_CENT, abs(quantity) * _CENT / 2)
    expected = [plain]
    for sign, text in changes:
        for value in leading(text):
            expected += [plain * (1 + sign * value / 100), plain + sign * value]
    return any(abs(value - amount) <= slack for value in expected)


def sure(valid: bool | None) -> float:
    """Confidence in a line item of well-read words."""
    return _SURE[valid]


def checked(items: Sequence[LineItem], fields: Sequence[Field]) -> tuple[LineItem, ...]:
    """The items of a document, those not yet proved measured by whether all add up to its net or its total.

    Less than a total without a net tells nothing: the rest may be tax.

    Args:
        items: of all pages.
        fields: of the document; its amounts count, the total being the first.
    """
    known = [Decimal(one.value.split(" ")[0]) for one in fields if one.name == "amount"]
    whole = sum((Decimal(item.amount) for item in items), Decimal(0))
    if not known or (len(known) == 1 and whole < known[0]):
        return tuple(items)
    adds = whole in known[:2]
    return tuple(
        item
        if item.valid is not None
        else replace(item, valid=adds, confidence=round(item.confidence * sure(adds) / sure(None), 3))
        for item in items
    )
