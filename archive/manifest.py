"""The manifest: what a document's objects are, where they come from, what made them.

With the register's records it is all that a rebuild needs, so it is versioned JSON that a person can read.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import ValidationError

from domain import wire
from domain.document import Role
from domain.errors import Usage

VERSION = 1


@dataclass(frozen=True, slots=True)
class Rendition:
    """What is read in an original's place, such as the PDF of an office file; ``size`` in bytes."""

    key: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was received; ``size`` in bytes, ``name`` as it was dropped, ``pages`` in the file.

    ``inside`` is the key of the file in which it was found, with its path there at the end of ``name``;
    ``rendition`` what its pages are numbered by, where it has none of its own that can be read.
    """

    key: str
    sha256: str
    size: int
    media_type: str
    name: str
    pages: int
    inside: str | None = None
    rendition: Rendition | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """An object made from the originals; ``role`` says what for, ``size`` in bytes."""

    role: Role
    key: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive pages ``first`` to ``last`` (from 1, both inclusive) of the original under ``source``.

    ``rotations`` holds, for each of these pages, the degrees it was turned clockwise to stand upright.
    """

    source: str
    first: int
    last: int
    rotations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Provenance and hashes of one document.

    Attributes:
        document: the document's id.
        number: register number; None while it has none.
        received_at: time of receipt; kept in UTC.
        station: the station that dropped it.
        batch: the batch (claim) it came with.
        originals: the files it was cut from.
        objects: what was made of it.
        pdfa: whether an object of role ``pdfa`` conforms; ``pdfa_reason`` says why not.
        lineage: its pages, in order.
        tools: name and version of what made the objects.
        encryption: a place for key envelopes; None: the objects are as hashed here.
        created: equals ``received_at``, so that the same work gives the same bytes.
        version: of this format.
    """

    document: str
    number: str | None
    received_at: datetime
    station: str
    batch: str
    originals: tuple[Original, ...]
    objects: tuple[Content, ...]
    pdfa: bool
    pdfa_reason: str
    lineage: tuple[Run, ...]
    tools: dict[str, str]
    encryption: None = None
    created: datetime | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is None:
            raise ValueError("received_at of a manifest needs a time zone")
        received_at = self.received_at.astimezone(UTC)
        object.__setattr__(self, "received_at", received_at)
        object.__setattr__(self, "created", received_at)


def to_json(manifest: Manifest) -> bytes:
    """The manifest as UTF-8 JSON, indented; equal manifests give equal bytes."""
    return wire.to_json(replace(manifest, tools=dict(sorted(manifest.tools.items()))), indent=2) + b"\n"


def from_json(data: bytes) -> Manifest:
    """The manifest that ``to_json`` wrote.

    Raises:
        Usage: not a manifest, or one of a later version than this program knows.
    """
    try:
        manifest = wire.from_json(Manifest, data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Usage(f"Not a manifest of ours ({place}: {first['msg']}): restore it from a backup") from error
    if manifest.version != VERSION:
        raise Usage(f"Manifest version {manifest.version}: this program knows {VERSION}; install a newer one")
    return manifest
