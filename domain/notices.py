"""What people are told of, and how."""

import re
from collections.abc import Mapping
from types import MappingProxyType

MAIL, DIGEST, NONE = "mail", "digest", "none"
WAYS = (MAIL, DIGEST, NONE)
"""How somebody can have a kind of notice beside their inbox: at once, once a day, or not."""

ASSIGNED, GIVEN_BACK, SHARED = "assigned", "given back", "shared"
APPROVAL, SENT_BACK, SECOND_LOOK = "approval asked", "sent back", "second look"
ROUTED, RULE_FAILED = "routed", "rule failed"
DEADLINE_SOON, DEADLINE_PASSED = "deadline soon", "deadline passed"
BROUGHT_BACK = "brought back"

KINDS: Mapping[str, str] = MappingProxyType(
    {
        ASSIGNED: MAIL,
        GIVEN_BACK: MAIL,
        SHARED: NONE,
        APPROVAL: MAIL,
        SENT_BACK: MAIL,
        SECOND_LOOK: NONE,
        ROUTED: MAIL,
        RULE_FAILED: NONE,
        DEADLINE_SOON: NONE,
        DEADLINE_PASSED: MAIL,
        BROUGHT_BACK: NONE,
    }
)
"""What users are told of, and how where they did not say it themselves."""

RECEIPT, STATUS = "receipt", "status"
"""What senders outside are told of."""

EVENTS = frozenset(
    {
        "entered", "registered", "attached", "amended", "moved", "assigned", "given back", "related",
        "routed", "shared", "no longer shared", "labelled", "classed again", "received again",
        "receipt issued", "voided", "withdrawn", "deadline soon", "deadline passed",
        "deadline extended", "brought back",
        "label printed",
    }
)  # fmt: skip
"""What happens to entries, as far as programs can ask to be told of it."""


_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}")


def is_address(text: str) -> bool:
    """Whether this can be somebody's e-mail address."""
    return bool(_ADDRESS.fullmatch(text))


def way_of(kind: str, said: Mapping[str, str]) -> str:
    """How somebody who said this gets a kind of notice."""
    return said.get(kind) or KINDS.get(kind, NONE)
