"""Many documents in few requests: bounded in bytes, patient with a busy server, exact about refusals."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from domain.errors import Unavailable
from index.elastic_client import Busy, Failed, Server, Slow, forbidden, read_only
from index.elastic_documents import Action
from index.elastic_indexes import several

MOST_BYTES = 90_000_000  # of one document; Elasticsearch takes requests of 100 MB
_PAUSE, _LONGEST_PAUSE = 0.25, 10.0  # seconds
_SLOW = 3  # requests without an answer that patience does not count
_ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
_random = SystemRandom()
_wait, _now = time.sleep, time.monotonic


@dataclass(frozen=True, slots=True)
class _Line:
    action: Action
    data: bytes


class _Pace:
    """How much goes into one request, and how long what is turned away is offered again."""

    def __init__(self, patience: float, most: int) -> None:
        self.limit = self.most = most
        self.patience = patience
        self.given_up = 0  # entries since one was taken
        self.pause, self.slow = _PAUSE, 0
        self.deadline: float | None = None  # from the first refusal on

    def taken(self, *, all_of_it: bool) -> None:
        """Something was taken: the server works."""
        self.given_up = 0
        self._begin()
        if all_of_it:
            self.limit = min(self.most, self.limit * 2)

    def turned_away(self, size: int, seconds: float) -> bool:
        """Wait before so many bytes are offered again in smaller pieces; False when patience is over.

        ``seconds`` that the server took to say nothing do not count, a few times.
        """
        self.limit = max(1, min(self.limit, size) // 2)
        now = _now()
        if self.deadline is None:
            self.deadline = now + self.patience / 2**self.given_up
        elif seconds and self.slow < _SLOW:
            self.deadline += seconds
        self.slow += bool(seconds)
        if now + self.pause > self.deadline:
            return False
        _wait(_random.uniform(0.5, 1.0) * self.pause)
        self.pause = min(_LONGEST_PAUSE, self.pause * 2)
        return True

    def alone(self) -> None:
        """Each goes in a request of its own, until one is taken."""
        self.limit = 1
        self._begin()

    def give_up(self) -> None:
        """On one entry, and sooner on the next."""
        self.given_up += 1
        self._begin()

    def _begin(self) -> None:
        self.pause, self.slow, self.deadline = _PAUSE, 0, None


def send(server: Server, alias: str, actions: Iterable[Action]) -> dict[str, str]:
    """Have all actions done, each at its version: an older one never wins.

    Returns:
        Number of each entry that is not held, with the reason: it can never be, or alone in its request it
        was turned away for ``patience_seconds`` by a server that took something else.

    Raises:
        Unavailable: no answer, no place to write, no right to, or everything turned away for
            ``patience_seconds`` on end. What was done stays done; all of it may be sent again.
    """
    rejected: dict[str, str] = {}
    most = int(server.settings.bulk_mb * 1_000_000)
    pace = _Pace(server.settings.patience_seconds, most)
    for chunk in _chunks(actions, most, rejected):
        waiting = chunk
        while waiting := [line for line in waiting if line.action.number not in rejected]:
            now, later = _split(waiting, pace.limit)
            began = _now()
            again, error = _offer(server, alias, now, rejected)
            if len(again) < len(now):
                pace.taken(all_of_it=not again)
            waiting = again + later
            slow = _now() - began if isinstance(error, Slow) else 0.0
            if not again or pace.turned_away(sum(len(line.data) for line in now), slow):
                continue
            if not _takes(server, alias):
                raise Unavailable(
                    f"Elasticsearch at {server.settings.url} turns entries away: {error}. "
                    "It has too much to do or too little memory; the work goes on by itself"
                )
            if len(now) > 1:
                pace.alone()
            else:
                rejected[now[0].action.number] = f"Elasticsearch takes others, and not this one: {error}"
                pace.give_up()
    return rejected


def _offer(
    server: Server, alias: str, now: list[_Line], rejected: dict[str, str]
) -> tuple[list[_Line], Failed | None]:
    """Send the lines; those to send again, and why."""
    try:
        return _ask(server, alias, now, rejected)
    except Failed as error:
        if error.status == 413 and len(now) == 1:
            rejected[now[0].action.number] = "it is larger than Elasticsearch takes"
            return [], None
        if error.status != 413 and not isinstance(error, Busy):
            raise
        return now, error


def _takes(server: Server, alias: str) -> bool:
    """Whether the index takes a change that changes nothing: what is not there goes away."""
    probe = _Line(Action("", "probe", 1, None), _data(Action("", "probe", 1, None)))
    try:
        return not _ask(server, alias, [probe], {})[0]
    except Busy:
        return False


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


def _ask(
    server: Server, alias: str, lines: list[_Line], rejected: dict[str, str]
) -> tuple[list[_Line], Failed | None]:
    name = f"Elasticsearch at {server.settings.url}"
    answer = server.call(
        "POST",
        f"/{alias}/_bulk",
        b"".join(line.data for line in lines),
        retry_busy=False,
        require_alias="true",  # never makes an index of its own accord
        filter_path=_ANSWER,
    )
    if not answer.get("errors"):
        return [], None
    again: list[_Line] = []
    why: Failed | None = None
    for line, item in zip(lines, answer["items"], strict=True):
        (result,) = item.values()
        error, status = result.get("error"), result["status"]
        if error is None or status == 409:  # a newer change is held already
            continue
        kind, reason = error["type"], _reason(error)
        if wrong := read_only(name, kind, reason) or forbidden(name, status, kind):
            raise wrong
        if kind == "index_not_found_exception":
            raise Unavailable(f"The index {alias} is gone. Make it anew: postroom index migrate")
        if "no write index" in reason:
            raise several(alias, ["several indexes"])
        if status == 429 or status >= 500:
            again.append(line)
            why = Failed(status, kind, reason[:200])
        else:
            rejected[line.action.number] = f"{kind}: {reason[:500]}"
    return again, why


def _reason(error: dict[str, Any]) -> str:
    said = str(error.get("reason", "")).partition(" Preview of field")[0]  # what follows is the letter's
    cause = error.get("caused_by", {}).get("reason")
    return " ".join(f"{said}{': ' + cause if cause else ''}".split())
