"""A loopback way to a server that can be spoilt while it is in use: for HTTP, and for plain TCP such as SQL.

::

    with Faulty(server.port) as way:
        client = connect(way.port)
        way.turn("cut")              # from now on, connections in use too
        way.turn("503", times=2)     # two faults, then all is well again
        way.turn("ok")

========== =========================================================================================
ok         passes everything on
slow       waits ``delay`` seconds before each piece of an answer
cut        closes both ends after half of the next piece of an answer
cut-up     closes both ends after half of the next piece of a request
corrupt    flips a bit in each piece of an answer (of HTTP in its body only)
corrupt-up flips a bit in each piece of a request (of HTTP in its body only)
down       refuses connections, and ends those in use
500 to 599 answers each HTTP request so; 429 too. ``body`` and ``media_type`` are what it says
========== =========================================================================================
"""

import random
import re
import socket
import threading
import time
from contextlib import suppress
from typing import Self

_PIECE = 1 << 16
_SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please slow down.</Message></Error>"
_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE|PATCH|OPTIONS) /")
_MODES = ("ok", "slow", "cut", "cut-up", "corrupt", "corrupt-up", "down")


class Faulty:
    """A proxy on ``port`` to ``target`` on loopback.

    ``faults`` counts what it has spoilt, ``unreached`` the connections that the target did not take.
    """

    def __init__(self, target: int, *, body: bytes = _SLOW_DOWN, media_type: str = "application/xml") -> None:
        self.target, self.body, self.media_type = target, body, media_type
        self.delay = 0.5
        self.faults = self.unreached = 0
        self._mode, self._left = "ok", 0
        self._lock = threading.RLock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._server = self._bound(0)
        self.port: int = self._server.getsockname()[1]
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> str:
        return self._mode

    def turn(self, mode: str, times: int | None = None) -> None:
        """Spoils the way from now on; ``times`` faults, or until it is turned again."""
        assert mode in _MODES or re.fullmatch("5..|429", mode), mode
        with self._lock:
            was, self._mode, self._left = self._mode, mode, -1 if times is None else times
            if mode == "down" and was != "down":
                self._hush()
            elif was == "down" and mode != "down":
                self._listen()
        if mode == "down":
            self.cut_all()

    def cut_all(self) -> None:
        """Ends the connections in use."""
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._mode != "down":
                self._hush()
            self._mode = "down"
            self._server.close()
        self.cut_all()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _bound(self, port: int) -> socket.socket:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        return server

    def _hush(self) -> None:
        """A port that is bound and not listened on refuses, and nobody else can take it."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._server = self._bound(self.port)

    def _listen(self) -> None:
        self._server.listen(128)
        self._start(self._accept, self._server)

    def _start(self, run: object, *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            try:
                upstream = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                with self._lock:
                    self.unreached += 1
                continue
            with self._lock:
                self._open |= {client, upstream}
            pair = _Pair(client, upstream)
            self._start(self._pipe, pair, client, upstream, True)
            self._start(self._pipe, pair, upstream, client, False)

    def _pipe(self, pair: "_Pair", source: socket.socket, sink: socket.socket, up: bool) -> None:
        try:
            while data := source.recv(_PIECE):
                data, go_on = self._spoilt(data, source, up)
                sink.sendall(data)
                if not go_on:
                    break
        except OSError:
            pass
        finally:
            pair.end()
            if pair.done():
                with self._lock:
                    self._open -= {source, sink}

    def _spoilt(self, data: bytes, source: socket.socket, up: bool) -> tuple[bytes, bool]:
        """What is passed on of a piece, and whether the connection lives on."""
        mode = self._mode
        if mode.isdigit() and up and _REQUEST.match(data) and self._count():
            head = f"HTTP/1.1 {mode} Spoilt\r\nContent-Type: {self.media_type}\r\nConnection: close\r\n"
            source.sendall(f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body)
            source.shutdown(socket.SHUT_WR)
            source.settimeout(5)
            while source.recv(_PIECE):  # else what is unread would reset the connection
                pass
            return b"", False
        if mode == ("cut-up" if up else "cut") and self._count():
            return data[: len(data) // 2], False
        if mode == ("corrupt-up" if up else "corrupt"):
            http = _REQUEST.match(data) or data.startswith(b"HTTP/")
            end = data.find(b"\r\n\r\n")
            start = 0 if not http else len(data) if end < 0 else end + 4
            if start < len(data) and self._count():
                at = random.randrange(start, len(data))
                return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], True
        if mode == "slow" and not up and self._count():
            time.sleep(self.delay)
        return data, True

    def _count(self) -> bool:
        with self._lock:
            if self._left == 0:
                self._mode = "ok"
                return False
            self._left -= 1
            self.faults += 1
            return True


class _Pair:
    """Two ends of one connection, closed when both directions have ended."""

    def __init__(self, *ends: socket.socket) -> None:
        self._ends, self._ended, self._lock = ends, 0, threading.Lock()

    def end(self) -> None:
        for one in self._ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ended += 1

    def done(self) -> bool:
        with self._lock:
            if self._ended < 2:
                return False
        for one in self._ends:
            one.close()
        return True
