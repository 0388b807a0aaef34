"""The same done with many entries, each by itself: one that cannot be costs no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.errors import PostroomError, Unavailable
from register.models import Entry


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one: the entry as it is now, or why nothing was done with it."""

    number: str
    entry: Entry | None = None
    problem: str = ""


def each(numbers: Sequence[str], do: Callable[[str], Entry]) -> list[Tried]:
    """Do it with each entry once, by number: so two who do so never wait for each other.

    Raises:
        Unavailable: the database does not answer. Those before are done.
    """
    return [_tried(number, do) for number in sorted(set(numbers))]


def _tried(number: str, do: Callable[[str], Entry]) -> Tried:
    try:
        return Tried(number, do(number))
    except Unavailable:
        raise
    except PostroomError as error:
        return Tried(number, problem=str(error))
