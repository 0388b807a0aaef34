"""For whom a command acts: the installation's owner, or with ``--as`` one of the office's users."""

import getpass
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from domain.errors import Usage
from domain.rights import Rights
from infra.wiring import Services

if TYPE_CHECKING:
    from register.acts import Act

_name: list[str] = [""]
_OPTION = "--as"


class ActingGroup(TyperGroup):
    """Takes ``--as USER`` wherever it stands: before the verb or behind it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Bring the option to the front, where it is one of all verbs."""
        return super().parse_args(ctx, _fronted(args))


def _fronted(args: Sequence[str]) -> list[str]:
    front: list[str] = []
    rest: list[str] = []
    left = iter(args)
    for one in left:
        if one == "--":
            rest += [one, *left]
        elif one == _OPTION:
            front += [one, *([value] if (value := next(left, None)) is not None else [])]
        elif one.startswith(f"{_OPTION}="):
            front.append(one)
        else:
            rest.append(one)
    return [*front, *rest]


def act_as(user: str) -> None:
    """Remember for whom this command acts; "" for the owner."""
    _name[:] = [user]


def is_owner() -> bool:
    """Whether the command acts for the installation's owner, who may do all."""
    return not _name[0]


def rights(instance: Services) -> Rights | None:
    """What the user may do for whom the command acts; None for the owner.

    Raises:
        Usage: there is no such user, or they have left.
    """
    if not _name[0]:
        return None
    from register.decisions import office
    from register.office import rights_of

    return rights_of(office(), _name[0], datetime.now(UTC).astimezone(instance.settings.zone).date())


def act(instance: Services, reason: str = "", by: str = "", seen: int | None = None) -> "Act":
    """Who does it now, and why."""
    from register.acts import Act

    may = rights(instance)
    if may is not None and by not in ("", may.user.name):
        raise Usage(f"--by says {by}, and --as {may.user.name}: give one of them")
    who = may.user.name if may else by or getpass.getuser()
    return Act(who, datetime.now(UTC), reason, seen, may, _source())


def _source() -> str:
    """Where the command was given: the address that somebody is connected from, or else this machine."""
    return os.environ.get("SSH_CLIENT", "").partition(" ")[0] or socket.gethostname()
