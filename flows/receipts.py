"""Receipts: made, and looked at when they come back."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pikepdf

from archive.keys import batch_record_key, record_key
from domain.errors import Usage
from domain.receipt import NAME, Receipt
from domain.rights import Action, Rights
from domain.wire import from_json, to_plain
from flows.altered import differences
from infra import timestamps
from infra.wiring import Services
from letters.receipt import WORDS, Letterhead, receipt_pdf
from register import comparing, comparing_batches, receipts, standing, views
from register.acts import Act
from register.entries import language_of
from register.numbers import is_number

_FORMS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".svg": "svg"}
_LARGEST = 64 << 20  # bytes of a file that is looked at as a receipt
_HIDDEN = "Altered, or never given by this office."
_LONGEST = 4 << 20  # bytes of what it says for machines


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file is that somebody shows.

    Attributes:
        genuine: it is, byte for byte, a receipt that was given or what the archive holds.
        what: "receipt", "document" or "unknown".
        number: of the entry; "" where none is known.
        says: for people.
        differs: field, what the file says, what was certified.
        finding: which of the cases it is, for whoever says it in other words.
        known: whether the file bears what only who has a receipt of the entry can know.
    """

    genuine: bool
    what: str
    number: str
    says: str
    differs: tuple[tuple[str, str, str], ...] = ()
    finding: str = ""
    known: bool = False


def issue(services: Services, number: str, act: Act, language: str = "", *, to: str = "") -> bytes:
    """Make a receipt and note it in the entry's history; ``language`` "" for that of the entry.

    ``to`` is the address that it is mailed to, for the history; "" for none.

    Raises:
        Usage: there is no such entry, it is void, it is not as its history says, or the logo cannot be used.
    """
    entry = views.entry(number, act.rights, Action.EXPORT)
    comparing.must_agree(entry, record_key)
    comparing_batches.must_agree(entry, batch_record_key)
    office = services.settings.office
    receipt = receipts.receipt_of(entry, office.name, zone=services.settings.zone, at=act.at)
    language = language or language_of(entry)
    pdf = receipt_pdf(receipt, _head(services), language)
    receipts.issued(receipt, hashlib.sha256(pdf).hexdigest(), act, language, to)
    return pdf


def again(services: Services, number: str) -> bytes | None:
    """The last receipt that was given for an entry, byte for byte; None where it cannot be made again.

    It is not kept: the same receipt gives the same bytes, as long as the office's look is the same.
    """
    given = receipts.given(number)
    if not given:
        return None
    last = given[-1]
    receipt = said(last["receipt"])
    for language in [last["language"]] if "language" in last else ["", *WORDS]:
        pdf = receipt_pdf(receipt, _head(services), language)
        if hashlib.sha256(pdf).hexdigest() == last["sha256"]:
            return pdf
    return None


def _head(services: Services) -> Letterhead:
    office = services.settings.office
    check = f"{office.public_url.rstrip('/')}/check" if office.public_url else ""
    if not office.logo:
        return Letterhead(office.name, office.address, check=check)
    logo = Path(office.logo)
    form = _FORMS.get(logo.suffix.lower())
    if form is None:
        raise Usage(f"office.logo is {office.logo}: give a PNG, JPEG or SVG picture")
    try:
        return Letterhead(office.name, office.address, logo.read_bytes(), form, check)
    except OSError as error:
        raise Usage(f"office.logo is {office.logo}, which cannot be read: {error.strerror}") from error


