"""What the tests of ``infra/deploy`` share: its files, and the names that they may use."""

import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel

from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "infra" / "deploy"
BUCKET = "office-archive"
MIRROR = "office-mirror"


class _Loader(yaml.SafeLoader):
    """YAML with Compose's ``!reset``."""


_Loader.add_constructor("!reset", lambda loader, node: [])


def documents(path: Path) -> list[Any]:
    """The documents of a YAML file; aliases and merge keys resolved."""
    return [one for one in yaml.load_all(path.read_text("utf-8"), Loader=_Loader) if one is not None]


def document(path: Path) -> Any:
    """The only document of a YAML file."""
    (only,) = documents(path)
    return only


@cache
def files() -> tuple[Path, ...]:
    """Every file of ours under ``infra/deploy``; a person's own secrets are none of them."""
    found = (path for path in DEPLOY.rglob("*") if path.is_file())
    return tuple(sorted(path for path in found if DEPLOY / "secrets" not in path.parents))


def settings_names(model: type[BaseModel] = Settings, prefix: str = "POSTROOM_") -> set[str]:
    """The environment variables that the settings are read from."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= settings_names(kind, f"{prefix}{name.upper()}__")
        else:
            names.add(f"{prefix}{name.upper()}")
    return names


def variables(text: str) -> set[str]:
    """The variables of ours that a text names."""
    return set(re.findall(r"\bPOSTROOM_[A-Z0-9_]+\b", text))


def policy(name: str, bucket: str = BUCKET, mirror: str = MIRROR, **more: str) -> str:
    """An S3 policy with its names filled in, as Terraform's ``templatefile`` does it."""
    text = (DEPLOY / "access" / "s3" / f"{name}.json").read_text("utf-8")
    return Template(text).substitute(bucket=bucket, mirror=mirror, **more)
