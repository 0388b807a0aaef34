"""The register as values that do not depend on its rows' ids, for comparing before with after."""

from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model

from register.models import (
    Batch,
    Claim,
    Clock,
    Decision,
    Document,
    Entry,
    Event,
    Party,
    PartyEvent,
    StoredObject,
)

_LEFT_OUT = {
    "Lease",
    "Chunk",
    "Mark",
    "Seal",
    "Notice",
    "Token",
    "Answer",
}  # who works now, and what no archive may tell
_NOT_KEPT = {"changed_at", "created_at", "checked_at", "damage", "attempts", "error"}  # of no lasting meaning
_SEEN = ("Batch", "Document", "Problem")  # people see their ids, or the order that they give


def dump() -> dict[str, list[dict[str, Any]]]:
    """All tables by name, each row as a dictionary, in an order that ids have no part in."""
    models = apps.get_app_config("register").get_models()
    return {
        model.__name__: sorted(
            (_row(one) for one in model._default_manager.all() if not _is_found(one)), key=repr
        )
        for model in models
        if model.__name__ not in _LEFT_OUT
    }


def _is_found(row: Model) -> bool:
    """Whether this is a classifier's file, which any check of the archive finds by itself."""
    return isinstance(row, StoredObject) and row.role == "model"


def _row(row: Model) -> dict[str, Any]:
    seen = type(row).__name__ in _SEEN
    fields = [one for one in row._meta.concrete_fields if one.name not in _NOT_KEPT]
    return {one.name: _value(row, one) for one in fields if seen or not one.primary_key}


def _value(row: Model, field: Any) -> Any:
    value = getattr(row, field.name)
    if isinstance(field, ForeignKey):
        return None if value is None else _name(value)
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(row, Batch) and field.name == "state" and value == Batch.State.DONE:
        return str(Batch.State.RELEASED)
    if field.name in ("recorded_at", "delivered_at"):
        return value is not None
    return value


def _name(row: Model) -> Any:
    match row:
        case Batch() | Document():
            return row.key
        case Claim():
            return row.batch.key, row.ordinal
        case Entry():
            return row.number
        case Party():
            return row.key
        case Event():
            return row.register, row.sequence
        case Decision() | PartyEvent():
            return row.sequence
        case Clock():
            return row.entry.number, row.name
    raise TypeError(f"rows of {type(row).__name__} have no name of their own")
