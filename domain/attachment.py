"""A file that somebody adds to an entry that is there already."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """What goes with the file on its way through capture.

    Attributes:
        entry: number of the entry.
        by: who adds it.
        reason: why, for the history.
        replaces: id of the document of which it is a new version; "" for one more.
    """

    entry: str
    by: str
    reason: str = ""
    replaces: str = ""
