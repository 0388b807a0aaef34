"""Mail goes out: to an SMTP server, or into a folder where there is none."""

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from email import policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from domain.errors import Deferred, Refused, Unavailable
from infra.settings import MailSettings

Send = Callable[[EmailMessage], None]
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_BUSY = 421  # the server ends the session


class Outgoing(Protocol):
    """Where mail goes out."""

    def session(self) -> AbstractContextManager[Send]:
        """What sends mail while the block runs.

        It raises ``Refused`` for a mail that will never be taken, ``Deferred`` for one that may be later,
        and ``Unavailable`` where no mail is taken now.
        """
        ...

    def check(self) -> str:
        """Where mail goes, for people.

        Raises:
            Unavailable: no mail is taken.
        """
        ...


class Folder:
    """Writes each mail as a file of its own; the same mail again is the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def session(self) -> Iterator[Send]:
        """See ``Outgoing``."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be made: {error.strerror}") from error
        yield self._write

    def check(self) -> str:
        """See ``Outgoing``."""
        return f"folder, {self.folder}"

    def _write(self, message: EmailMessage) -> None:
        name = sha256(str(message["Message-ID"]).encode()).hexdigest()[:32]
        part = self.folder / f".{name}.{os.getpid()}"
        try:
            with part.open("wb") as file:
                file.write(message.as_bytes(policy=policy.SMTP))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / f"{name}.eml")
        except OSError as error:
            raise Unavailable(f"{self.folder} takes no mail: {error.strerror}") from error


class Smtp:
    """Hands mail to a server, one connection for all of a session."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    @contextmanager
    def session(self) -> Iterator[Send]:
        """See ``Outgoing``."""
        server = self._connected()
        try:
            yield lambda message: self._send(server, message)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def check(self) -> str:
        """See ``Outgoing``."""
        with self.session():
            return f"{self.settings.host}:{self._port} takes mail from {self.settings.sender}"

    @property
    def _port(self) -> int:
        return self.settings.port or _PORTS[self.settings.tls]

    def _connected(self) -> smtplib.SMTP:
        mail = self.settings
        server: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context()
            if mail.certificates:
                context.load_verify_locations(mail.certificates)
            if mail.tls == "tls":
                server = smtplib.SMTP_SSL(
                    mail.host, self._port, timeout=mail.timeout_seconds, context=context
                )
            else:
                server = smtplib.SMTP(mail.host, self._port, timeout=mail.timeout_seconds)
            if mail.tls == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, mail.password.get_secret_value())
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if server:
                server.close()
            raise Unavailable(f"{mail.host}:{self._port} takes no mail: {_told(error)}") from error
        return server

    def _send(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            server.send_message(message, from_addr=self.settings.sender)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _answered(code, said) from error
        except smtplib.SMTPSenderRefused as error:
            # It is no fault of the mail: the server does not take us as we are set up.
            raise Unavailable(f"{self.settings.host} takes nothing from us: {_told(error)}") from error
        except smtplib.SMTPDataError as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as error:
            raise Refused(f"it cannot be sent: {error}", "Correct the address.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"{self.settings.host} takes no mail: {_told(error)}") from error


def _answered(code: int, said: bytes | str) -> Exception:
    text = f"{code} {_plain(said)}"
    if code == _BUSY:
        return Unavailable(text)
    return Refused(text, "Correct the address.") if code >= 500 else Deferred(text)


def _told(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"
    return str(error) or type(error).__name__


def _plain(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
