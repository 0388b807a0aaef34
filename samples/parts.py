"""The parts that most documents share: letterhead, address, reference lines, signature, footer."""

from datetime import timedelta
from decimal import Decimal

from samples.draft import Block
from samples.values import Party, Values


class Fields:
    """Collects what the truth must name, as it is put on the page."""

    def __init__(self, values: Values, sender: Party, recipient: Party | None) -> None:
        self.values, self.sender, self.recipient = values, sender, recipient
        self._found: dict[str, tuple[str, str]] = {}

    def note(self, name: str, value: str, shown: str) -> str:
        """Notes that ``shown`` stands on the page for field ``name``; the first one counts. Returns it."""
        self._found.setdefault(name, (value, shown))
        return shown

    def found(self) -> dict[str, tuple[str, str]]:
        """All fields noted so far."""
        return dict(self._found)

    def amount(self, cents: int) -> str:
        """Notes the document's amount."""
        return self.note("amount", self.values.money(cents), self.values.show_money(cents))

    def date(self, form: str = "") -> str:
        """Notes the document's date."""
        return self.note("date", self.values.day.isoformat(), self.values.show_date(self.values.day, form))

    def due(self, days: int) -> str:
        """Notes the date of payment."""
        day = self.values.day + timedelta(days=days)
        return self.note("due_date", day.isoformat(), self.values.show_date(day))

    def phone(self) -> str:
        """Notes the sender's telephone number."""
        return self.note("phone", self.sender.phone, self.sender.phone_shown)

    def email(self) -> str:
        """Notes the sender's e-mail address."""
        return self.note("email", self.sender.email, self.sender.email)

    def iban(self) -> str:
        """Notes the sender's account."""
        return self.note("iban", self.sender.iban, self.sender.iban_shown)

    def vat_id(self) -> str:
        """Notes the sender's VAT number."""
        return self.note("vat_id", self.sender.vat, self.sender.vat_shown)

    def subject_block(self, subject: str) -> Block:
        """The subject line."""
        self.note("subject", subject, subject)
        return Block("subject", self.values.word("subject") + subject)


def letterhead(fields: Fields, *, private: bool) -> Block:
    """The sender's name and address at the top; a private person's is typed."""
    values, sender = fields.values, fields.sender
    rng = values.rng
    fields.note("sender", sender.name, sender.name)
    rows: list[tuple[str, ...]] = [(sender.name,)]
    if sender.tagline and rng.random() < 0.6:
        rows.append((sender.tagline,))
    if private or rng.random() < 0.6:
        rows += [(line,) for line in sender.lines]
    if rng.random() < (0.5 if private else 0.45):
        rows.append((f"{values.word('phone')} {fields.phone()}",))
    if rng.random() < (0.5 if private else 0.35):
        rows.append((fields.email() if rng.random() < 0.5 else f"{values.word('email')}: {fields.email()}",))
    return Block("typed" if private else "letterhead", rows=tuple(rows))


def window(fields: Fields, *, private: bool) -> Block:
    """The address field, with the sender's return line above it when printed on letterhead."""
    values, recipient = fields.values, fields.recipient
    assert recipient is not None
    rng = values.rng
    fields.note("recipient", recipient.name, recipient.name)
    lines = [recipient.name]
    if recipient.sector and rng.random() < 0.5:
        lines.append(values.draw("dept"))
    if recipient.title and rng.random() < 0.4:
        lines.insert(0, recipient.title)
    lines += recipient.lines
    back = "" if private or rng.random() < 0.45 else " · ".join((fields.sender.name, *fields.sender.lines))
    return Block("window", back, rows=tuple((line,) for line in lines))


def meta(fields: Fields, *, private: bool, reference: bool) -> Block | None:
    """Reference lines: label and value each; None when there are none."""
    values = fields.values
    rng = values.rng
    rows: list[tuple[str, str]] = []
    if reference:
        ref = values.number()
        fields.note("reference", ref, ref)
        rows.append((values.word("our_ref") + ":", ref))
    if rng.random() < 0.25:
        rows.append((values.word("your_ref") + ":", values.number()))
    if not private:
        if rng.random() < 0.45:
            rows.append((values.word("contact") + ":", values.draw("person")))
        if rng.random() < 0.35:
            rows.append((values.word("phone") + ":", fields.phone()))
        if rng.random() < 0.35:
            rows.append((values.word("email") + ":", fields.email()))
        if rng.random() < 0.35:
            rows.append((values.word("date") + ":", fields.date()))
    if rng.random() < 0.3:
        rng.shuffle(rows)
    return Block("meta", rows=tuple(rows)) if rows else None


def date_place(fields: Fields) -> Block | None:
    """The line of place and date, unless the date already stands among the reference lines."""
    if "date" in fields.found():
        return None
    rng, city = fields.values.rng, fields.sender.city
    shown = fields.date()
    link = {"en": ", ", "es": ", ", "fr": ", le ", "de": ", "}[fields.values.language]
    if fields.values.language == "de" and rng.random() < 0.4:
        link = ", den "
    return Block("place", f"{city}{link}{shown}" if rng.random() < 0.6 else shown)


def greeting(fields: Fields) -> Block:
    """The salutation, by name when a person is addressed."""
    values, recipient = fields.values, fields.recipient
    if recipient is None or not recipient.title or values.rng.random() < 0.2:
        return Block("greeting", values.word("greeting"))
    text = values.word("greeting_named").format(title=recipient.title, surname=recipient.surname)
    return Block("greeting", text)


def paragraphs(values: Values, sentences: list[str]) -> list[Block]:
    """``sentences`` in order, gathered into paragraphs of one to three."""
    blocks, rest = [], list(sentences)
    while rest:
        count = values.rng.choice([1, 2, 2, 3])
        blocks.append(Block("para", " ".join(rest[:count])))
        rest = rest[count:]
    return blocks


def signature(fields: Fields, *, private: bool, dept: bool = False) -> Block:
    """Who signed, with a role for organisations."""
    values = fields.values
    if private:
        return Block("sign", rows=((fields.sender.name, ""),))
    role = values.word("departments" if dept and values.rng.random() < 0.5 else "roles")
    rows = [(values.draw("person"), role)]
    if not dept and values.rng.random() < 0.2:
        rows.append((values.draw("person"), values.word("roles")))
    return Block("sign", rows=tuple(rows))


def footer(fields: Fields, *, full: bool = False) -> list[Block]:
    """The letterhead's foot: address, contact, bank and VAT columns, some of them, or nothing."""
    values, sender = fields.values, fields.sender
    rng = values.rng
    columns: list[str] = []
    if rng.random() < 0.5:
        columns.append("\n".join((sender.name, *sender.lines)))
    if rng.random() < 0.5:
        columns.append(f"{values.word('phone')} {fields.phone()}\n{fields.email()}\n{sender.web}")
    if full or rng.random() < 0.5:
        columns.append(f"{sender.bank}\nIBAN {fields.iban()}")
    if full or rng.random() < 0.4:
        columns.append(f"{values.word('vat_id')} {fields.vat_id()}")
    return [Block("footer", rows=tuple((text,) for text in columns))] if columns else []


def share(cents: int, percent: Decimal) -> int:
    """``percent`` of ``cents``, rounded half up to a whole cent."""
    return int((Decimal(cents) * percent / 100 + Decimal("0.5")) // 1)
