"""A time-stamping authority (RFC 3161) and a time server (NTP) on loopback, each as real as can be."""

import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ntplib

_CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ tsa_cert ]
extendedKeyUsage = critical,timeStamping
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
[ ca_cert ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[ tsa ]
default_tsa = tsa_default
[ tsa_default ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def certificates(folder: Path, name: str) -> Path:
    """A throw-away CA and its time-stamping certificate in a folder; gives the CA's file."""
    folder.mkdir()
    (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    config = ["-config", "openssl.cnf"]
    for line in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days",
         "3650", "-subj", f"/CN={name} CA", "-extensions", "ca_cert", *config],
        ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj",
         f"/CN={name}", *config],
        ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
         "3650", "-out", "tsa.pem", "-extfile", "openssl.cnf", "-extensions", "tsa_cert"],
    ):  # fmt: skip
        subprocess.run(["openssl", *line], cwd=folder, check=True, capture_output=True)
    return folder / "ca.pem"


@dataclass
class Authority:
    """A responder at ``url``; while ``down`` it answers 503, and with ``instead`` something else."""

    url: str
    ca: Path
    user: str = ""
    password: str = ""
    down: bool = False
    instead: bytes = b""
    asked: list[int] = field(default_factory=list)


@contextmanager
def authority(folder: Path, name: str = "Test Authority") -> Iterator[Authority]:
    """OpenSSL's own responder behind HTTP, with certificates of its own."""
    ca = certificates(folder, name)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append(len(query))
            allowed = b64encode(f"{found.user}:{found.password}".encode()).decode()
            if found.user and self.headers.get("Authorization") != f"Basic {allowed}":
                self.send_error(401)
                return
            if found.down:
                self.send_error(503)
                return
            reply = found.instead or _reply(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    def _reply(query: bytes) -> bytes:
        with lock:  # the serial number is a file
            (folder / "query.tsq").write_bytes(query)
            line = ["ts", "-reply", "-queryfile", "query.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key",
                    "-chain", "ca.pem", "-config", "openssl.cnf", "-out", "reply.tsr"]  # fmt: skip
            subprocess.run(["openssl", *line], cwd=folder, check=True, capture_output=True)
            return (folder / "reply.tsr").read_bytes()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Authority(f"http://127.0.0.1:{server.server_port}/tsa", ca)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def time_server(ahead: float, stratum: int = 2) -> Iterator[str]:
    """A server that speaks NTP and is so many seconds ahead; gives its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    data, asker = sock.recvfrom(256)
                except TimeoutError:
                    continue
                query, now = ntplib.NTPPacket(), ntplib.system_to_ntp_time(time.time() + ahead)
                query.from_data(data)
                answer = ntplib.NTPPacket(version=4, mode=4, tx_timestamp=now)
                answer.stratum, answer.root_dispersion = stratum, 0.5
                answer.orig_timestamp, answer.recv_timestamp, answer.ref_timestamp = (
                    query.tx_timestamp,
                    now,
                    now,
                )
                sock.sendto(answer.to_data(), asker)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()
