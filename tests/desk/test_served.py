"""The desk as it is started: a server of its own, asked over the network."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from desk.asgi import Receive, bounded
from infra.services.process import free_port
from infra.wiring import Services
from tests.desk.conftest import Program


def test_the_desk_answers_over_the_network(register: Path, services: Services) -> None:
    token = Program("ann").token
    services.index.close()
    port = free_port()
    command = [
        sys.executable,
        "-c",
        "from postroom.main import main; main()",
        "--home",
        str(register),
        "desk",
    ]
    server = subprocess.Popen(
        [*command, "--port", str(port)], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
            wait_for(client, server)
            assert client.get("/entries").status_code == 401
            client.headers["Authorization"] = f"Bearer {token}"
            # Of no proxy is anything believed, though it asks from this machine.
            claimed = {"X-Forwarded-For": "192.0.2.7"}
            made = client.post("/entries", json={"subject": "Noise", "senders": ["Ada"]}, headers=claimed)
            assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
            number = made.json()["number"]
            assert client.get(f"/entries/{number}").json() == made.json()
            assert made.json()["history"][0]["content"]["source"] == "127.0.0.1"
            assert client.get("/search", params={"q": "noise"}).json()["total"] == 1
            assert client.get("/entries", params={"about": "\0"}).json() == {"items": [], "next": None}
            assert client.get("/entries", params={"person": "\0"}).status_code == 404
            page = f"http://127.0.0.1:{port}/check"
            assert "Check a receipt" in httpx.get(page, trust_env=False).text
            large = httpx.post(page, files={"file": b"x" * (21 << 20)}, trust_env=False)
            assert large.status_code == 413
    finally:
        server.terminate()
        assert server.wait(30) in (0, -15)


def wait_for(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None
        assert time.monotonic() < deadline
        try:
            client.get("/openapi.json").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return


def test_no_more_is_taken_from_anybody_than_is_checked() -> None:
    """Neither of a body that says how large it is, nor of one that does not."""
    taken: list[Any] = []

    async def inner(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        while True:
            message = await receive()
            taken.append(message.get("body", message["type"]))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return

    def ask(path: str, length: bytes, *parts: bytes) -> list[Any]:
        left = list(parts)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        headers = [(b"content-length", length)] if length else []
        scope = {"type": "http", "path": path, "headers": headers}
        taken.clear()
        sent.clear()
        asyncio.run(bounded(inner, 10)(scope, receive, send))
        return list(taken)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    assert ask("/check", b"10", b"12345", b"12345") == [b"12345", b"12345"]
    assert ask("/check", b"11", b"12345", b"123456") == [b""]
    assert ask("/check", b"", b"12345", b"12345", b"1", b"2") == [b"12345", b"12345", "http.disconnect"]
    assert ask("/api/v1/entries", b"10", b"1234567890") == [b"1234567890"]
    assert ask("/api/v1/entries", b"", b"12345", b"123456") == [b"12345", "http.disconnect"]
    assert sent == []
    assert ask("/api/v1/entries", b"11", b"12345678901") == []
    assert (sent[0]["status"], (b"content-type", b"application/problem+json") in sent[0]["headers"]) == (
        413,
        True,
    )
