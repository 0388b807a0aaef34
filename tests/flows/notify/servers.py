"""A mail server and a receiver of webhooks that really are there, and fail as told."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from infra.services.process import free_port
from infra.settings import MailSettings

USER, PASSWORD = "postroom", "correct horse battery"


@dataclass
class Mailbox:
    """What a server received. ``answers`` is what it says of a recipient; ``dies_at`` which mail kills it."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    dies_at: tuple[str, int] = ("", 0)
    sessions: int = 0

    async def handle_EHLO(  # noqa: N802 - the server's own names
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.sessions += session.host_name is None
        session.host_name = name
        return answers

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        where, which = self.dies_at
        coming = len(self.mails) + 1
        if where == "before" and coming == which:
            return await self._die(server)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert envelope.rcpt_tos == [mail["To"].addresses[0].addr_spec]
        self.mails.append(mail)
        if where == "after" and coming == which:
            return await self._die(server)
        return "250 OK"

    async def _die(self, server: SMTP) -> str:
        self.dies_at = ("", 0)
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        await asyncio.sleep(0)
        return "421 gone"

    def told(self) -> list[tuple[str, str]]:
        """To whom what was written, and forget it."""
        found = [(one["To"], one["Subject"]) for one in self.mails]
        self.mails.clear()
        return found


@contextmanager
def mail_server(folder: Path, box: Mailbox, tls: str = "none", auth: bool = False) -> Iterator[MailSettings]:
    """Runs while the block does; gives the settings by which it takes mail."""
    settings: dict[str, Any] = {"host": "localhost", "port": box.port, "tls": tls, "timeout_seconds": 5.0}
    options: dict[str, Any] = {}
    if tls != "none":
        authority = trustme.CA()
        certificates = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(certificates))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        settings["certificates"] = str(certificates)
        options["ssl_context" if tls == "tls" else "tls_context"] = context
        if tls == "starttls":
            options["require_starttls"] = True
    if auth:

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))

        options |= {"authenticator": check, "auth_required": True}
        settings |= {"user": USER, "password": PASSWORD}
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield MailSettings(**settings)
    finally:
        controller.stop()


@dataclass
class Receiver:
    """A program that is told: it checks signatures as Standard Webhooks say, and takes nothing twice.

    ``answers`` are the statuses that it gives next, 204 after them.
    """

    secret: bytes
    url: str = ""
    answers: list[int] = field(default_factory=list)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def take(self, headers: dict[str, str], body: bytes, now: float) -> int:
        """The status that a request gets."""
        self.asked.append((headers, body))
        if self.answers:
            return self.answers.pop(0)
        key, at = headers["webhook-id"], headers["webhook-timestamp"]
        signed = hmac.new(self.secret, f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
        if headers["webhook-signature"] != f"v1,{base64.b64encode(signed).decode()}":
            return 401
        if abs(now - int(at)) > 300:
            return 400
        if key not in self.ids:
            self.ids.add(key)
            self.taken.append(json.loads(body))
        return 204


@contextmanager
def receiver(secret: bytes, clock: Callable[[], float]) -> Iterator[Receiver]:
    """Runs while the block does."""
    found = Receiver(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(status := found.take(headers, body, clock()))
            if status == 302:
                self.send_header("Location", f"{found.url}/elsewhere")
            said = b"" if status == 204 else b"no, not now"
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
