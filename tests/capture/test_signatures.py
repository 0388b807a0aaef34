"""Signatures as they are found: good, altered in two ways, of nobody that is trusted, self-signed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from capture.signatures import signatures
from domain.document import Signature
from tests.capture.signed import authority, letter, signed, turned

GOOD = Signature("Signature1", "Ana Notary", "", False, True, True, True, False)
FAR = "nobody that is trusted here vouches for the certificate (no certificate chain found)"


@pytest.fixture
def notary(tmp_path: Path) -> tuple[trustme.LeafCert, Path]:
    ca, path = authority(tmp_path)
    return ca.issue_cert("ana@office.example", common_name="Ana Notary"), path


def found(data: bytes, certificates: Path) -> list[Signature]:
    """What is found, without the time, which is just now."""
    path = certificates.parent / "found.pdf"
    path.write_bytes(data)
    read = signatures(path, certificates)
    for one in read:
        if one.signed_at is not None:
            assert datetime.now(UTC) - datetime.fromisoformat(one.signed_at) < timedelta(minutes=5)
    return [replace(one, signed_at="" if one.signed_at else None) for one in read]


def test_good(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    certificate, trusted = notary
    assert found(signed(letter(), certificate, tmp_path), trusted) == [GOOD]


def test_a_second_signature_alters_nothing(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    certificate, trusted = notary
    twice = signed(signed(letter(), certificate, tmp_path), certificate, tmp_path, "Signature2")
    assert found(twice, trusted) == [replace(GOOD, whole=False), replace(GOOD, name="Signature2")]


def test_altered_after_signing(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    certificate, trusted = notary
    whole = signed(letter(), certificate, tmp_path)
    added = replace(GOOD, whole=False, altered=True, problem="altered after signing")
    assert found(turned(whole), trusted) == [added]
    at = whole.index(b"/MediaBox")
    flipped = whole[:at] + whole[at:].replace(b"360", b"361", 1)
    assert flipped != whole
    assert found(flipped, trusted) == [
        replace(GOOD, intact=False, trusted=False, altered=True, problem="altered after signing")
    ]


def test_of_nobody_that_is_trusted(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    data = signed(letter(), notary[0], tmp_path)
    (tmp_path / "elsewhere").mkdir()
    _, others = authority(tmp_path / "elsewhere")
    assert found(data, others) == [replace(GOOD, trusted=False, problem=FAR)]
    assert found(data, tmp_path / "none.pem") == [replace(GOOD, trusted=False, problem=FAR)]


def test_self_signed(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    own = trustme.CA(organization_name="Ana Notary")
    itself = trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), [])
    (one,) = found(signed(letter(), itself, tmp_path), notary[1])
    assert (one.intact, one.trusted, one.altered) == (True, False, False)
    assert one.problem == "self-signed: nobody vouches for the certificate"
    assert "Ana Notary" in one.signer


def test_unsigned_and_broken(notary: tuple[trustme.LeafCert, Path], tmp_path: Path) -> None:
    certificate, trusted = notary
    assert found(letter(), trusted) == []
    (one,) = found(b"%PDF-1.7\n/ByteRange nothing else\n%%EOF", trusted)
    assert one.problem.startswith("it cannot be checked (")
    data = signed(letter(), certificate, tmp_path)
    at = data.index(b"/Contents <30") + len(b"/Contents <")
    (one,) = found(data[:at] + b"00" * 40 + data[at + 80 :], trusted)
    assert (one.intact, one.trusted) == (False, False)
    assert one.problem.startswith("it cannot be checked (")
