"""The texts of documents, as the archive holds them."""

import hashlib

from archive.port import Damaged
from domain.document import DocumentText
from domain.wire import from_json
from infra.wiring import Services
from register.models import StoredObject


def pages_of(services: Services, text: StoredObject) -> list[str]:
    """The texts of a document's pages.

    Raises:
        NotFound: the archive does not have them any more.
        Damaged: they are not what was put there.
    """
    data = services.archive.read(text.key)
    if hashlib.sha256(data).hexdigest() != text.sha256:
        raise Damaged(f"{text.key} in the archive is not what was put there. See: postroom verify")
    return [page.text for page in from_json(DocumentText, data).pages]
