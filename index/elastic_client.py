"""The connection to Elasticsearch: made at the first call, with bounded patience, and errors of ours."""

import ssl
from collections.abc import Mapping
from typing import Any

from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, TransportError
from elasticsearch import ConnectionError as NoConnection
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from domain.errors import Unavailable, Usage
from index.settings import IndexSettings

_ATTEMPTS = 3
_JSON = "application/vnd.elasticsearch+json; compatible-with=8"
_LINES = "application/vnd.elasticsearch+x-ndjson; compatible-with=8"
_BUSY = (429, 502, 503, 504)


class Failed(Exception):
    """Elasticsearch said no. What a caller does not expect is a fault of ours.

    Attributes:
        status: of HTTP.
        kind: the type of the error, such as ``index_not_found_exception``.
    """

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{kind} ({status}): {reason[:500]}")
        self.status, self.kind = status, kind


class Busy(Failed):
    """Too much to do at this moment; the same request may well pass later."""


class Slow(Busy):
    """No answer within the time; the request may have been done, in part too."""


class Server:
    """One Elasticsearch. Threads may share it."""

    def __init__(self, settings: IndexSettings) -> None:
        """Touches nothing."""
        self.settings = settings
        self._client: Elasticsearch | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        retry_busy: bool = True,
        **params: object,
    ) -> Any:
        """The answer's body, read from JSON.

        Args:
            method: of HTTP.
            path: with its values quoted.
            body: JSON, or lines of JSON as bytes.
            retry_busy: ask again when the server is overloaded or slow; otherwise ``Busy`` comes at once.
            params: of the query string.

        Raises:
            Unavailable: no answer, no access, or overloaded for all attempts.
            Failed: anything else that is not a success.
        """
        again = (NoConnection, ConnectionTimeout, Busy) if retry_busy else (NoConnection,)
        attempts = Retrying(
            retry=retry_if_exception_type(again),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(0.2, max=2),
        )
        try:
            return attempts(self._ask, method, path, body, params)
        except RetryError as error:
            raise self._silent(error.last_attempt.exception()) from None
        except ConnectionTimeout:
            seconds = self.settings.timeout_seconds
            raise Slow(0, "timeout", f"no answer within {seconds:g} s") from None
        except TransportError as error:
            raise self._silent(error) from None

    def close(self) -> None:
        """Lets go of the connections; the next call makes new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None, params: dict[str, object]
    ) -> Any:
        headers = {"accept": _JSON}
        if body is not None:
            headers["content-type"] = _LINES if isinstance(body, bytes) else _JSON
        try:
            return (
                self._connected()
                .perform_request(method, path, params=params, headers=headers, body=body)
                .body
            )
        except ApiError as error:
            raise self._ours(error) from None

    def _ours(self, error: ApiError) -> Exception:
        kind, reason = _said(error.body)
        if error.status_code in _BUSY:
            return Busy(error.status_code, kind, reason)
        if denied := forbidden(self._name(), error.status_code, kind):
            return denied
        if blocked := read_only(self._name(), kind, reason):
            return blocked
        return Failed(error.status_code, kind, reason)

    def _silent(self, error: BaseException | None) -> Unavailable:
        if isinstance(error, Busy):
            return Unavailable(f"{self._name()} is overloaded: {error}. The work goes on by itself")
        # Its text may repeat the request: only its kind and its cause.
        causes = getattr(error, "errors", ()) or (error,)
        cause = str(getattr(causes[-1], "message", "") or type(error).__name__)
        return Unavailable(
            f"{self._name()} does not answer: {' '.join(cause.split())[:200]}. "
            "Start it, or correct [index] url and certificates"
        )

    def _name(self) -> str:
        return f"Elasticsearch at {self.settings.url}"

    def _connected(self) -> Elasticsearch:
        if self._client is None:
            settings = self.settings
            options: dict[str, Any] = {}
            if settings.url.startswith("https:"):
                options["ssl_context"] = _trust(settings.certificates)
            if settings.api_key.get_secret_value():
                options["api_key"] = settings.api_key.get_secret_value()
            elif settings.user:
                options["basic_auth"] = (settings.user, settings.password.get_secret_value())
            self._client = Elasticsearch(
                _with_port(settings.url),
                request_timeout=settings.timeout_seconds,
                max_retries=0,  # ours have pauses
                http_compress=True,
                **options,
            )
        return self._client


def failed(error: Mapping[str, Any], status: int) -> Failed:
    """The error that stands in an answer about several things, for one of them."""
    kind, reason = _said({"error": error})
    return Failed(status, kind, reason)


def forbidden(name: str, status: int, kind: str) -> Unavailable | None:
    """What it means that we may not, if this error says so."""
    if status != 401 and kind != "security_exception":
        return None
    return Unavailable(
        f"{name} refuses our credentials ({status}). Correct user, password or api_key of [index], "
        "or give them the rights of docs/index.md"
    )


def read_only(name: str, kind: str, reason: str) -> Unavailable | None:
    """What a write block means, if this error is one."""
    if kind != "cluster_block_exception":
        return None
    if "disk usage" in reason or "read-only-allow-delete" in reason:
        return Unavailable(
            f"{name} takes no writes: its disk is full. Free space there; "
            "it then lifts the block, and the work goes on by itself"
        )
    return Unavailable(
        f"{name} takes no writes: {' '.join(reason.split())[:300]}. Lift the block; "
        "the work goes on by itself"
    )


def _said(body: Any) -> tuple[str, str]:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "error", str(error or body)
    cause = (error.get("root_cause") or [error])[0]
    kind = str(cause.get("type") or error.get("type"))
    return kind, str(cause.get("reason") or error.get("reason"))


def _trust(certificates: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if certificates:
        try:
            context.load_verify_locations(certificates)
        except OSError as error:
            raise Usage(
                f"setting index.certificates = {certificates!r}: {error.strerror or error}. "
                "Name a PEM file of authorities"
            ) from error
    return context


def _with_port(url: str) -> str:
    """The client asks for the port to be said."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if ":" not in host.rpartition("]")[2]:
        host += ":443" if scheme == "https" else ":80"
    return f"{scheme}://{host}{slash}{path}".rstrip("/")
