"""What is handed in at the desk is read beside its answers, one file at a time."""

import threading

import structlog

from flows.attach import carry_on
from infra.wiring import Services
from register.models import Batch
from register.session import borrowed

log = structlog.get_logger()
_LEFT = "a file that was handed in is not filed yet"
READER = "reader"
"""What each thread is called that reads."""
_one = threading.Lock()


def read_later(services: Services, batch: Batch) -> None:
    """Read and file a batch after those before it; what is left when the desk ends, the next intake does."""
    threading.Thread(target=_read, args=(services, batch), name=READER).start()


def _read(services: Services, batch: Batch) -> None:
    with _one, borrowed():
        try:
            for one in carry_on(services, [batch]).failures:
                log.warning(_LEFT, source=one.source, reason=one.reason)
        except Exception:
            log.exception(_LEFT, source=batch.source)
