"""Composes invoices and receipts."""

from decimal import Decimal
from typing import Any

from samples.draft import Block, Draft
from samples.parts import (
    Fields,
    date_place,
    footer,
    greeting,
    letterhead,
    meta,
    paragraphs,
    share,
    signature,
    window,
)
from samples.values import Party, Values, stock

Line = tuple[str, str, str, str]
RATES = {
    "en": ("20", "20", "5"),
    "es": ("21", "21", "10"),
    "fr": ("20", "20", "10", "5,5"),
    "de": ("19", "19", "7"),
}


def _items(values: Values, sender: Party, count: int) -> list[tuple[str, int, int]]:
    """``count`` lines of ``(text, quantity, unit price in cents)``."""
    items: list[str] = list(stock(values.language)["sectors"][sender.sector]["items"])
    values.rng.shuffle(items)
    lines = []
    for index in range(count):
        text = items[index % len(items)]
        if index >= len(items):
            text += f" ({values.draw('ref')})"
        lines.append((text, values.rng.choice([1, 1, 1, 2, 3, 4, 5, 8, 12]), values.cents(4, 220)))
    return lines


def invoice(values: Values) -> Draft:
    """An invoice, bill, fee note or statement of charges."""
    rng = values.rng
    texts: dict[str, Any] = stock(values.language)["invoice"]
    sender = values.company()
    recipient = values.company() if rng.random() < 0.6 else values.party()
    fields = Fields(values, sender, recipient)
    values.drawn["sender"] = sender.name
    number = values.number("number")
    fields.note("reference", number, number)
    title = str(rng.choice(texts["titles"]))
    blocks = [letterhead(fields, private=False), window(fields, private=False)]
    if title:
        in_title = rng.random() < 0.35
        shown = f"{title} {number}" if in_title else title
        fields.note("subject", shown, shown)
        heading = [Block("title", shown)]
    else:
        in_title, heading = False, []
    info = _info(fields, None if in_title else number)
    place = date_place(fields)
    body = [block for block in (info, place) if block is not None]
    blocks += [*body, *heading] if rng.random() < 0.5 else [*heading, *body]
    intro = values.pick(texts["intro"])
    if intro:
        if rng.random() < 0.35:
            blocks.append(greeting(fields))
        blocks.append(Block("para", intro))
    bill, lines = _bill(fields, texts)
    blocks += bill
    terms = values.some(texts["terms"], 1, 4)
    blocks += paragraphs(values, terms)
    closing = values.pick(texts["closing"])
    if closing:
        blocks.append(Block("para", closing))
    if rng.random() < 0.35:
        blocks.append(Block("para", f"{sender.bank}, IBAN {fields.iban()}"))
    if rng.random() < 0.3:
        blocks.append(signature(fields, private=False))
    blocks += footer(fields, full=rng.random() < 0.85)
    return Draft("invoice", values.language, tuple(blocks), fields.found(), lines=lines)


def _info(fields: Fields, number: str | None) -> Block | None:
    """The invoice's reference lines; ``number`` None when it stands in the title."""
    values = fields.values
    rng = values.rng
    info: list[tuple[str, str]] = [] if number is None else [(values.word("invoice_no"), number)]
    if rng.random() < 0.75:
        info.append((values.word("date"), fields.date()))
    due_days = rng.choice([7, 10, 14, 21, 30, 30])
    if rng.random() < 0.65:
        info.append((values.word("due"), fields.due(due_days)))
    if rng.random() < 0.55:
        info.append((values.word("customer_no"), values.number("number")))
    if rng.random() < 0.4:
        info.append((values.word("order_no"), values["order"]))
    if rng.random() < 0.3:
        info.append((values.word("contact"), values.draw("person")))
    colon = rng.choice([":", "", ":"])
    return Block("meta", rows=tuple((label + colon, value) for label, value in info)) if info else None


def _bill(fields: Fields, texts: dict[str, Any]) -> tuple[list[Block], tuple[Line, ...]]:
    """The table and its totals; and the table's rows as the truth has them."""
    values = fields.values
    rng = values.rng
    head = tuple(rng.choice(texts["table"]))
    count = rng.choice([1, 2, 3, 3, 4, 5, 6, 7, 9, 14, 31])
    lines = _items(values, fields.sender, count)
    symbol = rng.random() < 0.4
    rows = []
    for index, (text, quantity, price) in enumerate(lines, 1):
        one, all_ = (
            values.show_money(price, symbol=symbol),
            values.show_money(price * quantity, symbol=symbol),
        )
        full = (str(index), text, str(quantity), one, all_)
        rows.append({5: full, 4: full[1:], 2: (text, all_)}[len(head)])
    net = sum(quantity * price for _, quantity, price in lines)
    rate = rng.choice(RATES[values.language])
    tax = share(net, Decimal(rate.replace(",", ".")))
    totals = []
    if rng.random() < 0.85:
        totals = [
            (values.word("subtotal"), values.show_money(net)),
            (values.word("vat").format(rate=rate), values.show_money(tax)),
        ]
        net += tax
    totals.append((values.word("total"), fields.amount(net)))
    truth = tuple(
        (text, *(("", "") if len(head) == 2 else (str(quantity), _plain(price))), _plain(quantity * price))
        for text, quantity, price in lines
    )
    return [Block("table", rows=tuple(rows), head=head), Block("totals", rows=tuple(totals))], truth


