"""Values a document is filled with, drawn once per document so that its parts agree."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from random import Random
from re import Match
from re import compile as regex
from typing import Any
from unicodedata import normalize

from samples.identifiers import digits, make_iban, make_phone, make_vat, show_iban, show_phone
from samples.names import COUNTRIES, Country

FIRST_DAY, DAYS = date(2023, 1, 9), 1340
CHOICE, SLOT = regex(r"<([^<>]*\|[^<>]*)>"), regex(r"\{(\w+)\}")


@cache
def stock(language: str) -> dict[str, Any]:
    """The texts of ``language`` (``samples/stock/<language>.toml``)."""
    return tomllib.loads(resources.files("samples").joinpath("stock", f"{language}.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation. ``lines`` is the postal address; ``sector`` "" for a private person."""

    name: str
    lines: tuple[str, ...]
    city: str
    sector: str
    tagline: str
    phone: str
    phone_shown: str
    email: str
    web: str
    iban: str
    iban_shown: str
    bank: str
    vat: str
    vat_shown: str
    title: str = ""
    surname: str = ""


def slug(name: str) -> str:
    """``name`` for a mail address: ASCII, lower case, no dashes (they would break lines)."""
    plain = normalize("NFKD", name.replace("ß", "ss").replace("ı", "i")).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum())[:22]


