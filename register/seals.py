"""The key that seals this installation's models, and models of others that are taken all the same."""

import secrets
from collections.abc import Callable, Iterable

from register.models import Seal
from register.session import alone, write


def key(there: Callable[[], Iterable[str]]) -> tuple[bytes, frozenset[str]]:
    """The key, made at first use, and the SHA-256 of the cards that are taken without its seal.

    ``there`` tells those of the models that exist when the key is made: a register that is new beside an
    archive with models was rebuilt from it, and takes them over.
    """
    found = Seal.objects.first()
    if found is None:
        with write():
            alone("seal")
            found = Seal.objects.first() or Seal.objects.create(
                key=secrets.token_hex(32), trusted=sorted(there())
            )
    return bytes.fromhex(found.key), frozenset(found.trusted)


def trust(card: str) -> None:
    """Take the model whose card has this SHA-256, whoever made it. A key must have been made."""
    with write():
        found = Seal.objects.select_for_update().get()
        Seal.objects.filter(pk=found.pk).update(trusted=sorted({*found.trusted, card}))
