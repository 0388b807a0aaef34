"""Proofs: a receipt checked with the published heads alone, without register, archive or account."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from domain.chain import Head, Step, body_of, content_hash, link, path, reached
from domain.errors import Usage
from domain.rights import Action
from domain.wire import from_json, to_plain
from flows import heads as published
from flows.receipts import Checked, compared, inside
from infra.wiring import Services
from register import heads as chains
from register import history, receipts, views
from register.acts import Act
from register.records import read_record, write_record

_LINKED = ("register", "sequence", "number", "kind", "actor", "at", "content_hash", "previous")
_LARGEST = 16 << 20  # bytes of a file of heads or of a proof


def prove(services: Services, number: str, act: Act) -> bytes:
    """What shows, together with the last heads, that an entry's receipts stand in the audit chain.

    It holds the events with which they were given, and of all others hashes of hashes.

    Raises:
        Missing: there is no such entry, or none that the person may know of.
        Usage: no receipt was given, or none before the last heads were taken; or these do not agree with the
            chain.
    """
    entry = views.entry(number, act.rights, Action.EXPORT)
    return proof_of(services, entry.number)


def proof_of(services: Services, number: str) -> bytes:
    """The same for whoever may have it."""
    given = list(receipts.given_by(number))
    if not given:
        raise Usage(f"no receipt was given for {number}: postroom receipt issue")
    last = published.last(services.archive)
    if last is None or not (head := _head(last.heads.chains, given[0].register)):
        raise Usage(f"no heads were taken since a receipt was given for {number}: postroom heads export")
    proven = [one for one in given if one.sequence <= head.sequence]
    if not proven:
        raise Usage(
            f"the receipt of {number} was given after the heads of {last.heads.day} were taken: "
            "its proof is to be had once there are those of the next day"
        )
    hashes = list(chains.hashes(head.register, head.sequence))
    if len(hashes) != head.sequence or hashes[-1] != head.hash:
        raise Usage(
            f"the chain of {head.register} is not as its heads of {last.heads.day} say: postroom verify"
        )
    events = [
        {
            "event": history.as_record(one),
            "path": [to_plain(step) for step in path(hashes, one.sequence - 1)],
        }
        for one in proven
    ]
    return write_record(
        {"proof": {"day": last.heads.day, "head": to_plain(head), "receipts": events}}
    ).encode()


def _head(heads: Sequence[Head], register: str) -> Head | None:
    return next((one for one in heads if one.register == register), None)


def check_alone(file: Path, heads: Path, proof: Path) -> Checked:
    """Say whether a receipt is as it was given, by published heads and a proof alone.

    Raises:
        Usage: a file cannot be read, or the heads or the proof are not whole, or not of each other.
    """
    taken = published.read(str(heads), _bytes(heads)).heads
    told = _proof(_bytes(proof))
    head = from_json(Head, json.dumps(told["head"]))
    if head not in taken.chains:
        raise Usage(
            f"the proof is of the heads of {told['day']}, which these of {taken.day} are not: give those"
        )
    given = [_certified(one, head) for one in told["receipts"]]
    content = _bytes(file)
    receipt = inside(file)
    if receipt is None:
        return Checked(False, "unknown", "", "This is no receipt.", finding="unknown")
    of = [one["content"] for one in given if one["number"] == receipt.number]
    if not of:
        says = f"The proof is of {given[0]['number']}, and the receipt says that it is of {receipt.number}."
        return Checked(False, "receipt", receipt.number, says, finding="made up")
    found = compared(receipt, hashlib.sha256(content).hexdigest(), of)
    if found.genuine:
        says = f"Genuine: given for {receipt.number}, as the heads of {taken.day} ({taken.office}) prove"
        return replace(found, says=says)
    return found


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > 4 * _LARGEST:
            raise Usage(f"{file} is too large for what it should be")
        return file.read_bytes()
    except OSError as error:
        raise Usage(f"{file} cannot be read: {error.strerror}") from error


def _proof(data: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = read_record(data)["proof"]
        told["head"], told["day"], told["receipts"][0]["event"]["number"]
    except (KeyError, TypeError, IndexError) as error:
        raise Usage("this is no proof of a receipt") from error
    return told


def _certified(one: dict[str, Any], head: Head) -> dict[str, Any]:
    """The event, once it is seen that it stands in the chain.

    Raises:
        Usage: it does not; says what of it does not fit.
    """
    try:
        event: dict[str, Any] = one["event"]
        steps = [Step(str(step["hash"]), bool(step["left"])) for step in one["path"]]
        if content_hash(event["salt"], body_of(event["content"])) != event["content_hash"]:
            raise Usage("the proof was altered: what its event says is not what was certified")
        if link(*(event[name] for name in _LINKED)) != event["hash"]:
            raise Usage("the proof was altered: number, place, time or person of its event is another")
        if event["register"] != head.register or reached(event["hash"], steps) != head.root:
            raise Usage("the proof was altered: its event does not stand in the chain of these heads")
    except (KeyError, TypeError, ValueError) as error:
        raise Usage("this is no proof of a receipt") from error
    return event
