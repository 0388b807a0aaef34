"""What killed runs left behind goes, and nothing of those at work."""

import os
import time
from pathlib import Path

from flows.sweep import sweep
from infra.wiring import Services


def test_half_written_objects_go_after_two_days(office: tuple[Services, Path]) -> None:
    """Younger ones may be another machine's, which is slow or asleep."""
    services, _ = office
    drafts = services.home / "archive" / ".tmp"
    drafts.mkdir(exist_ok=True)
    for days in (0.0, 1.9, 2.1):
        draft = drafts / f"of-{days}-days"
        draft.write_bytes(b"half")
        at = time.time() - days * 86_400
        os.utime(draft, (at, at))
    sweep(services)
    assert sorted(path.name for path in drafts.iterdir()) == ["of-0.0-days", "of-1.9-days"]
