"""The arithmetic of the audit chain: links, their daily heads, and proofs that need nobody's register."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = "0" * 64
"""What stands in place of the hash before the first."""

_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make one each time
_LEAF, _NODE = b"\x00", b"\x01"


def moment(at: datetime) -> str:
    """A time as chains hold it: UTC, six digits of seconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def content_hash(salt: str, body: str) -> str:
    """The hash of an event's content, which can be erased without breaking the chain."""
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def body_of(content: Any) -> str:
    """An event's content as it is hashed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def link(
    register: str, sequence: int, number: str, kind: str, actor: str, at: str, content: str, previous: str
) -> str:
    """The hash of an event; ``at`` as ``moment`` tells it, ``content`` its content's hash."""
    parts = [register, sequence, number, kind, actor, at, content, previous]
    return hashlib.sha256(_encode(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a register's chain at some moment.

    Attributes:
        register: whose; "office" for the decisions of the office, "parties" for what became of parties.
        sequence: of the event: so many there were.
        hash: of the event.
        root: of the hash tree over the hashes of all events from the first.
    """

    register: str
    sequence: int
    hash: str
    root: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step from a leaf towards the root: the hash beside it, on its left or not."""

    hash: str
    left: bool


@dataclass(frozen=True, slots=True)
class Before:
    """The heads of the day before: which day's, and the SHA-256 that stands in them."""

    day: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of all chains of an installation, as they are published each day.

    Attributes:
        day: of the office, such as 2026-03-31.
        at: when they were taken, ISO 8601 in UTC.
        office: whose they are.
        chains: one for each register.
        previous: those of the last day that had any; None for the first.
    """

    day: str
    at: str
    office: str
    chains: tuple[Head, ...]
    previous: Before | None = None


def root(hashes: Iterable[str]) -> str:
    """The root of the hash tree over these (RFC 9162, 2.1.1); keeps as many as there are levels."""
    peaks: list[tuple[int, bytes]] = []  # size and hash of whole trees, from left to right
    for one in hashes:
        size, node = 1, _leaf(one)
        while peaks and peaks[-1][0] == size:
            left = peaks.pop()
            size, node = 2 * size, _node(left[1], node)
        peaks.append((size, node))
    if not peaks:
        return hashlib.sha256().hexdigest()
    whole = peaks.pop()[1]
    while peaks:
        whole = _node(peaks.pop()[1], whole)
    return whole.hex()


def path(hashes: Sequence[str], place: int) -> tuple[Step, ...]:
    """The steps from the ``place``-th of these, from 0, to their root."""
    steps: list[Step] = []
    level, at = [_leaf(one) for one in hashes], place
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            steps.append(Step(level[beside].hex(), beside < at))
        pairs = [_node(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
        at //= 2
    return tuple(steps)


def reached(leaf: str, steps: Iterable[Step]) -> str:
    """The root to which these steps lead from an event's hash.

    Raises:
        ValueError: a step is no hash.
    """
    node = _leaf(leaf)
    for one in steps:
        beside = bytes.fromhex(one.hash)
        node = _node(beside, node) if one.left else _node(node, beside)
    return node.hex()


def _leaf(text: str) -> bytes:
    return hashlib.sha256(_LEAF + text.encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
