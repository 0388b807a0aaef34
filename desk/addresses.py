"""Who asks: the address behind the proxies that the office trusts, and how often one may ask."""

import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest

_MOST = 10_000  # addresses remembered
_MINUTE = 60.0


def address(request: HttpRequest, proxies: Sequence[str]) -> str:
    """The address that asked; what a proxy says of it counts only if the proxy is one of these.

    Of several in ``X-Forwarded-For`` it is the last that is none of them: what stands before may be made up.
    """
    asked = str(request.META.get("REMOTE_ADDR") or "")
    chain = [one.strip() for one in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    while chain and _is_one(asked, proxies):
        before = chain.pop()
        try:
            ip_address(before)
        except ValueError:
            break
        asked = before
    return asked


def _is_one(asked: str, networks: Sequence[str]) -> bool:
    try:
        return any(ip_address(asked) in ip_network(one, strict=False) for one in networks)
    except ValueError:
        return False


def whose(asked: str) -> str:
    """What counts as one asker: an address, or of IPv6 the /64 that one subscriber has."""
    try:
        known = ip_address(asked)
    except ValueError:
        return asked
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return asked


class Limit:
    """So many a minute: a bucket for each asker, and one for all. For the threads of one process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, asker: str, each: int, together: int) -> float:
        """Seconds until this asker may; 0 for now, and then it counts."""
        with self._lock:
            now = self._now()
            own, every = self._of(asker, each, now), self._of("", together, now)
            lacks = [
                (1 - left) * _MINUTE / most for left, most in ((own, each), (every, together)) if left < 1
            ]
            if lacks:
                return max(lacks)
            self._left.pop(asker, None)  # to the end, as the one who asked last
            self._left[asker], self._left[""] = (own - 1, now), (every - 1, now)
            while len(self._left) > _MOST:
                del self._left[next(one for one in self._left if one)]
            return 0.0

    def _of(self, asker: str, most: int, now: float) -> float:
        left, since = self._left.get(asker, (float(most), now))
        return min(float(most), left + (now - since) * most / _MINUTE)
