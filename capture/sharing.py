"""Fonts and pictures that the pages of a document have in common, once in its file.

Each page is archived by itself and brings all that it shows; of a born-digital document that would be its
fonts and its letterhead once a page.
"""

import hashlib
from typing import Any

import pikepdf


def share_streams(pdf: pikepdf.Pdf) -> None:
    """Let all that refers to one of several equal streams refer to the first of them.

    The others are left out when the file is saved. Streams that refer to further objects count as
    different.
    """
    first: dict[bytes, pikepdf.Stream] = {}
    twins: dict[tuple[int, int], pikepdf.Stream] = {}
    for one in pdf.objects:
        if isinstance(one, pikepdf.Stream) and not any(map(_refers, one.values())):
            said = pikepdf.Dictionary(dict(one.items())).unparse()
            same = first.setdefault(hashlib.sha256(said + one.read_raw_bytes()).digest(), one)
            if same.objgen != one.objgen:
                twins[one.objgen] = same
    if twins:
        for one in pdf.objects:
            _relink(one, twins)


def _refers(value: Any) -> bool:
    """Whether a value is, or holds, a reference to another object."""
    if isinstance(value, pikepdf.Dictionary | pikepdf.Array | pikepdf.Stream):
        inner = value.values() if isinstance(value, pikepdf.Dictionary) else value
        return value.is_indirect or any(map(_refers, inner))
    return False


def _relink(holder: Any, twins: dict[tuple[int, int], pikepdf.Stream]) -> None:
    if isinstance(holder, pikepdf.Array):
        inner: Any = enumerate(list(holder))
    elif isinstance(holder, pikepdf.Dictionary | pikepdf.Stream):
        inner = list(holder.items())
    else:
        return
    for place, value in inner:
        if isinstance(value, pikepdf.Stream):
            if value.objgen in twins:
                holder[place] = twins[value.objgen]
        elif isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect:
            _relink(value, twins)
