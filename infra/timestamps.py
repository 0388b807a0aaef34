"""Time stamps of an authority (RFC 3161): asked for, and checked."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from domain.errors import Unavailable, Usage
from infra.settings import TimeSettings

if TYPE_CHECKING:
    from asn1crypto.cms import ContentInfo
    from pyhanko.sign.timestamps.api import TimeStamper

_SECONDS = 15.0  # waited for an answer
_LARGEST = 1 << 20  # bytes of a token
_REPLY = "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a token says: when, and the name in the certificate that signed it."""

    at: datetime
    authority: str


def ask(settings: TimeSettings, text: str) -> bytes:
    """A token of the authority over these signs (their SHA-256), in DER.

    Raises:
        Unavailable: it does not answer, refuses, or answers something else.
    """
    from pyhanko.sign.timestamps.common_utils import TimestampRequestError

    digest = hashlib.sha256(text.encode()).digest()
    try:
        token = asyncio.run(_stamper(settings).async_timestamp(digest, "sha256"))
        data: bytes = token.dump()
        read(data)
    except (TimestampRequestError, httpx.HTTPError, OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise Unavailable(
            f"the time-stamping authority {settings.authority} gives no stamp: {reason}"
        ) from error
    return data


def _stamper(settings: TimeSettings) -> "TimeStamper":
    from asn1crypto import tsp
    from pyhanko.sign.timestamps.api import TimeStamper

    class Asked(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            password = settings.authority_password.get_secret_value()
            user = settings.authority_user
            auth = httpx.BasicAuth(user, password) if user else httpx.USE_CLIENT_DEFAULT
            headers = {"Content-Type": "application/timestamp-query"}
            async with httpx.AsyncClient(timeout=_SECONDS) as client:
                answer = await client.post(settings.authority, content=req.dump(), headers=headers, auth=auth)
            answer.raise_for_status()
            if (
                answer.headers.get("Content-Type", "").split(";")[0] != _REPLY
                or len(answer.content) > _LARGEST
            ):
                raise ValueError(
                    f"its answer is {answer.headers.get('Content-Type', 'nothing')}, not {_REPLY}"
                )
            return tsp.TimeStampResp.load(answer.content)

    return Asked()  # type: ignore[no-untyped-call]


def read(token: bytes) -> Stamped:
    """What a token says, unchecked.

    Raises:
        ValueError: it is none.
    """
    try:
        signed = _parsed(token)["content"]
        info = signed["encap_content_info"]["content"].parsed
        at: datetime = info["gen_time"].native
        return Stamped(at, _signer(signed))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("this is no time stamp") from error


def _parsed(token: bytes) -> "ContentInfo":
    from asn1crypto import cms

    return cms.ContentInfo.load(token)


def _signer(signed: Any) -> str:
    serial = signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    for one in signed["certificates"] or ():
        if one.chosen.serial_number == serial:
            subject = one.chosen.subject
            return str(subject.native.get("common_name") or subject.human_friendly)[:255]
    return ""


def wrong(stamps: Iterable[tuple[Any, bytes, str]], authorities: str) -> Iterator[tuple[Any, str]]:
    """Those of these stamps that do not hold, each with why: name, token, the signs that it is over.

    ``authorities`` is a PEM file of certificates that are trusted; "" to see only that the stamp is over
    these signs, and signed by the certificate in it.

    Raises:
        Usage: that file cannot be used.
    """
    roots = _roots(authorities) if authorities else None
    for name, token, text in stamps:
        if reason := asyncio.run(_wrong(token, text, roots)):
            yield name, reason


def _roots(path: str) -> Sequence[Any]:
    from pyhanko.keys import load_certs_from_pemder

    try:
        found = list(load_certs_from_pemder([path]))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Usage(f"time.authority_ca is {path}, which cannot be read: {error}") from error
    if not found:
        raise Usage(f"time.authority_ca is {path}, which holds no certificate: name a PEM file")
    return found


async def _wrong(token: bytes, text: str, roots: Sequence[Any] | None) -> str:
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko.sign.validation.status import TimestampSignatureStatus
    from pyhanko_certvalidator import ValidationContext

    logging.getLogger("pyhanko").setLevel(logging.ERROR)  # what it warns of is told here

    def imprint(name: str) -> bytes:
        return hashlib.new(name, text.encode()).digest()

    try:
        at = read(token).at
        # A certificate that has run out since held when it signed.
        context = ValidationContext(trust_roots=list(roots or ()), moment=at, allow_fetching=False)
        said = await validate_tst_signed_data(_parsed(token)["content"], context, imprint)
        status = TimestampSignatureStatus(**said)
    except (SignatureValidationError, ValueError, TypeError, KeyError) as error:
        return f"the time stamp cannot be checked: {str(error).splitlines()[0][:200]}"
    if not status.intact:
        return "the time stamp is over something else"
    if not status.valid:
        return "the time stamp was altered: its signature is not right"
    if roots is not None and not status.trusted:
        return "the time stamp is signed by nobody that is trusted"
    return ""
