"""Whether two parties are one: how alike their names and addresses are. Pure, and the same both ways."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from domain.party import LIKELY, Address
from register.identifiers import CHANNELS, PHONE, SHARED

LINKED = 0.93
"""From this likeness on, with an address or telephone in common, a name is taken for the party itself."""

_APART = 0.05  # how much the second best must be behind
_KIN = 0.6  # names less akin than this make an identifier somebody else's: a letter bears those of several
_SHORT = 6  # letters of a name of which each counts
_OTHER = 0.5  # of the likeness is left where identifiers contradict each other
_SIGN = re.compile(r"[^\w&+]+")
_DOT = re.compile(r"(?<=\b\w)\.(?=\w\b|\s|$)|['`´’]")
_FORMS = frozenset((
    "ab", "ag", "aktiengesellschaft", "aps", "asa", "bhd", "bv", "bvba", "co", "company", "corp",
    "corporation", "cv", "cvba", "doo", "eg", "eirl", "ek", "eurl", "ev", "gbr", "ges", "gesellschaft",
    "gmbh", "inc", "incorporated", "kft", "kg", "kgaa", "lda", "limited", "limitada", "limitee", "llc",
    "llp", "lp", "lt", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "partg", "plc", "pte", "pty",
    "pvt", "sa", "sal", "sapa", "sapi", "sarl", "sas", "sasu", "sc", "sca", "scop", "se", "sl", "slne",
    "slp", "slu", "snc", "soc", "societa", "sociedad", "societe", "spa", "spj", "spzoo", "srl", "srls",
    "sro", "stiftung", "ug", "vof", "zoo", "anonima", "anonyme", "haftungsbeschrankt", "limitata",
    "responsabilidad", "responsabilita", "responsabilite",
))  # fmt: skip
_TITLES = frozenset((
    "mr", "mrs", "ms", "miss", "sir", "dr", "prof", "herr", "herrn", "frau", "mme", "mlle", "monsieur",
    "madame", "don", "dona", "sr", "sra", "srta", "d", "dna", "sig", "ing",
))  # fmt: skip
_SMALL = frozenset((
    "and", "und", "y", "e", "et", "en", "de", "del", "della", "di", "da", "do", "du", "des", "der", "die",
    "das", "the", "la", "le", "les", "el", "los", "las", "of", "a",
))  # fmt: skip


def fold(text: str) -> str:
    """A text without case, accents and doubled blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


@lru_cache(maxsize=4096)
def plain(name: str) -> tuple[str, ...]:
    """The words that tell a name from others, sorted: without legal forms, titles, small words and marks."""
    words = _SIGN.sub(" ", _DOT.sub("", fold(name))).replace("&", " ").replace("+", " ").split()
    joined = _spelt(words)
    told = [one for one in joined if one not in _FORMS and one not in _TITLES and one not in _SMALL]
    return tuple(sorted(told or joined))


def _spelt(words: Sequence[str]) -> list[str]:
    """Letters that stand alone at the end, as in "S. L.", are one word."""
    end = len(words)
    while end > 1 and len(words[end - 1]) == 1:
        end -= 1
    return [*words[:end], "".join(words[end:])] if len(words) - end > 1 else list(words)


def words_of(names: Iterable[str]) -> set[str]:
    """By what a party is found that is called so, or nearly: beginnings and ends of its words."""
    return {part for name in names for word in plain(name) for part in _parts(word)}


def _parts(word: str) -> Iterator[str]:
    if len(word) <= 4:
        yield word
    else:
        yield f"{word[:4]}-"
        yield f"-{word[-4:]}"


