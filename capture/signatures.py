"""Electronic signatures of PDFs: whose, when, and whether they hold. Nothing is fetched from the network."""

import warnings
from functools import cache
from pathlib import Path
from typing import Any

from domain.document import Signature

_MARK = b"/ByteRange"  # of every signature, and never inside a compressed object: ISO 32000-1, 12.8.1
_PIECE = 1 << 20


def signatures(path: Path, certificates: Path, password: str = "") -> tuple[Signature, ...]:
    """The signatures of a PDF, oldest first; none where nothing was signed.

    A certificate's revocation is looked at only as far as the PDF itself tells of it.

    Args:
        path: the PDF.
        certificates: PEM file of the authorities that are trusted.
        password: that opens the PDF, if it needs one.
    """
    if not _mentioned(path):
        return ()
    # Only signed files pay for this import.
    from pyhanko.pdf_utils.crypt import AuthStatus
    from pyhanko.pdf_utils.reader import PdfFileReader

    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader = PdfFileReader(file, strict=False)
            if reader.encrypted and reader.decrypt(password).status == AuthStatus.FAILED:
                return ()  # it is refused for its password
            found = reader.embedded_regular_signatures
        except Exception as error:  # it is made of hostile bytes, and may still be read by others
            return (_unchecked("", error),)
        return tuple(_checked(one, certificates) for one in found)


def _mentioned(path: Path) -> bool:
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            if _MARK in before + piece:
                return True
            before = piece[-len(_MARK) :]
    return False


def _checked(embedded: Any, certificates: Path) -> Signature:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    trust = ValidationContext(trust_roots=_roots(certificates), allow_fetching=False)
    # Many signers' certificates are for digital signatures in general.
    usage = KeyUsageConstraints(
        key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
    )
    try:
        status = validate_pdf_signature(embedded, trust, trust, key_usage_settings=usage)
    except Exception as error:
        return _unchecked(str(embedded.field_name), error)
    intact = bool(status.intact and status.valid)
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    changed = status.modification_level
    allowed = whole or (changed is not None and changed != ModificationLevel.OTHER and bool(status.docmdp_ok))
    altered = not status.intact or not allowed
    stamp = status.timestamp_validity
    stamped = stamp is not None and bool(stamp.valid and stamp.intact and stamp.trusted)
    at = stamp.timestamp if stamp is not None and stamped else status.signer_reported_dt
    problem = ""
    if altered:
        problem = "altered after signing"
    elif not status.valid:
        problem = "the signature is not that of its certificate"
    elif not status.trusted:
        problem = _distrust(status)
    return Signature(
        name=str(embedded.field_name),
        signer=_named(status.signing_cert.subject),
        signed_at=at.isoformat() if at else None,
        stamped=stamped,
        intact=intact,
        trusted=bool(intact and status.trusted),
        whole=whole,
        altered=altered,
        problem=problem,
    )


def _named(subject: Any) -> str:
    common = subject.native.get("common_name")
    return str(common if isinstance(common, str) else subject.human_friendly)


def _distrust(status: Any) -> str:
    cert = status.signing_cert
    if cert.self_signed in ("yes", "maybe"):
        return "self-signed: nobody vouches for the certificate"
    said = status.trust_problem_indic
    reason = f" ({said.name.lower().replace('_', ' ')})" if said is not None else ""
    return f"nobody that is trusted here vouches for the certificate{reason}"


def _unchecked(name: str, error: Exception) -> Signature:
    text = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
    return Signature(name, "", None, False, False, False, False, False, f"it cannot be checked ({text})")


@cache
def _roots(certificates: Path) -> tuple[Any, ...]:
    from pyhanko.keys import load_certs_from_pemder

    if not certificates.exists():
        return ()
    return tuple(load_certs_from_pemder([str(certificates)]))  # type: ignore[no-untyped-call]
