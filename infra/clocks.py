"""How right this machine's clock is, as time servers say (NTP)."""

from dataclasses import dataclass

import ntplib

from domain.errors import Unavailable

_SECONDS = 5.0  # waited for an answer


@dataclass(frozen=True, slots=True)
class Offset:
    """What a time server says of this machine's clock.

    Attributes:
        seconds: by which the clock is behind the server's; below 0 where it is ahead.
        within: so far the truth may be from that, in seconds: half the way there and back, and what the
            server itself is unsure of.
        server: that was asked.
    """

    seconds: float
    within: float
    server: str


def offset(servers: list[str]) -> Offset:
    """What the first of these servers says that answers; each as ``host`` or ``host:port``.

    Raises:
        Unavailable: none does, or none has the time itself.
    """
    said = []
    for server in servers:
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "123")
        try:
            found = ntplib.NTPClient().request(host, version=4, port=port, timeout=_SECONDS)
        except (ntplib.NTPException, OSError) as error:
            said.append(f"{server}: {error}")
            continue
        if not 1 <= found.stratum <= 15 or found.leap == 3:
            said.append(f"{server}: it does not know the time itself")
            continue
        within = found.delay / 2 + found.root_delay / 2 + found.root_dispersion
        return Offset(found.offset, abs(within), server)
    raise Unavailable(f"no time server answers ({'; '.join(said)})")
