"""What this S3 does and what it ignores, tried once before the first put, on an object beside ours."""

import hashlib
import threading
from typing import TYPE_CHECKING

from archive.port import Conflict, NotFound
from archive.s3_client import Bucket
from archive.s3_put import Upload, send
from domain.errors import Denied, PostroomError

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

_TRIAL = b"Postroom tries here what this store can do.\n"


class Habits:
    """The answers, found at first need and then known. Its object stays: one a bucket and encryption."""

    def __init__(self, bucket: Bucket) -> None:
        """Asks nothing yet."""
        self._bucket = bucket
        settings = bucket.settings
        name = hashlib.sha256(f"{settings.encryption} {settings.kms_key}".encode()).hexdigest()
        # A leading dot: no key of ours, so it is never listed.
        self._key = f".postroom/trial-{name[:12]}"
        self._trying = threading.Lock()
        self._keeps: bool | None = None

    def tried(self) -> bool:
        """Whether the store refuses to overwrite when it is told to.

        Raises:
            Denied: the settings demand encryption, and the store does not encrypt.
        """
        with self._trying:
            if self._keeps is None:
                keeps = self._keeps_taken_keys()
                if self._bucket.settings.encryption:
                    self.confirm_encryption(
                        self._bucket(
                            lambda client: client.head_object(Bucket=self._bucket.name, Key=self._key)
                        ),
                        self._key,
                    )
                self._keeps = keeps
            return self._keeps

    def confirm_encryption(self, head: "HeadObjectOutputTypeDef", key: str) -> None:
        """Passes an object that is encrypted as the settings demand.

        Raises:
            Denied: it is not.
        """
        settings = self._bucket.settings
        found = head.get("ServerSideEncryption", "none")
        if settings.encryption and found != settings.encryption:
            raise Denied(
                f'{self._bucket.place}: archive.encryption = "{settings.encryption}", but what is put there '
                f"({key}) has encryption {found}. Use an S3 that encrypts, give this one its keys, or unset "
                "archive.encryption"
            )
        if settings.kms_key and not head.get("SSEKMSKeyId", "").endswith(settings.kms_key):
            raise Denied(
                f'{self._bucket.place}: archive.kms_key = "{settings.kms_key}", but {key} was encrypted with '
                f"another key ({head.get('SSEKMSKeyId', 'unknown')}). Correct archive.kms_key"
            )

    def gives_objects(self) -> bool:
        """Whether the store answers now, with the bytes that were put."""
        try:
            return self._bucket.once(
                lambda client: (
                    client.get_object(Bucket=self._bucket.name, Key=self._key)["Body"].read() == _TRIAL
                )
            )
        except NotFound:  # nothing was ever put; still an answer
            return True
        except PostroomError:
            return False

    def _keeps_taken_keys(self) -> bool:
        trial = Upload(self._key, _TRIAL, hashlib.sha256(_TRIAL).hexdigest(), len(_TRIAL), "text/plain")
        try:
            send(self._bucket, trial)
            send(self._bucket, trial)
        except Conflict:
            return True
        return False