def _plain(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def receipt(values: Values) -> Draft:
    """A till roll, or a receipt in sentences."""
    return _till(values) if values.rng.random() < 0.55 else _formal(values)


def _till(values: Values) -> Draft:
    rng = values.rng
    texts: dict[str, Any] = stock(values.language)["receipt"]
    sender = values.company(rng.choice(["food", "print", "garage", "health", "it"]))
    fields = Fields(values, sender, None)
    width = rng.choice([32, 36, 40])
    lines = [fields.note("sender", sender.name, sender.name).center(width).rstrip()]
    lines += [line.center(width).rstrip() for line in sender.lines]
    if rng.random() < 0.5:
        lines.append(f"{values.word('phone')} {fields.phone()}".center(width).rstrip())
    if rng.random() < 0.6:
        lines.append(f"{values.word('vat_id')} {fields.vat_id()}".center(width).rstrip())
    rule = rng.choice(["-", "=", "*", ". "])
    bar = (rule * width)[:width]
    title = str(rng.choice(texts["titles"]))
    if title:
        lines += ["", title.center(width).rstrip()]
    words = texts["till_words"]
    form = rng.choice(["{dd}/{mm}/{y}", "{dd}.{mm}.{y}", "{dd}-{mm}-{y}"])
    lines += [f"{fields.date(form)}  {values.draw('time')}", bar]
    total = 0
    bought = _items(values, sender, rng.randint(1, 9))
    for text, quantity, list_price in bought:
        price = max(90, list_price // 4)
        total += price * quantity
        if quantity > 1:
            lines.append(f"{text[: width - 1]}")
            each = f"  {quantity} x {values.show_money(price, symbol=False)}"
            lines.append(each + values.show_money(price * quantity, symbol=False).rjust(width - len(each)))
        else:
            shown = values.show_money(price, symbol=False)
            lines.append(text[: width - len(shown) - 1].ljust(width - len(shown)) + shown)
    shown = fields.amount(total)
    lines += [bar, str(words[0]).upper().ljust(width - len(shown)) + shown]
    method = str(rng.choice(texts["methods"]))
    rate = rng.choice(RATES[values.language])
    tax = total - int(total / (1 + float(rate.replace(",", ".")) / 100))
    vat = values.word("vat").format(rate=rate)
    money = values.show_money(tax, symbol=False)
    lines += [vat.ljust(width - len(money)) + money, method.ljust(width - len(shown)) + shown, bar]
    lines += [text[:width].center(width).rstrip() for text in values.some(texts["till"], 1, 4)]
    return Draft("receipt", values.language, (Block("mono", "\n".join(lines)),), fields.found(), till=True)


def _formal(values: Values) -> Draft:
    rng = values.rng
    texts: dict[str, Any] = stock(values.language)["receipt"]
    sender, payer = values.company(), values.party()
    fields = Fields(values, sender, payer)
    blocks = [letterhead(fields, private=False)]
    if rng.random() < 0.35:
        blocks.append(window(fields, private=False))
    title = str(rng.choice(texts["titles"]))
    if title:
        fields.note("subject", title, title)
        blocks.append(Block("title", title))
    info = meta(fields, private=False, reference=rng.random() < 0.8)
    blocks += [info] if info else []
    cents = values.cents(15, 2500)
    total = fields.amount(cents)
    values.drawn["date"] = values.show_date(values.day)
    values.drawn |= {"payer": payer.name, "total": total}
    blocks += paragraphs(values, [values.pick(texts["formal"])])
    if rng.random() < 0.4:
        blocks.append(Block("totals", rows=((values.word("total"), total),)))
    blocks += paragraphs(values, values.some(texts["formal_notes"], 1, 3))
    place = date_place(fields)
    blocks += [place] if place else []
    blocks.append(signature(fields, private=False))
    blocks += footer(fields)
    return Draft("receipt", values.language, tuple(blocks), fields.found())
