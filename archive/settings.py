"""Settings of the archive: a folder in the home, or a bucket where one is named."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class BucketSettings(BaseModel):
    """One S3 bucket. Credentials come from the standard AWS chain, never from here.

    Attributes:
        bucket: its name; "" for none.
        endpoint: the address of an S3 other than Amazon's, such as ``https://s3.office.example``.
        region: as the endpoint knows it; "" for the AWS chain's.
        profile: the profile of the AWS chain to use; "" for the one it picks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str = ""
    endpoint: str = ""
    region: str = ""
    profile: str = ""

    @field_validator("endpoint")
    @classmethod
    def _bare_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if endpoint and (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or "@" in parts.netloc
            or parts.path.strip("/")
            or parts.query
        ):
            raise ValueError("use http(s)://host or http(s)://host:port, without user, path or query")
        return endpoint.rstrip("/")


class MirrorSettings(BucketSettings):
    """The second bucket.

    Attributes:
        encryption: server-side encryption that every copy must have; "same" as the archive asks for, "" for
            none asked.
        kms_key: the key's id, with ``aws:kms``; "" for the archive's where the encryption is the same, else
            for the bucket's own.
    """

    encryption: Literal["same", "", "AES256", "aws:kms"] = "same"
    kms_key: str = ""


class ArchiveSettings(BucketSettings):
    """The archive's bucket, what is asked of it, and the second bucket that mends it.

    Attributes:
        encryption: server-side encryption that every object must have; "" for none asked.
        kms_key: the key's id, with ``aws:kms``; "" for the bucket's own.
        retention_days: objects of a filed entry are locked that long; 0 for no lock.
        retention_mode: GOVERNANCE can be lifted by who has that right, COMPLIANCE by nobody.
        mirror: a second bucket with the same objects, for mending.
        multipart_mb: larger objects are sent in parts of at most 16 MB.
        read_back: fetch each object once more after it was put, rather than ask for its checksum.
        timeout_seconds: how long to wait for an answer, or for the next bytes of one.
        attempts: tries of a request before the store counts as unavailable.
    """

    encryption: Literal["", "AES256", "aws:kms"] = ""
    kms_key: str = ""
    retention_days: int = Field(default=0, ge=0, le=36500)
    retention_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    mirror: MirrorSettings = MirrorSettings()
    multipart_mb: int = Field(default=64, ge=5, le=5000)
    read_back: bool = False
    timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    attempts: int = Field(default=5, ge=1, le=20)

    @model_validator(mode="after")
    def _key_has_its_use(self) -> Self:
        if self.kms_key and self.encryption != "aws:kms":
            raise ValueError('kms_key needs encryption = "aws:kms"')
        if self.mirror.kms_key and self._of_copies() != "aws:kms":
            raise ValueError('mirror.kms_key needs encryption = "aws:kms", of the mirror or of the archive')
        return self

    def of_mirror(self) -> "ArchiveSettings | None":
        """The second bucket as an archive with these time limits; None where none is named."""
        if not self.mirror.bucket:
            return None
        place = self.mirror.model_dump(exclude={"encryption", "kms_key"})
        shared = {"multipart_mb", "read_back", "timeout_seconds", "attempts"}
        same = self.mirror.encryption == "same"
        return ArchiveSettings(
            **place,
            **self.model_dump(include=shared),
            encryption=self._of_copies(),
            kms_key=self.mirror.kms_key or (self.kms_key if same else ""),
        )

    def _of_copies(self) -> Literal["", "AES256", "aws:kms"]:
        return self.encryption if self.mirror.encryption == "same" else self.mirror.encryption
