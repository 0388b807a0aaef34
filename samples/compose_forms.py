"""Composes contracts and filled-in forms."""

from typing import Any

from samples.draft import Block, Draft
from samples.parts import Fields, footer, letterhead
from samples.values import Values, stock


def contract(values: Values) -> Draft:
    """A contract of one to several pages: parties, numbered clauses, signatures, now and then an annex."""
    rng = values.rng
    texts: dict[str, Any] = stock(values.language)["contract"]
    kind: dict[str, Any] = texts[rng.choice(sorted(set(texts) - {"common"}))]
    common: dict[str, Any] = texts["common"]
    first, second = values.company(), values.party() if rng.random() < 0.6 else values.company()
    if rng.random() < 0.3:
        first = values.party()
    fields = Fields(values, first, second)
    title = values.pick(kind["titles"])
    fields.note("subject", title, title)
    blocks = [Block("title", title)]
    if rng.random() < 0.4:
        number = values.number("number")
        fields.note("reference", number, number)
        blocks.append(Block("meta", rows=((values.word("our_ref") + ":", number),)))
    intro = str(rng.choice(common["intro"]))
    day = fields.date() if "{date}" in intro else ""
    fields.note("sender", first.name, first.name)
    fields.note("recipient", second.name, second.name)
    one, two = kind["parties"]
    blocks.append(
        Block(
            "para",
            intro.format(
                a=first.name,
                b=second.name,
                a_addr=", ".join(first.lines),
                b_addr=", ".join(second.lines),
                pa=one,
                pb=two,
                date=day,
            ),
        )
    )
    clauses = [*kind["clauses"], *rng.sample(common["clauses"], rng.randint(4, len(common["clauses"])))]
    mark = rng.choice(["{n}. ", "§ {n} ", "Art. {n} ", "{n}. "]) if values.language != "de" else "§ {n} "
    blocks.append(Block("heading", mark.format(n=1) + str(common["subject"])))
    blocks.append(Block("para", values.pick(kind["recital"])))
    for place, (heading, *sentences) in enumerate(clauses, 2):
        blocks.append(Block("heading", mark.format(n=place) + heading))
        parts = [values.expand(text) for text in sentences]
        if len(parts) > 1 and rng.random() < 0.5:
            blocks.append(Block("numbered", rows=tuple((text,) for text in parts)))
        else:
            blocks.append(Block("para", " ".join(parts)))
    blocks.append(Block("para", values.pick(common["signed"])))
    if not day:
        blocks.append(Block("place", f"{first.city}, {fields.date()}"))
    blocks.append(Block("sign", rows=((first.name, one), (second.name, two))))
    if rng.random() < 0.5:
        blocks += price_list(values)
    return Draft("contract", values.language, tuple(blocks), fields.found())


def price_list(values: Values) -> list[Block]:
    """An annex on a page of its own: goods or services with a price each."""
    sectors: dict[str, Any] = stock(values.language)["sectors"]
    items = list(sectors[values.rng.choice(sorted(sectors))]["items"])
    head = tuple(values.words["annex_table"])
    rows = tuple((str(n), item, values.show_money(values.cents(10, 700))) for n, item in enumerate(items, 1))
    return [
        Block("break"),
        Block("heading", values.word("annex").format(k=1)),
        Block("table", rows=rows, head=head),
    ]


def form(values: Values) -> Draft:
    """An organisation's form, filled in by a person; some boxes stay empty."""
    rng = values.rng
    texts: dict[str, Any] = stock(values.language)["form"]
    kind: dict[str, Any] = texts[rng.choice(sorted(texts))]
    owner = values.authority() if rng.random() < 0.35 else values.company()
    fields = Fields(values, owner, None)
    title = values.pick(kind["titles"])
    blocks = []
    if rng.random() < 0.75:
        blocks.append(letterhead(fields, private=False))
    fields.note("subject", title, title)
    blocks.append(Block("title", title))
    if rng.random() < 0.4:
        blocks.append(Block("small", values.pick(kind["declare"])))
    blank = rng.random() < 0.08
    checks = Block(
        "checks",
        rows=tuple(
            ("X" if not blank and rng.random() < 0.4 else "", text)
            for text in values.some(kind["checks"], 3, 6)
        ),
    )
    where = rng.randint(0, len(kind["sections"]) - 1)
    for index, (heading, *rows) in enumerate(kind["sections"]):
        blocks.append(Block("heading", heading))
        filled = []
        for row in rows:
            label, slot = row.split("|")
            empty = blank or rng.random() < 0.12
            filled.append((label, "" if empty else _entry(fields, kind, slot)))
        blocks.append(Block("fields", rows=tuple(filled)))
        if index == where:
            blocks.append(checks)
    blocks.append(Block("small", " ".join(values.some(kind["declare"], 1, 2))))
    date = "" if blank or rng.random() < 0.1 else f"{values.draw('city')}, {fields.date()}"
    blocks.append(Block("fields", rows=((values.word("place_date"), date), (values.word("signature"), ""))))
    if rng.random() < 0.35:
        blocks += footer(fields)
    return Draft("form", values.language, tuple(blocks), fields.found(), hand=rng.random() < 0.35)


def _entry(fields: Fields, kind: dict[str, Any], slot: str) -> str:
    """What the person wrote into one box."""
    values = fields.values
    if slot == "claim":
        return values.pick(kind["values"]) if kind["values"] else ""
    return values.draw(slot)
