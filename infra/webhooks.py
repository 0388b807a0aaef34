"""Webhooks go out: signed as Standard Webhooks are, so that receivers can check them with a library.

What is signed is ``id.timestamp.body``. The id stays the same when a notice is sent again, the timestamp is
that of the sending: who refuses old timestamps and keeps the ids of the last minutes takes nothing twice.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from domain.errors import Deferred, Refused, Unavailable

_TIMEOUT = 10.0  # seconds to wait for an answer
_GONE = 410
_BUSY = (429, 503)
_PREFIX = "whsec_"
_READ = 300  # signs of an answer that are told


def open_client() -> httpx.Client:
    """A client that follows no redirection: an office decides where its webhooks go, no receiver."""
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=False, headers={"User-Agent": "Postroom"})


def send(
    client: httpx.Client, url: str, secret: str, key: str, payload: Mapping[str, Any], at: datetime
) -> None:
    """Hand a notice to a receiver.

    Raises:
        Refused: it will never take it.
        Deferred: it did not take this one now.
        Unavailable: it takes none now, or does not answer.
    """
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True).encode()
    try:
        with client.stream("POST", url, content=body, headers=headers(secret, key, body, at)) as answer:
            status = answer.status_code
            said = "" if answer.is_success else _first(answer)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    if status // 100 == 2:
        return
    text = f"{status} {said}".strip()
    if status == _GONE:
        raise Refused(text, "Take the webhook away: postroom webhook remove NAME")
    raise Unavailable(text) if status in _BUSY else Deferred(text)


def _first(answer: httpx.Response) -> str:
    """The first words of an answer, however long it is."""
    for chunk in answer.iter_bytes(_READ):
        return " ".join(chunk[:_READ].decode("utf-8", "replace").split())
    return ""


def headers(secret: str, key: str, body: bytes, at: datetime) -> dict[str, str]:
    """Id, timestamp and signature of a body."""
    seconds = str(int(at.timestamp()))
    signed = hmac.new(_bytes(secret), b".".join((key.encode(), seconds.encode(), body)), hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "Webhook-Id": key,
        "Webhook-Timestamp": seconds,
        "Webhook-Signature": f"v1,{base64.b64encode(signed.digest()).decode()}",
    }


def _bytes(secret: str) -> bytes:
    """As Standard Webhooks write them, ``whsec_`` and base64, or any text as it is."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
