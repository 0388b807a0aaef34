"""Composes documents: which class, who to whom, about what, in which parts."""

from random import Random
from typing import Any

from samples.compose_forms import contract, form, price_list
from samples.compose_money import invoice, receipt
from samples.draft import Block, Draft
from samples.parts import (
    Fields,
    date_place,
    footer,
    greeting,
    letterhead,
    meta,
    paragraphs,
    signature,
    window,
)
from samples.values import Values, stock

PRIVATE = {"terminate", "thanks"}


def compose(rng: Random, label: str, language: str) -> Draft:
    """A new document of class ``label`` in ``language`` (en, es, fr or de)."""
    values = Values(rng, language)
    match label:
        case "invoice":
            return invoice(values)
        case "receipt":
            return receipt(values)
        case "form":
            return form(values)
        case "contract":
            return contract(values)
        case "email_print":
            return _mail(values)
        case "official_notice":
            return _notice(values)
        case _:
            return _letter(values, label)


def _topic(values: Values, label: str) -> tuple[str, dict[str, Any]]:
    topics: dict[str, Any] = stock(values.language)[label]
    name = values.rng.choice(sorted(topics))
    return name, topics[name]


def _letter(values: Values, label: str) -> Draft:
    rng = values.rng
    name, topic = _topic(values, label)
    private = name in PRIVATE or (label == "complaint" and rng.random() < 0.75)
    sender = values.party() if private else values.company()
    recipient = values.company() if label == "complaint" or rng.random() < 0.5 else values.party()
    fields = Fields(values, sender, recipient)
    subject = values.pick(topic["subject"])
    opening, ask = values.pick(topic["open"]), values.some(topic["ask"], 1, 2)
    body = values.some(topic["body"], 4, 6)
    head: list[Block | None] = [letterhead(fields, private=private), window(fields, private=private)]
    info = meta(fields, private=private, reference=rng.random() < (0.35 if private else 0.7))
    place = date_place(fields)
    head += [info, place] if rng.random() < 0.5 else [place, info]
    blocks = [block for block in head if block is not None]
    blocks += [fields.subject_block(subject), greeting(fields)]
    blocks += paragraphs(values, [opening, *body, *ask])
    blocks += [Block("closing", values.word("closing")), signature(fields, private=private)]
    annex = label == "complaint" and rng.random() < 0.45
    if annex or rng.random() < 0.2:
        blocks.append(Block("para", f"{values.word('enclosures')}: {rng.randint(1, 4)}"))
    if rng.random() < 0.15:
        blocks.append(Block("small", f"{values.word('cc')}: {values.draw('person')}"))
    if annex:
        blocks += _log(values, topic)
    elif not private and rng.random() < 0.3:
        blocks += price_list(values)
    blocks += footer(fields) if not private else []
    return Draft(label, values.language, tuple(blocks), fields.found())


def _log(values: Values, topic: dict[str, Any]) -> list[Block]:
    """An annex: a log of calls and events, one row each."""
    rows = tuple(
        (values.draw("past"), values.draw("time"), text)
        for text in [*values.some(topic["body"], 3, 6), *values.some(topic["open"], 1, 2)]
    )
    words = values.words["log"]
    title = values.word("annex").format(k=1)
    return [
        Block("break"),
        Block("heading", f"{title}: {words[0]}"),
        Block("table", rows=rows, head=tuple(words[1:4])),
    ]


def _notice(values: Values) -> Draft:
    rng = values.rng
    _, topic = _topic(values, "official_notice")
    sender = values.authority()
    recipient = values.party() if rng.random() < 0.75 else values.company()
    fields = Fields(values, sender, recipient)
    subject = values.pick(topic["subject"])
    blocks = [letterhead(fields, private=False), window(fields, private=False)]
    info = meta(fields, private=False, reference=True)
    place = date_place(fields)
    blocks += [block for block in (info, place) if block is not None]
    blocks.append(fields.subject_block(subject))
    if rng.random() < 0.6:
        blocks.append(greeting(fields))
    blocks += paragraphs(values, [values.pick(topic["open"])])
    body = values.some(topic["body"], 3, 6)
    if topic.get("table") and rng.random() < 0.7:
        blocks.append(_assessment(fields))
    if topic.get("numbered") or rng.random() < 0.25:
        blocks.append(Block("numbered", rows=tuple((text,) for text in body)))
    else:
        blocks += paragraphs(values, body)
    remedy = values.some(topic["ask"], 1, 2)
    if rng.random() < 0.6:
        blocks.append(Block("heading", values.word("remedy")))
    blocks += paragraphs(values, remedy)
    if rng.random() < 0.5:
        blocks.append(Block("closing", values.word("closing")))
    blocks.append(signature(fields, private=False, dept=True))
    if rng.random() < 0.6:
        blocks.append(Block("small", " ".join(values.some(values.words["small"], 1, 3))))
    blocks += footer(fields)
    return Draft("official_notice", values.language, tuple(blocks), fields.found())


