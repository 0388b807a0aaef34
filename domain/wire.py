"""The one way values of ours become JSON and come back, for files, tables and other processes."""

from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one is slow


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(value: object, kind: Any = None, *, indent: int | None = None) -> bytes:
    """``value`` (a dataclass of ours, or ``kind`` made of them) as UTF-8 JSON; same value, same bytes."""
    return _adapter(kind or type(value)).dump_json(value, indent=indent)


def from_json(kind: type[T], data: bytes | str) -> T:
    """The value of type ``kind`` that ``to_json`` wrote; ``pydantic.ValidationError`` if it is not one."""
    value: T = _adapter(kind).validate_json(data)
    return value


def to_plain(value: object, kind: Any = None) -> Any:
    """``value`` as plain lists, dicts, strings and numbers, as it would stand in JSON."""
    return _adapter(kind or type(value)).dump_python(value, mode="json")
