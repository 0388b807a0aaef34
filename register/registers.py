"""Which registers there are, and what stands in them."""

from collections.abc import Mapping

from domain.correspondence import Direction
from domain.errors import Usage
from domain.rights import Rights
from register.models import Counter
from register.numbers import HISTORY

REGISTERS: Mapping[Direction, str] = {
    Direction.INCOMING: "IN",
    Direction.OUTGOING: "OUT",
    Direction.INTERNAL: "INT",
}
"""The register of each direction, where nobody names another."""


def must_be_of(register: str, direction: Direction, rights: Rights | None) -> None:
    """See that entries of this direction stand in this register, and that there is one.

    Raises:
        Usage: they do not, or there is none.
    """
    for other, name in REGISTERS.items():
        if name == register and other != direction:
            raise Usage(f"register is {register}, which is for {other} ones: leave it out, or name another")
    must_be_open(register, rights)


def must_be_open(register: str, rights: Rights | None) -> None:
    """See that there is this register: only the installation's owner opens one; a slip opens none.

    Raises:
        Usage: there is none.
    """
    if rights is None or register in REGISTERS.values():
        return
    known = there_are()
    if register not in known:
        raise Usage(
            f"register is {register}, which there is not; there are: {', '.join(known)}. "
            f"The installation's owner opens one: postroom number reserve --register {register} --count 1"
        )


def there_are() -> list[str]:
    """All registers: those of the directions, and those in which a number was ever given."""
    opened = Counter.objects.exclude(year=HISTORY).values_list("register", flat=True)
    return sorted({*REGISTERS.values(), *opened})
