"""The error families. Anything else that is raised is a fault of ours and stays loud."""

import errno

MACHINE_TROUBLE = frozenset(
    (
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE,
        errno.ENOTCONN, errno.ENOMEM,
    )
)  # fmt: skip
"""What an ``OSError`` says when the machine is to blame, and not the file at hand: try again later."""


class PostroomError(Exception):
    """An error whose text is meant for people."""


class Refused(PostroomError):
    """This file or page cannot be taken. Recorded as an outcome, never retried by itself.

    Attributes:
        reason: what is wrong, short, without the file's name.
        fix: what a person can do about it.
        page: the page concerned, from 1; None when it is the file as a whole.
    """

    def __init__(self, reason: str, fix: str, page: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.fix, self.page = reason, fix, page

    def __reduce__(self) -> tuple[type["Refused"], tuple[str, str, int | None]]:
        return type(self), (self.reason, self.fix, self.page)


class Unavailable(PostroomError):
    """A service did not answer. Retried with backoff."""


class Deferred(Unavailable):
    """A service did not take this one thing now; others it may take."""


class Usage(PostroomError):
    """The caller asked for something that cannot be: unknown number, absurd setting. Says the fix."""


class Missing(Usage):
    """There is no such thing, or none that the caller may know of."""


class Forbidden(Usage):
    """The caller may not do this."""


class Stale(Usage):
    """Somebody else was faster: says what they did."""


class Denied(Usage):
    """A service refuses us, or what the settings demand of it: credentials, rights, encryption.

    Never retried by itself, and no fault of the document at hand: the program that meets it stops.
    """
