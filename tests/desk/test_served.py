"""The desk as it is started: a server of its own, asked over the network."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

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
            made = client.post("/entries", json={"subject": "Noise", "senders": ["Ada"]})
            assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
            number = made.json()["number"]
            assert client.get(f"/entries/{number}").json() == made.json()
            assert client.get("/search", params={"q": "noise"}).json()["total"] == 1
            assert client.get("/entries", params={"person": "\0"}).json() == {"items": [], "next": None}
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
