"""Files that are handed to the desk."""

from pathlib import Path
from typing import Any

from infra.wiring import Services


def is_too_large(services: Services, file: Any) -> bool:
    """Whether an uploaded file is larger than the desk takes."""
    return bool((file.size or 0) > services.settings.desk.upload_mb << 20)


def copy_to(path: Path, file: Any) -> None:
    """Write an uploaded file there."""
    with path.open("wb") as target:
        for part in file.chunks():
            target.write(part)
