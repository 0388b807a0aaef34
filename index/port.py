"""The index as its callers see it: entries in, hits out. Disposable: all of it can be rebuilt."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from domain.entry import IndexEntry, Query, Results
from domain.errors import PostroomError


class Rejected(PostroomError):
    """The engine will never take some entries; all others of the same ``put`` are held.

    Attributes:
        reasons: number of each entry that was turned away, with what is wrong with it.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        first = next(iter(reasons.items()))
        super().__init__(
            f"The index turned away {len(reasons)} of the entries, such as {first[0]}: {first[1]}"
        )
        self.reasons = dict(reasons)

    def __reduce__(self) -> tuple[type["Rejected"], tuple[dict[str, str]]]:
        return type(self), (self.reasons,)


class Index(Protocol):
    """Full-text search over entries. All methods raise ``Unavailable`` when the engine cannot do its work."""

    def put(self, entries: Sequence[IndexEntry]) -> None:
        """Holds these entries, each replacing what was held under its number, durably on return.

        A lower sequence never replaces a higher one (the late entry is dropped); an equal one replaces.
        One call is one commit: pass many entries at once.

        Raises:
            Rejected: some entries cannot be held, whatever is done; the others are.
            ValueError: ``received_at`` of an entry has no time zone; nothing was done.
        """
        ...

    def remove(self, numbers: Sequence[str]) -> None:
        """Forgets these entries, durably on return; unknown numbers are no error.

        What is put later with a lower sequence than the forgotten one stays away.
        """
        ...

    def erase(self) -> None:
        """Forgets everything, whatever state the index is in: the first step of a rebuild."""
        ...

    def search(self, query: Query) -> Results:
        """Hits best first, with the count and the facets over all that match and the searcher may see.

        ``index.query`` says how the text is read; whatever the text, it raises nothing. An empty text finds
        everything, newest first. Hits without a matching page (found by subject, number, date ...) have
        ``page`` None. Facets are ``class``, ``language`` and ``year`` (of ``received_at``, in its own time
        zone, as are ``since`` and ``until``); an entry without a class or language counts in no value of
        that facet.

        Raises:
            Usage: ``limit`` is negative, or ``skip`` leads deeper than hits can be paged through. A limit of
                zero asks for the counts alone.
        """
        ...

    def sequences(self) -> Iterator[tuple[str, int]]:
        """Number and sequence of everything held, sorted by number; what ``postroom verify`` compares."""
        ...

    def close(self) -> None:
        """Lets go of files and connections."""
        ...