@dataclass(frozen=True, slots=True)
class Face:
    """What of a party is compared: names, ``kind:value`` of what it is known by, addresses, its number."""

    names: tuple[str, ...]
    keys: frozenset[str] = frozenset()
    addresses: tuple[Address, ...] = ()
    number: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two are.

    Attributes:
        score: 0-1.
        names: 0-1, of their names alone.
        certain: an identifier or e-mail address of the one is the other's.
        kin: 0-1, how much of the shorter name is in the longer; 0 where nothing else is certain.
        near: an address or telephone in common.
        against: their identifiers contradict each other.
        why: all that in words.
    """

    score: float
    names: float
    kin: float = 0.0
    certain: bool = False
    near: bool = False
    against: bool = False
    why: tuple[str, ...] = ()


def likeness(one: Face, other: Face) -> Likeness:
    """How alike these two are; the same whichever is named first."""
    names = max((_names(a, b) for a in one.names for b in other.names), default=0.0)
    where = max((_addresses(a, b) for a in one.addresses for b in other.addresses), default=None)
    shared = one.keys & other.keys
    certain = sorted({_kind(key) for key in shared if _kind(key) != PHONE})
    phone = any(_kind(key) == PHONE for key in shared)
    against = sorted(_against(one.keys, other.keys) - set(certain))
    near = phone or (where is not None and where >= LIKELY)
    score = names
    if phone:
        score = max(score, 0.7 * names + 0.3)
    elif where is not None:
        score = 0.7 * names + 0.3 * where
    kin = max((_kin(a, b) for a in one.names for b in other.names), default=0.0) if certain else 0.0
    if certain:
        score = max(score, 1.0 if kin >= _KIN else LIKELY)
    if against:
        score *= _OTHER
    why = [f"name {names:.2f}"]
    why += [f"address {where:.2f}"] if where is not None else []
    why += ["same phone"] if phone else []
    why += [f"same {kind}" for kind in certain] + [f"other {kind}" for kind in against]
    return Likeness(
        round(score, 4), round(names, 4), round(kin, 4), bool(certain), near, bool(against), tuple(why)
    )


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _against(one: frozenset[str], other: frozenset[str]) -> set[str]:
    """Kinds of identifiers of which a party has one only, and these two have different ones."""
    kinds = {_kind(key) for key in one} & {_kind(key) for key in other}
    single = kinds - {*SHARED, *CHANNELS}
    return {
        kind
        for kind in single
        if {key for key in one if _kind(key) == kind}.isdisjoint(key for key in other if _kind(key) == kind)
    }


def _names(one: str, other: str) -> float:
    a, b = plain(one), plain(other)
    if a == b:
        return 1.0 if a else 0.0
    if _figures(a) != _figures(b) or min(len("".join(a)), len("".join(b))) < _SHORT:
        return 0.0
    return float(fuzz.token_sort_ratio(" ".join(a), " ".join(b))) / 100


def _kin(one: str, other: str) -> float:
    return float(fuzz.token_set_ratio(" ".join(plain(one)), " ".join(plain(other)))) / 100


def _figures(words: Sequence[str]) -> list[str]:
    """Words with digits in them: a figure more or less is another name, or another house."""
    return [word for word in words if any(map(str.isdigit, word))]


def _addresses(one: Address, other: Address) -> float:
    if one.country and other.country and one.country != other.country:
        return 0.0
    if one.postcode and other.postcode and _tight(one.postcode) != _tight(other.postcode):
        return 0.0
    a, b = (plain(" ".join(some.lines)) for some in (one, other))
    if not (a and b):
        return 0.0
    if _figures(a) != _figures(b):
        return 0.0
    street = float(fuzz.token_sort_ratio(" ".join(a), " ".join(b))) / 100
    if one.postcode and other.postcode:
        return street
    return min(street, float(fuzz.ratio(fold(one.city), fold(other.city))) / 100)


def _tight(text: str) -> str:
    return fold(text).replace(" ", "").replace("-", "")


def recognise(seen: Face, known: Sequence[Face]) -> tuple[str, str]:
    """The number of the face that it is beyond doubt, and by what; "" for none, and "new".

    An identifier or e-mail address decides where one party alone has it and the names do not contradict: a
    letter also bears those of whom it is sent to. A name decides with an address or telephone in common, if
    nobody else is nearly as alike. A name that is written the same way is looked for before.
    """
    compared = _compared(seen, known)
    certain = [(number, how) for number, how in compared if how.certain]
    if len(certain) == 1 and certain[0][1].kin >= _KIN and not certain[0][1].against:
        return certain[0][0], "identifier"
    if compared and not certain:
        (number, best), *rest = compared
        second = rest[0][1].score if rest else 0.0
        if best.score >= LINKED and best.near and not best.against and best.score - second >= _APART:
            return number, "likeness"
    return "", "new"


def likely(seen: Face, known: Sequence[Face], most: int = 5) -> list[tuple[str, Likeness]]:
    """Those that it may be, by number, likeliest first."""
    return [one for one in _compared(seen, known) if one[1].score >= LIKELY][:most]


def _compared(seen: Face, known: Sequence[Face]) -> list[tuple[str, Likeness]]:
    """The likeness of each number, best first: a party and those merged into it have the same."""
    best: dict[str, Likeness] = {}
    for number, how in sorted(((face.number, likeness(seen, face)) for face in known), key=_best_first):
        best.setdefault(number, how)
    return list(best.items())


def _best_first(one: tuple[str, Likeness]) -> tuple[float, str]:
    return -one[1].score, one[0]
