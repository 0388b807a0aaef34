"""Texts as both databases take them: PostgreSQL refuses NUL, and neither takes half a surrogate pair."""

import dataclasses
import re
from typing import Any, TypeVar

T = TypeVar("T")

_UNFIT = re.compile("[\0\ud800-\udfff]")


def fit(value: T) -> T:
    """``value`` with U+FFFD for each sign that cannot be stored, in all texts within it.

    Looks into lists, tuples, dictionaries and dataclasses. Barcodes, PDFs and file names bring such signs.
    """
    return _fit(value)  # type: ignore[no-any-return]


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", value) if _UNFIT.search(value) else value
    if isinstance(value, dict):
        return {_fit(name): _fit(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_fit(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (one.name for one in dataclasses.fields(value))
        return dataclasses.replace(value, **{name: _fit(getattr(value, name)) for name in fields})
    return value