class Values:
    """Draws values for one document; ``self[slot]`` stays the same once drawn."""

    def __init__(self, rng: Random, language: str) -> None:
        self.rng = rng
        self.language = language
        self.country: Country = COUNTRIES[language]
        self.words: dict[str, Any] = stock(language)["words"]
        self.day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
        self.date_format = rng.choice(self.country.dates)
        self.drawn: dict[str, str] = {}

    def __getitem__(self, slot: str) -> str:
        if slot not in self.drawn:
            self.drawn[slot] = self.draw(slot)
        return self.drawn[slot]

    def word(self, key: str) -> str:
        """One of the language's words for ``key``; each call draws anew."""
        found = self.words[key]
        return str(self.rng.choice(found)) if isinstance(found, list) else str(found)

    def expand(self, template: str) -> str:
        """``template`` with its ``<a|b>`` choices made and its ``{slots}`` filled."""

        def choose(match: Match[str]) -> str:
            return str(self.rng.choice(match[1].split("|")))

        return SLOT.sub(lambda match: self[match[1]], CHOICE.sub(choose, template))

    def pick(self, templates: list[str]) -> str:
        """One of ``templates``, expanded."""
        return self.expand(self.rng.choice(templates))

    def some(self, templates: list[str], low: int, high: int) -> list[str]:
        """Between ``low`` and ``high`` of ``templates`` in a random order, expanded."""
        count = min(len(templates), self.rng.randint(low, high))
        return [self.expand(text) for text in self.rng.sample(templates, count)]

    def show_date(self, day: date, form: str = "") -> str:
        """``day`` in the document's date format, or in ``form``."""
        ending = "th" if 10 < day.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        first = "1er" if day.day == 1 else str(day.day)
        return (form or self.date_format).format(
            d=day.day,
            dd=f"{day.day:02d}",
            m=day.month,
            mm=f"{day.month:02d}",
            y=day.year,
            th=ending,
            d1er=first,
            month=self.country.months[day.month - 1],
        )

    def show_money(self, cents: int, *, symbol: bool = True) -> str:
        """``cents`` as the language prints an amount."""
        whole, rest = divmod(cents, 100)
        group = {"en": ",", "de": ".", "es": ".", "fr": " "}[self.language]
        number = f"{whole:,}".replace(",", group) + ("." if self.language == "en" else ",") + f"{rest:02d}"
        if not symbol:
            return number
        return f"£{number}" if self.language == "en" else f"{number} €"

    def money(self, cents: int) -> str:
        """``cents`` normalised: ``1234.50 EUR``."""
        return f"{cents // 100}.{cents % 100:02d} {self.country.currency}"

    def cents(self, low: int = 8, high: int = 900) -> int:
        """A plausible sum between ``low`` and ``high`` whole units."""
        ending = self.rng.choice([0, 0, 50, 90, 95, 99, self.rng.randrange(100)])
        return int(self.rng.triangular(low, high, low + (high - low) / 5)) * 100 + ending

    def address(self) -> tuple[tuple[str, ...], str]:
        """A postal address in lines, and its city."""
        city, pattern = self.rng.choice(self.country.cities)
        postcode = "".join(
            str(self.rng.randint(1, 9))
            if c == "#"
            else self.rng.choice("ABDEFGHJLNPQRSTUWXYZ")
            if c == "@"
            else c
            for c in pattern
        )
        text = self.country.address.format(
            street=self.rng.choice(self.country.streets),
            number=self.rng.randint(1, 148),
            city=city,
            postcode=postcode,
        )
        return tuple(text.split("\n")), city

    def party(self, names: list[str] | None = None, sector: str = "") -> Party:
        """A person, or with ``names`` an organisation called after one of these patterns."""
        rng = self.rng
        lines, city = self.address()
        first, surname = rng.choice(self.country.first), rng.choice(self.country.surnames)
        title, tagline = "", ""
        if names is None:
            name = f"{first} {surname}"
            title = self.word("titles")
            domain = rng.choice(["post", "mail", "home", "inbox"]) + ".example"
            email = f"{slug(first)}{rng.choice(['.', '_', ''])}{slug(surname)}@{domain}"
        else:
            local = {
                "city": city,
                "surname": surname,
                "first": first,
                "surname2": rng.choice(self.country.surnames),
            }
            name = SLOT.sub(lambda match: local.get(match[1]) or self[match[1]], rng.choice(names))
            if sector:
                tagline = self.pick(stock(self.language)["sectors"][sector]["tagline"])
            domain = slug(name) + ".example"
            email = rng.choice(["info", "office", "mail", "post", "service", "contact"]) + "@" + domain
        phone = make_phone(rng, self.country.code)
        account = make_iban(rng, self.country.code)
        vat = make_vat(rng, self.country.code)
        shown = vat if rng.random() < 0.6 else f"{vat[:2]} {vat[2:]}"
        bank = rng.choice(
            ["Nordbank", "Banca Aurora", "Crédit du Fleuve", "Harbour Bank", "Sparbank", "Meridian"]
        )
        return Party(
            name,
            lines,
            city,
            sector,
            tagline,
            phone,
            show_phone(rng, phone),
            email,
            "www." + domain,
            account,
            show_iban(rng, account),
            bank,
            vat,
            shown,
            title,
            surname,
        )

    def company(self, sector: str = "") -> Party:
        """An organisation of ``sector``, or of any."""
        sectors: dict[str, Any] = stock(self.language)["sectors"]
        sector = sector or self.rng.choice(sorted(sectors))
        return self.party(sectors[sector]["names"], sector)

    def authority(self) -> Party:
        """A public authority."""
        return self.party(stock(self.language)["authority"]["names"])

    def number(self, kind: str = "") -> str:
        """A reference number in one of the shapes offices use."""
        rng = self.rng
        year = self.day.year
        surname, first = slug(rng.choice(self.country.surnames)), slug(rng.choice(self.country.first))
        shapes = [
            f"{rng.choice(['INV', 'R', 'F', 'RE', 'FA', 'V'])}-{year}-{digits(rng, 4)}",
            f"{digits(rng, 2)}/{digits(rng, 4)}/{year % 100}",
            f"{rng.choice('ABCDGHKLMPRS')}{rng.choice('ABCDEFXYZ')}-{digits(rng, 6)}",
            digits(rng, 8),
            f"{digits(rng, 3)}-{digits(rng, 4)}-{rng.choice('ABCKX')}",
            f"{year}{rng.randint(1, 12):02d}{digits(rng, 4)}",
            f"{surname[:3].upper()}/{first[:2]}/{digits(rng, 3)}",
        ]
        return rng.choice(shapes[:6] if kind == "number" else shapes)

    def draw(self, slot: str) -> str:  # noqa: C901 - one flat table of slots
        """A new value for ``slot``."""
        rng, day = self.rng, self.day
        match slot:
            case "date":
                return self.show_date(day - timedelta(days=rng.randint(1, 6)))
            case "past":
                return self.show_date(day - timedelta(days=rng.randint(8, 70)))
            case "future":
                return self.show_date(day + timedelta(days=rng.randint(14, 90)))
            case "date2":
                return self.show_date(day + timedelta(days=rng.randint(5, 13)))
            case "birth":
                return self.show_date(day - timedelta(days=rng.randint(6500, 29000)))
            case "person":
                return f"{rng.choice(self.country.first)} {rng.choice(self.country.surnames)}"
            case "first":
                return rng.choice(self.country.first)
            case "surname":
                return rng.choice(self.country.surnames)
            case "org":
                return self.company().name
            case "city":
                return rng.choice(self.country.cities)[0]
            case "country":
                return rng.choice(["GB", "E", "F", "D", "NL", "PL", "I"])
            case "street":
                return self.address()[0][0]
            case "address" | "place":
                return ", ".join(self.address()[0])
            case "amount":
                return self.show_money(self.cents())
            case "big":
                return self.show_money(rng.randint(9, 480) * 10_000)
            case "contract" | "order" | "inv" | "ref":
                return self.number("number")
            case "n4":
                return digits(rng, 4)
            case "n":
                return str(rng.randint(2, 9))
            case "nn":
                return str(rng.randint(11, 58))
            case "days":
                return rng.choice(["7", "10", "14", "20", "21", "28", "30"])
            case "pct":
                return self.show_money(rng.randint(11, 95) * 10, symbol=False)[:-1]
            case "time":
                hour, minute = rng.randint(7, 17), rng.choice(["00", "15", "30", "45"])
                return (
                    f"{hour}h{minute}"
                    if self.language == "fr" and rng.random() < 0.5
                    else f"{hour:02d}:{minute}"
                )
            case "year":
                return str(day.year - rng.randint(0, 1))
            case "month":
                return self.country.months[(day.month - 2) % 12]
            case "phone":
                return show_phone(rng, make_phone(rng, self.country.code))
            case "email":
                return f"{slug(self['surname'])}@post.example"
            case "iban":
                return show_iban(rng, make_iban(rng, self.country.code))
            case "plate":
                return f"{rng.choice('BCDKLMN')}{rng.choice('AEXY')} {digits(rng, 4)}"
            case "product":
                sectors = stock(self.language)["sectors"]
                return str(rng.choice(sectors[rng.choice(sorted(sectors))]["items"]))
            case "dept":
                return str(rng.choice(self.words["departments"]))
            case _:
                raise KeyError(slot)
