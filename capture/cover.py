"""The text of the QR code on our separator sheets: what it says of the document behind the sheet.

``POSTROOM-SEPARATOR;1;class=invoice;department=Finance;register=IN;9F2A61``: the version, then what is
said, percent-encoded where it is not plain ASCII (engines guess at the coding of other signs), and a
check over all before it. Somebody else's code has not that check, so it is never taken for ours.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

from domain.document import CLASSES, Cover
from domain.page import Page

HEAD = "POSTROOM-SEPARATOR"
VERSION = "1"
LONGEST_DEPARTMENT = 64
REGISTER = r"[A-Z][A-Z0-9]{0,11}"
BUILT_IN: Mapping[str, str] = {name: name for name in CLASSES}
_KEYS = {"class": "name", "department": "department", "register": "register"}
_CHECK = 6  # hexadecimal digits: one foreign text of 16 million would pass


class NotOurs(ValueError):
    """A text that begins as ours do, but whose check or version is another; says what to do."""


def write(cover: Cover) -> str:
    """The text that says this, at most about 300 signs."""
    said = [f"{key}={quote(getattr(cover, name))}" for key, name in _KEYS.items() if getattr(cover, name)]
    body = ";".join((HEAD, VERSION, *said, ""))
    return body + _check(body)


def read(text: str) -> Cover | None:
    """What the text says; None for one that is no text of ours. Keys that we do not know are left out.

    Whether there is such a class or register is the reader's to judge.

    Raises:
        NotOurs: it begins as ours do and is none, or one of another version.
    """
    if not text.startswith(HEAD + ";"):
        return None
    body, _, check = text.rpartition(";")
    version, *said = body.removeprefix(HEAD).removeprefix(";").split(";")
    if check != _check(body + ";"):
        raise NotOurs("its check does not fit: print the sheet anew with postroom separators")
    if version != VERSION:
        raise NotOurs(f"it is of version {version}, this program reads {VERSION}: update it, or print anew")
    pairs = (one.partition("=") for one in said)
    return Cover(**{_KEYS[key]: unquote(value) for key, _, value in pairs if key in _KEYS})


def cover_of(page: Page, classes: Mapping[str, str] = BUILT_IN) -> tuple[Cover | None, tuple[str, ...]]:
    """What the separator sheet's code on this page says, None without one, and what is wrong with it.

    A class that there is not, or what is no register, is left out. ``classes`` gives the class of today for
    each that a sheet may name: one that was merged since is the one that it went into.
    """
    covers: dict[Cover, None] = {}
    wrong: list[str] = []
    for text in dict.fromkeys(code.text for code in page.barcodes):
        try:
            if (found := read(text)) is not None:
                covers[found] = None
        except NotOurs as why:
            wrong.append(f"what the separator's code says is not used; {why}")
    if not covers:
        return None, tuple(wrong)
    if len(covers) > 1:
        wrong.append("two codes say different things; the first is used")
    cover = next(iter(covers))
    if cover.name and cover.name not in classes:
        wrong.append(f"there is no class {cover.name!r}; it is told from the text")
    cover = replace(cover, name=classes.get(cover.name, ""))
    if len(cover.department) > LONGEST_DEPARTMENT:
        wrong.append(f"the department has more than {LONGEST_DEPARTMENT} signs; it is left out")
        cover = replace(cover, department="")
    if cover.register and not re.fullmatch(REGISTER, cover.register):
        wrong.append(f"{cover.register!r} is no register; the station's is used")
        cover = replace(cover, register="")
    return cover, tuple(wrong)


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_CHECK].upper()
