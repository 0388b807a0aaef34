"""Every setting and every key of a station's profile stands in the docs, with its default."""

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from capture.station import SeparationPolicy, Station
from infra.settings import Settings
from tests.test_docs import codes, rows, sections, text

FOUND = {"processes", "tessdata"}  # at run time: they have no default to compare


def explained(page: str, title: str) -> dict[str, str]:
    """Key and default of the table in a section."""
    return {codes(row[0])[0]: row[1] for row in rows(sections(page)[title], "key")}


def toml(cell: str) -> Any:
    return tomllib.loads(f"x = {cell.strip('`')}")["x"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [("The station", Station), ("`[separation]`: what cuts a batch into documents", SeparationPolicy)],
)
def test_every_station_key_is_explained(title: str, kind: Any) -> None:
    plain = json.loads(json.dumps(dataclasses.asdict(kind())))
    told = explained(text("docs", "stations.md"), title)
    assert {key: toml(default) for key, default in told.items()} == {
        key: value for key, value in plain.items() if not isinstance(value, dict)
    }


def tables(kind: Any = Settings, name: str = "") -> dict[str, dict[str, Any]]:
    """The settings with their defaults by the name of their table, "" for those outside of any."""
    if not issubclass(kind, BaseModel):
        return {name: {one.name: one.default for one in dataclasses.fields(kind)}}
    own: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for key, field in kind.model_fields.items():
        within = type(field.default) if isinstance(field.default, BaseModel) else field.annotation
        if isinstance(field.default, BaseModel) or dataclasses.is_dataclass(within):
            inner |= tables(within, f"{name}.{key}".strip("."))
        else:
            secret = isinstance(field.default, SecretStr)
            own[key] = field.default.get_secret_value() if secret else field.default
    return {name: own, **inner}


def title(table: str) -> str:
    heads = sections(text("docs", "settings.md"))
    return next(head for head in heads if head.startswith(f"`[{table}]`")) if table else "The instance"


@pytest.mark.parametrize("table", tables())
def test_every_setting_is_explained(table: str) -> None:
    told = explained(text("docs", "settings.md"), title(table))
    expected = tables()[table]
    assert set(told) == set(expected)
    assert {key: toml(cell) for key, cell in told.items() if key not in FOUND} == {
        key: str(value) if isinstance(value, Path) else value
        for key, value in expected.items()
        if key not in FOUND
    }


@pytest.mark.parametrize("table", tables())
def test_every_setting_names_its_variable(table: str) -> None:
    begin = f"POSTROOM_{table.upper().replace('.', '__')}__" if table else "POSTROOM_"
    told = rows(sections(text("docs", "settings.md"))[title(table)], "key")
    assert {codes(row[0])[0]: codes(row[-1])[0] for row in told} == {
        key: begin + key.upper() for key in tables()[table]
    }