def _assessment(fields: Fields) -> Block:
    """A table of assessed sums whose last row is the amount to pay."""
    values = fields.values
    words = values.words["assessment"]
    sums = [values.cents(20, 1400) for _ in range(values.rng.randint(2, 4))]
    rows = [(str(word), values.show_money(cents)) for word, cents in zip(words[2:], sums, strict=False)]
    fields.amount(sum(sums))
    rows.append((values.word("total"), values.show_money(sum(sums))))
    return Block("table", rows=tuple(rows), head=(str(words[0]), str(words[1])))


def _mail(values: Values) -> Draft:
    rng = values.rng
    _, topic = _topic(values, "email_print")
    company = values.company()
    sender = values.party() if rng.random() < 0.5 else company
    recipient = values.party()
    fields = Fields(values, sender, recipient)
    subject = values.pick(topic["subject"])
    day = values.show_date(values.day)
    at = values.draw("time")
    labels = values.words["mail_head"]
    rows = [
        (labels[0], f"{sender.name} <{sender.email}>"),
        (labels[1], f"{recipient.name} <{recipient.email}>"),
    ]
    if rng.random() < 0.35:
        rows.append((labels[2], f"{values.draw('person')}; {company.email}"))
    rows.append((labels[3], f"{day} {at}"))
    rng.shuffle(rows)
    rows.insert(rng.randint(0, len(rows)), (labels[4], subject))
    if rng.random() < 0.3:
        rows.append((labels[5], f"{values.draw('surname').lower()}_{values.draw('n4')}.pdf"))
    fields.note("subject", subject, subject)
    fields.note("date", values.day.isoformat(), day)
    fields.note("sender", sender.name, sender.name)
    fields.note("recipient", recipient.name, recipient.name)
    fields.note("email", sender.email, sender.email)
    blocks = []
    if rng.random() < 0.5:
        blocks.append(Block("small", rng.choice(["Webmail", "Outlook", "Thunderbird", recipient.name])))
    first = recipient.name.split()[0]
    signer = sender.name if sender.title else values.draw("person")
    blocks += [
        Block("mailhead", rows=tuple((f"{label}:", value) for label, value in rows)),
        Block("greeting", values.word("mail_greeting").format(first=first)),
    ]
    body = [values.pick(topic["open"]), *values.some(topic["body"], 2, 5), *values.some(topic["ask"], 1, 2)]
    if rng.random() < 0.25:
        blocks += paragraphs(values, body[:1])
        blocks.append(Block("list", rows=tuple((text,) for text in body[1:-1])))
        blocks += paragraphs(values, body[-1:])
    else:
        blocks += paragraphs(values, body)
    blocks.append(Block("closing", values.word("mail_closing")))
    if rng.random() < 0.6:
        fields.note("phone", sender.phone, sender.phone_shown)
        lines = [signer, values.draw("dept"), company.name, sender.phone_shown]
    else:
        lines = [signer.split()[0]]
    blocks.append(Block("para", "\n".join(lines)))
    if rng.random() < 0.45:
        for turn in range(rng.choice((1, 1, 2, 3, 5))):
            author, reader = (recipient.name, signer) if turn % 2 == 0 else (signer, recipient.name)
            blocks += _quoted(values, author, reader)
    if rng.random() < 0.35:
        blocks.append(Block("small", values.pick(values.words["mail_small"])))
    return Draft("email_print", values.language, tuple(blocks), fields.found())


def _quoted(values: Values, author: str, to: str) -> list[Block]:
    """The earlier message below an answer."""
    _, topic = _topic(values, "email_print")
    text = [values.word("mail_greeting").format(first=to.split()[0]), values.pick(topic["open"])]
    text += [*values.some(topic["body"], 1, 3), author.split()[0]]
    head = values.word("quoted").format(name=author, date=values.draw("past"))
    return [
        Block("small", head),
        Block("mono", "\n".join(f"> {line}" for part in text for line in fold(part, 68))),
    ]


def fold(text: str, width: int) -> list[str]:
    """``text`` broken into lines of at most ``width`` characters."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]
