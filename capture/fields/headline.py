"""The few values that a register entry shows of a document."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from capture.fields.blocks import is_address
from domain.document import Field
from domain.page import Page

NO_SUBJECT = "(no subject)"
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Headline:
    """What a register entry says of a document; "" and None where the document does not say.

    ``subject`` is never empty: without a subject line it is the first meaningful line of the text, and
    ``(no subject)`` only where there is no text. ``amount`` is the total, ``amounts`` all, total first.
    """

    subject: str
    sender: str = ""
    recipient: str = ""
    reference: str = ""
    date: datetime.date | None = None
    due_date: datetime.date | None = None
    amount: str = ""
    amounts: tuple[str, ...] = ()


def summary(fields: Sequence[Field], pages: Sequence[Page] = ()) -> Headline:
    """Pick the best value of each field for the register.

    Args:
        fields: as from ``extract_fields``.
        pages: the document's pages, for a subject where no field has one.
    """

    def best(name: str) -> str:
        named = [item for item in fields if item.name == name and item.valid is not False]
        return max(named, key=lambda item: item.confidence).value if named else ""

    day, due = best("date"), best("due_date")
    amounts = tuple(item.value for item in fields if item.name == "amount")
    subject, reference = _short(best("subject")), best("reference")
    if reference and subject and len(subject.split()) == 1:
        subject = f"{subject.rstrip('.:')} {reference}"  # "Rechnung" alone tells nothing apart
    return Headline(
        subject=subject or _first_line(pages, (best("sender"), best("recipient"))) or NO_SUBJECT,
        sender=best("sender"),
        recipient=best("recipient"),
        reference=reference,
        date=datetime.date.fromisoformat(day) if day else None,
        due_date=datetime.date.fromisoformat(due) if due else None,
        amount=amounts[0] if amounts else "",
        amounts=amounts,
    )


def _first_line(pages: Sequence[Page], people: Sequence[str] = ()) -> str:
    """The first line with two words of letters that is nobody's name or address, else the first with any."""
    words = anything = ""
    for page in pages:
        for line in page.lines:
            text = _short(" ".join(word.text for word in line))
            anything = anything or text
            if len(re.findall(r"[^\W\d_]{3,}", text)) >= 2:
                if not is_address(text) and not any(name and name in text for name in people):
                    return text
                words = words or text
    return words or anything


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in text)).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