def check(services: Services, path: Path, rights: Rights | None = None, of: str = "") -> Checked:
    """Say whether a file is a receipt as it was given, or a document as the archive holds it.

    Of what was certified of an entry that the person may not know of, nothing is told unless the file shows
    that who gave it has a receipt: what a forger guesses is not answered.

    Args:
        services: of the instance.
        path: of the file.
        rights: of whoever asks; None for the owner, and for who answers for what is told.
        of: number of the entry that it is said to be a document of, to say in what it differs; else the
            file's name may say so.

    Raises:
        Usage: the file cannot be read.
        Missing: there is no such entry, as far as the person may know.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from error
    receipt = inside(path)
    if receipt is not None:
        number = receipt.number
        found = compared(receipt, sha256, receipts.given(number), _void(number))
        if found.genuine:
            return replace(found, says=f"{found.says}{_stamped(services, receipt)}")
        told = rights is None or found.known or views.may(number, rights)
        return found if told else replace(found, says=_HIDDEN, differs=(), finding="altered")
    if (held := receipts.holds(sha256)) is not None:
        number, role, key = held
        of = role if role.endswith("audit chain") else f"{role} of {number or 'a batch'}"
        says = f"This is the {of}, unchanged since it was archived: {key}"
        return Checked(True, "document", number, f"{says}{_void(number)}", finding="document")
    if differing := _altered(services, path, rights, of):
        return differing
    says = "Neither a receipt nor anything that the archive holds: it was altered, or is not of this office."
    return Checked(False, "unknown", "", says, finding="unknown")


def _altered(services: Services, path: Path, rights: Rights | None, of: str) -> Checked | None:
    """In what it differs from what the archive holds of the entry that it is said to be of."""
    number = of or path.stem.upper()
    if not of and not (is_number(number) and views.may(number, rights)):
        return None
    entry = views.entry(number, rights)
    if differs := differences(services, entry, path):
        says = f"Not what the archive holds of {entry.number}: it was altered, or is another file."
        return Checked(False, "document", entry.number, says, differs, "altered", known=True)
    return None


def _stamped(services: Services, receipt: Receipt) -> str:
    """What of the time stamp holds that the receipt tells of, if there is one."""
    found = receipts.stamp_of(receipt)
    if found is None:
        return ""
    text, token = found
    if wrong := [
        why for _, why in timestamps.wrong([("", token, text)], services.settings.time.authority_ca)
    ]:
        return f". But {wrong[0]}"
    said = timestamps.read(token)
    return f"; {said.authority} certifies that it was there at {said.at.isoformat(timespec='seconds')}"


def inside(path: Path) -> Receipt | None:
    """What the receipt inside says; None for a file that is none."""
    if path.stat().st_size > _LARGEST:
        return None
    try:
        with pikepdf.open(path) as pdf:
            return from_json(Receipt, _said_in(pdf))
    except (pikepdf.PdfError, zlib.error, KeyError, ValueError, TypeError, AttributeError):
        return None


def _said_in(pdf: pikepdf.Pdf) -> bytes:
    """What the receipt says for machines, as far as it is no longer than any of ours: it may be a bomb."""
    stream = pdf.attachments[NAME].obj.EF.F
    raw = bytes(stream.read_raw_bytes())
    packed = stream.get("/Filter") == "/FlateDecode"
    return zlib.decompressobj().decompress(raw, _LONGEST) if packed else raw[:_LONGEST]


def compared(receipt: Receipt, sha256: str, events: Sequence[Mapping[str, Any]], void: str = "") -> Checked:
    """What a file with this receipt inside is, beside what the events say with which receipts were given."""
    number = receipt.number
    given = [(one["sha256"], to_plain(said(one["receipt"]))) for one in events]
    if not given:
        says = f"No receipt was given for {number}: this one is not of this register, or was made up."
        return Checked(False, "receipt", number, says, finding="made up")
    told = to_plain(receipt)
    known = any(_bears(told, was) for _, was in given)
    same = [was for _, was in given if was == told]
    if any(one == sha256 for one, was in given if was == told):
        finding = "void" if void else "genuine"
        return Checked(True, "receipt", number, f"Genuine: given for {number}{void}", (), finding, known)
    if same:
        says = (
            f"The file was altered after it was given for {number}. What it holds inside is right; "
            "do not trust what its pages show."
        )
        return Checked(False, "receipt", number, says, (), "drawn over", known)
    nearest = min((_differences(told, was) for _, was in given), key=len)
    says = f"Altered: it does not say what was certified of {number}{void}"
    return Checked(False, "receipt", number, says, nearest, "altered", known)


def said(receipt: Any) -> Receipt:
    """A receipt as its event holds it; those of before lack what receipts say since."""
    return from_json(Receipt, json.dumps(receipt))


def is_void(number: str) -> bool:
    """Whether an entry does not count any more."""
    return bool(standing.told([number]))


def _bears(told: dict[str, Any], was: dict[str, Any]) -> bool:
    """Whether this knows what nobody can know who never had a receipt of the entry."""
    secret = "code" if was["code"] else "hash"
    return bool(told[secret] == was[secret])


def _differences(told: dict[str, Any], was: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, text(told.get(name)), text(was.get(name))) for name in was if told.get(name) != was.get(name)
    )


def text(value: Any) -> str:
    """A value of a receipt, for people."""
    if isinstance(value, list):
        return "; ".join(map(text, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)


def _void(number: str) -> str:
    void = standing.told([number]) if number else []
    return f". Its entry does not count any more: {void[0]}" if void else ""
