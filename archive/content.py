"""What callers hand to an archive: bytes, or a file's path."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from domain.errors import Unavailable

PIECE = 1 << 20


def pieces(content: Path | bytes, size: int = PIECE) -> Iterator[bytes]:
    """The content in pieces of ``size`` bytes; the last may be shorter.

    Raises:
        Unavailable: the disk does not give it.
    """
    with source(content) as stream:
        while True:
            try:
                piece = stream.read(size)
            except OSError as error:
                raise Unavailable(f"{content!s}: {error.strerror}. Check the disk it lies on") from error
            if not piece:
                return
            yield piece


def measure(content: Path | bytes) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes.

    Raises:
        FileNotFoundError: ``content`` is a path to nothing, or to no file.
    """
    check_file(content)
    digest, size = hashlib.sha256(), 0
    for piece in pieces(content):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def check_file(content: Path | bytes) -> None:
    """Passes bytes, and the path of a file.

    Raises:
        FileNotFoundError: it is a path to nothing, or to no file.
    """
    if isinstance(content, Path) and not content.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(content))


@contextmanager
def source(content: Path | bytes) -> Iterator[BinaryIO]:
    """The content as a binary stream."""
    if isinstance(content, bytes):
        yield BytesIO(content)
        return
    with content.open("rb") as stream:
        yield stream
