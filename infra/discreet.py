"""Settings that may be shown: their text without what is secret in it."""

import re
import tomllib
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

_PASSWORD = re.compile(r"(://[^:/@\s]*):[^/\s]*@")


def without_secrets(text: str, settings: BaseModel) -> str | None:
    """The text of ``postroom.toml`` with each secret taken out; None where they cannot be told apart.

    ``settings`` are those that were read from it.
    """
    secrets = [*_secrets(settings)]
    keys = "|".join(sorted({name for name, _ in secrets} - {"url"}))
    line = re.compile(rf"(?m)^\s*(?:(?:{keys})\s*=|url\s*=.*[?&]\w*password=).*$")
    plain = line.sub("# a secret was here", _PASSWORD.sub(r"\1@", text))
    try:
        tomllib.loads(plain)
    except tomllib.TOMLDecodeError:
        return None
    return None if any(secret and secret in plain for _, secret in secrets) else plain


def _secrets(settings: BaseModel) -> Iterator[tuple[str, str]]:
    """Each secret setting and its value; of an address only the password."""
    for name, value in settings:
        if isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, dict):
            yield from _in_table(name, value)
        elif isinstance(value, SecretStr):
            secret = value.get_secret_value()
            yield name, (urlsplit(secret).password or "") if name == "url" else secret


def _in_table(table: str, values: dict[str, object]) -> Iterator[tuple[str, str]]:
    """The secrets of a table by name; a line that holds the table whole is taken out too."""
    secrets = {name: one.get_secret_value() for name, one in values.items() if isinstance(one, SecretStr)}
    if secrets:
        yield table, ""
    yield from ((re.escape(name), secret) for name, secret in secrets.items())
