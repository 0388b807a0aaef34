"""What somebody does with the register."""

from dataclasses import dataclass
from datetime import datetime

from domain.rights import Rights


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when and why.

    Attributes:
        actor: the name that goes into the history.
        at: the server's time.
        seen: the last event of the entry that the person knew of: another one's since makes it ``Stale``.
        rights: what the person may do; None for the installation's owner and its own work, who may do all.
        source: where it was asked for, such as a network address.
    """

    actor: str
    at: datetime
    reason: str = ""
    seen: int | None = None
    rights: Rights | None = None
    source: str = ""
