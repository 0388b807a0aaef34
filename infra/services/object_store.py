"""What clients of a local S3 need, whichever server it is."""

from dataclasses import dataclass, field
from pathlib import Path

from infra.services.process import HOST
from infra.services.server import Server

REGION = "us-east-1"
USER = "postroom"


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: a server's certificate chain and key, and the authority that clients must trust."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class ObjectStore(Server):
    """A running S3.

    Attributes:
        secret_key: of the account that may do everything.
        certificates: the authority's file that clients must trust, with TLS; else None.
        access_key: that account's name.
        region: as clients must name it.
    """

    secret_key: str = field(repr=False)
    certificates: Path | None = None
    access_key: str = USER
    region: str = REGION

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"{'https' if self.certificates else 'http'}://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables by which the standard AWS chain finds credentials, region and authority."""
        found = credentials(self.secret_key)
        return found | ({"AWS_CA_BUNDLE": str(self.certificates)} if self.certificates else {})


def credentials(secret_key: str) -> dict[str, str]:
    """The variables by which the standard AWS chain finds who we are, and the region."""
    return {
        "AWS_ACCESS_KEY_ID": USER,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_DEFAULT_REGION": REGION,
    }
