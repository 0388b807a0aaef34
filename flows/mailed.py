"""Mailed: a receipt goes to whoever asked for it, as it was given."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from domain.errors import Usage
from infra.wiring import Services, open_mail
from letters.receipt import WORDS


def must_be_address(text: str) -> Address:
    """The address, once mail can go there.

    Raises:
        Usage: it cannot.
    """
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError) as error:
        raise Usage(f"mail is {text!r}, which is no address: give one such as ada@example.org") from error
    if not (found.username and found.domain) or not text.isascii():
        raise Usage(f"mail is {text!r}, which is no address: give one such as ada@example.org")
    return found


def send(services: Services, number: str, pdf: bytes, to: Address, language: str, at: datetime) -> None:
    """Hand the receipt to the mail server, or the folder that is in its place.

    Raises:
        Refused: the server will never take it.
        Unavailable: it takes no mail now. The receipt was given all the same.
    """
    office, sender = services.settings.office, services.settings.mail.sender
    name = " ".join(office.name.split())
    words = WORDS.get(language, WORDS["en"])
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = to
    message["Subject"] = f"{words['title']} {number}"
    message["Date"] = format_datetime(at.astimezone(services.settings.zone))
    identity = sha256(pdf + to.addr_spec.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [f"{words['title']} {number}", "", name, office.address]
    if office.public_url:
        lines += ["", words["check_at"].format(url=f"{office.public_url.rstrip('/')}/check")]
    message.set_content("\n".join(lines).rstrip() + "\n")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{file_name(number)}.pdf")
    with open_mail(services).session() as post:
        post(message)


def file_name(number: str) -> str:
    """A number as part of a file's name: offices may write numbers with slashes."""
    return number.replace("/", "-")
