"""The layout of the archive. No key made here is a path prefix of another.

::

    originals/<first two of sha256>/<sha256>/original
    renditions/<sha256 of the original>/<sha256>/<name>   what is read in an original's place
    documents/<document id>/<sha256 of the content>/<name>
    register/<register number>/<sequence, nine digits>.json   in the form of formats.md, however it is written
    batches/<batch>/<sequence, nine digits>.json
    office/decisions/<sequence, nine digits>.json   what the office decided of itself
    parties/<number>/<sequence, nine digits>.json   what became of a person or organisation
    office/heads/<day>.json                   the last event of each register's audit chain, day by day
    office/stamps/<register>/<sequence, nine digits>.tsr   time stamps (RFC 3161) of events
    models/<version>/<name>                   the classifiers that were ever in use
    champions/<sequence, nine digits>.json    which of them came into use, one after the other
    models/classes/<sequence, nine digits>.json   what became of the classes, one change after the other
    work/<batch>/...                          scratch of a batch in work, removed when it is done
"""

import re

from archive.port import check_key
from domain.errors import Usage
from domain.numbers import read, written

_SHA256 = re.compile(r"[0-9a-f]{64}")

ORIGINALS = "originals/"
RENDITIONS = "renditions/"
DOCUMENTS = "documents/"
REGISTER = "register/"
BATCHES = "batches/"
PARTIES = "parties/"
OFFICE = "office/"
DECISIONS = f"{OFFICE}decisions/"
HEADS = f"{OFFICE}heads/"
STAMPS = f"{OFFICE}stamps/"
MODELS = "models/"
CHAMPIONS = "champions/"
CLASSES = "models/classes/"
WORK = "work/"
MANIFEST = "manifest.json"


def original_key(sha256: str) -> str:
    """Where a file lies as it was received, by the hash of its bytes."""
    return f"{ORIGINALS}{_hash(sha256)[:2]}/{sha256}/original"


def rendition_key(original_sha256: str, sha256: str, name: str) -> str:
    """Where it lies what is read in place of an original, such as the PDF of an office file."""
    return check_key(f"{RENDITIONS}{_hash(original_sha256)}/{_hash(sha256)}/{_segment(name)}")


def document_key(document_id: str, name: str, sha256: str) -> str:
    """Where a document's content object lies: ``name`` such as ``document.pdf``, by its bytes' hash."""
    return check_key(f"{document_prefix(document_id)}{_hash(sha256)}/{_segment(name)}")


def manifest_key(document_id: str, sha256: str) -> str:
    """Where the manifest with these bytes lies."""
    return document_key(document_id, MANIFEST, sha256)


def record_key(number: str, sequence: int) -> str:
    """Where the record of one change of an entry lies; keys of one number sort by sequence.

    Raises:
        Usage: ``sequence`` is not between 0 and 999,999,999.
    """
    return _numbered(record_prefix(number), sequence)


def batch_record_key(batch: str, sequence: int) -> str:
    """Where the record of one change of a batch lies; keys of one batch sort by sequence.

    Raises:
        Usage: ``sequence`` is not between 0 and 999,999,999.
    """
    return _numbered(f"{BATCHES}{_segment(batch)}/", sequence)


def decision_key(sequence: int) -> str:
    """Where the record of the office's ``sequence``-th decision lies."""
    return _numbered(DECISIONS, sequence)


def heads_key(day: str) -> str:
    """Where it stands how far the audit chains went on a day, such as 2026-03-31."""
    return check_key(f"{HEADS}{_segment(day)}.json")


def party_record_key(number: str, sequence: int) -> str:
    """Where the record of one change of a party lies; keys of one number sort by sequence."""
    return _numbered(f"{PARTIES}{_segment(number)}/", sequence)


def stamp_key(register: str, sequence: int) -> str:
    """Where the time stamp of an event of a register's audit chain lies."""
    return _numbered(f"{STAMPS}{_segment(register)}/", sequence).removesuffix(".json") + ".tsr"


def model_key(version: str, name: str) -> str:
    """Where a file of a classifier lies."""
    return check_key(f"{MODELS}{_segment(version)}/{_segment(name)}")


def champion_key(sequence: int) -> str:
    """Where it stands which classifier was the ``sequence``-th to come into use."""
    return _numbered(CHAMPIONS, sequence)


def class_key(sequence: int) -> str:
    """Where the ``sequence``-th change of the classes stands."""
    return _numbered(CLASSES, sequence)


def work_key(batch: str, name: str) -> str:
    """Where workers on several machines leave each other something about a batch in work."""
    return check_key(f"{work_prefix(batch)}{_segment(name)}")


def work_prefix(batch: str) -> str:
    """All scratch of one batch has keys that begin so."""
    return f"{WORK}{_segment(batch)}/"


def document_prefix(document_id: str) -> str:
    """All objects of one document have keys that begin so."""
    return f"{DOCUMENTS}{_segment(document_id)}/"


def record_prefix(number: str) -> str:
    """All records of one entry have keys that begin so."""
    place = read(number)
    return f"{REGISTER}{_segment(written(place) if place else number)}/"


def _numbered(prefix: str, sequence: int) -> str:
    if not 0 <= sequence <= 999_999_999:
        raise Usage(f"Record {sequence} of {prefix}: sequences run from 0 to 999999999")
    return check_key(f"{prefix}{sequence:09}.json")


def _hash(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise Usage(f"{sha256[:80]!r} is no SHA-256: 64 hexadecimal digits in lower case")
    return sha256


def _segment(text: str) -> str:
    if "/" in text:
        raise Usage(f"{text[:80]!r}: a name in an archive key holds no slash")
    return check_key(text)
