"""Those whom each event of history concerns, in the order in which they look at it."""

from collections.abc import Sequence

from register import clocks, rules, telling
from register.following import Follower

FOLLOWERS: Sequence[Follower] = (rules.on_event, clocks.on_event, telling.on_event)
