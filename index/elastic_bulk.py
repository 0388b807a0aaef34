"""Many documents in few requests: bounded in bytes, patient with a busy server, exact about refusals."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from domain.errors import Unavailable
from index.elastic_client import Busy, Failed, Server, read_only
from index.elastic_documents import Action

MOST_BYTES = 90_000_000  # of one document; Elasticsearch takes requests of 100 MB
_LONGEST_PAUSE = 10.0  # seconds
_ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class _Line:
    action: Action
    data: bytes


def send(server: Server, alias: str, actions: Iterable[Action]) -> dict[str, str]:
    """Have all actions done, each at its version: an older one never wins.

    Returns:
        Number of each entry that can never be held, with the reason.

    Raises:
        Unavailable: no answer, no place to write, or turned away for ``patience_seconds`` on end. What was
            done stays done; all of it may be sent again.
    """
    rejected: dict[str, str] = {}
    limit = most = int(server.settings.bulk_mb * 1_000_000)
    for chunk in _chunks(actions, most, rejected):
        waiting, pause, deadline = chunk, 0.25, time.monotonic() + server.settings.patience_seconds
        while waiting:
            now, later = _split(waiting, limit)
            try:
                again, why = _ask(server, alias, now, rejected)
            except Busy as error:
                again, why = now, str(error)
            except Failed as error:
                if error.status != 413:
                    raise
                if len(now) == 1:
                    rejected[now[0].action.number] = "it is larger than Elasticsearch takes"
                    again, why = [], ""
                else:
                    again, why = now, str(error)
            waiting = again + later
            if not again:
                limit = min(most, limit * 2)
                continue
            if len(again) < len(now):
                deadline = time.monotonic() + server.settings.patience_seconds
            if time.monotonic() + pause > deadline:
                raise Unavailable(
                    f"Elasticsearch at {server.settings.url} turns entries away: {why}. "
                    "It has too much to do or too little memory; the work goes on by itself"
                )
            limit = max(1, min(limit, sum(len(line.data) for line in now)) // 2)
            time.sleep(_random.uniform(0.5, 1.0) * pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
    return rejected


def _chunks(actions: Iterable[Action], most: int, rejected: dict[str, str]) -> Iterator[list[_Line]]:
    chunk: list[_Line] = []
    size = 0
    for action in actions:
        data = _data(action)
        if len(data) > MOST_BYTES:
            rejected[action.number] = f"its text takes {len(data) // 1_000_000} MB in one document"
            continue
        if chunk and size + len(data) > most:
            yield chunk
            chunk, size = [], 0
        chunk.append(_Line(action, data))
        size += len(data)
    if chunk:
        yield chunk


def _split(lines: list[_Line], limit: int) -> tuple[list[_Line], list[_Line]]:
    """The first lines that fit within the limit, at least one, and the rest."""
    size = 0
    for at, line in enumerate(lines):
        size += len(line.data)
        if at and size > limit:
            return lines[:at], lines[at:]
    return lines, []


def _data(action: Action) -> bytes:
    verb = "delete" if action.source is None else "index"
    head = {verb: {"_id": action.id, "version": action.version, "version_type": "external_gte"}}
    lines = [head] if action.source is None else [head, action.source]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def _ask(server: Server, alias: str, lines: list[_Line], rejected: dict[str, str]) -> tuple[list[_Line], str]:
    """Send the lines; those to send again, and why."""
    answer = server.call(
        "POST",
        f"/{alias}/_bulk",
        b"".join(line.data for line in lines),
        retry_busy=False,
        require_alias="true",  # never makes an index of its own accord
        filter_path=_ANSWER,
    )
    if not answer.get("errors"):
        return [], ""
    again, why = [], ""
    for line, item in zip(lines, answer["items"], strict=True):
        (result,) = item.values()
        error = result.get("error")
        if error is None or result["status"] == 409:  # a newer change is held already
            continue
        kind, reason = error["type"], _reason(error)
        if blocked := read_only(f"Elasticsearch at {server.settings.url}", kind, reason):
            raise blocked
        if kind == "index_not_found_exception":
            raise Unavailable(f"The index {alias} is gone. Make it anew: postroom index migrate")
        if result["status"] == 429 or result["status"] >= 500:
            again.append(line)
            why = f"{kind}: {reason[:200]}"
        else:
            rejected[line.action.number] = f"{kind}: {reason[:500]}"
    return again, why


def _reason(error: dict[str, Any]) -> str:
    said = str(error.get("reason", "")).partition(" Preview of field")[0]  # what follows is the letter's
    cause = error.get("caused_by", {}).get("reason")
    return " ".join(f"{said}{': ' + cause if cause else ''}".split())
