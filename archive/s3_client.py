"""One bucket: its client, made at first use, and the one place where calls are repeated."""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from archive.breaker import Breaker, Resting
from archive.s3_answers import take_only_whole_answers
from archive.s3_errors import ours
from archive.settings import ArchiveSettings, BucketSettings
from domain.errors import Unavailable, Usage

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_CONNECT_SECONDS = 5.0
_CONNECTIONS = 32  # threads that use one archive at once and need not wait for each other
_FAILURES = 12  # in a row, over all threads, until the store is left alone; at least two calls' worth
_REST_SECONDS = 5.0
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds; the true wait is anything between none and this

_Answer = TypeVar("_Answer")


class Bucket:
    """A bucket that is called with a function of its client.

    A call that ends in ``Unavailable`` is repeated with growing random pauses; a refusal never is. After
    many failures in a row the store is left alone for a few seconds, in which calls fail at once. Safe to
    use from several threads; nothing connects before the first call.
    """

    def __init__(self, settings: ArchiveSettings) -> None:
        """Raises ``Usage`` if no bucket is named."""
        if not settings.bucket:
            raise Usage("No bucket is named: set archive.bucket")
        self.settings = settings
        self.name = settings.bucket
        self.place = f"{settings.endpoint or 'Amazon S3'}, bucket {settings.bucket}"
        self._making = threading.Lock()
        self._breaker = Breaker(self.place, max(_FAILURES, 2 * settings.attempts), _REST_SECONDS)

    def __call__(self, operation: "Callable[[S3Client], _Answer]", key: str = "") -> _Answer:
        """What ``operation`` gives; it may run several times. ``key`` is what it is about, for messages.

        Raises:
            NotFound: the object is missing.
            Conflict: its key is taken.
            Unavailable: the store did not answer in the tries it has.
            Denied: it refuses us, or what the settings demand.
            Usage: it refuses this call.
        """
        attempts = Retrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_attempt(self.settings.attempts),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            reraise=True,
        )
        answer: _Answer = attempts(self.once, operation, key)
        return answer

    def once(self, operation: "Callable[[S3Client], _Answer]", key: str = "") -> _Answer:
        """As a call, without repeating."""
        self._breaker.check()
        try:
            answer = operation(self.client)
        except Exception as error:
            mine = ours(error, f"{self.place}, {key}" if key else self.place)
            if isinstance(mine, Unavailable) and mine is not error:
                self._breaker.failed()
            else:
                self._breaker.succeeded()
            if mine is error:
                raise
            raise mine from error
        self._breaker.succeeded()
        return answer

    @property
    def client(self) -> "S3Client":
        """The client; making one is the slow part and not safe in threads."""
        with self._making:
            return self._client

    @cached_property
    def _client(self) -> "S3Client":
        return connect(self.settings, self.settings.timeout_seconds)

    def link(self, key: str, seconds: int) -> str:
        """A presigned address; nothing is asked of the store."""
        try:
            return self.client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.name, "Key": key},
                ExpiresIn=seconds,
            )
        except Exception as error:
            mine = ours(error, self.place)
            if mine is error:
                raise
            raise mine from error


def connect(settings: BucketSettings, timeout_seconds: float = 60.0) -> "S3Client":
    """A client with credentials from the standard AWS chain. Connects to nothing yet."""
    session = boto3.Session(profile_name=settings.profile or None)
    client = session.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region or None,
        config=Config(
            signature_version="s3v4",
            connect_timeout=min(_CONNECT_SECONDS, timeout_seconds),
            read_timeout=timeout_seconds,
            max_pool_connections=_CONNECTIONS,
            # Repeating is ours, see Bucket: one place, and it covers bodies too.
            retries={"mode": "standard", "total_max_attempts": 1},
            # We send and check SHA-256 ourselves; other sums come as trailers that few stores take over HTTP.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # A name of an office's server seldom has one below it for each bucket.
            s3={"addressing_style": "path" if settings.endpoint else "auto"},
        ),
    )
    take_only_whole_answers(client)
    client.meta.events.register_last("before-call.s3", _without_expect)
    return client


def _without_expect(params: dict[str, Any], **_: Any) -> None:
    # botocore waits for ever when the connection ends inside of the answer "100 Continue".
    params["headers"].pop("Expect", None)


def _passes(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, Resting)
