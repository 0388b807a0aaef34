"""Values of the office's own fields: read as people write them, kept in one form."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from domain.errors import Usage
from domain.office import CustomField, FieldKind

_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MONEY = re.compile(r"(-?\d+(?:\.\d{1,2})?) ?([A-Z]{3})")
_LONGEST = 4000
_DIGITS = 30


def checked_values(
    fields: Mapping[str, CustomField], label: str, said: Mapping[str, object]
) -> dict[str, object]:
    """The values of an entry of this class, each in its one form; empty ones are left out.

    Args:
        fields: those of the office.
        label: class of the entry; "" for none.
        said: by name of the field what a person wrote, or what was kept before.

    Raises:
        Usage: a field is not there for this class, a value cannot be, or a required one is missing.
    """
    known = {name: one for name, one in fields.items() if one.label in ("", label)}
    found: dict[str, object] = {}
    for name, value in said.items():
        if value in ("", None):
            continue
        if name not in known:
            of = f" of the class {fields[name].label}" if name in fields else ""
            there = f"The fields are: {', '.join(sorted(known))}" if known else "There is none yet"
            raise Usage(f"There is no field {name!r}{of} for this entry. {there}. Leave it out, or empty it")
        found[name] = checked_value(known[name], value)
    lacking = [name for name, one in known.items() if one.required and name not in found]
    if lacking:
        raise Usage(f"{lacking[0]} is missing: give the field a value")
    return found


def changed_values(
    fields: Mapping[str, CustomField], label: str, before: Mapping[str, object], said: Mapping[str, object]
) -> dict[str, object]:
    """The same for values of which some are changed: one that nobody touches stays, though its field is gone.

    Args:
        fields: those of the office.
        label: class of the entry.
        before: values that were kept; none to check all.
        said: all values that it is to have.
    """
    known = {name for name, one in fields.items() if one.label in ("", label)}
    stale = {one: value for one, value in said.items() if one not in known and before.get(one) == value}
    return stale | checked_values(fields, label, {one: said[one] for one in said if one not in stale})


def _number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        raise ValueError(text)
    return format(number.normalize(), "f")


def _money(text: str) -> str:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return f"{Decimal(found[1]):.2f} {found[2]}"


_READ: Mapping[FieldKind, tuple[Callable[[str], object], str]] = {
    FieldKind.TEXT: (str, ""),
    FieldKind.NUMBER: (_number, "a number, such as 12.5"),
    FieldKind.DATE: (lambda text: date.fromisoformat(text).isoformat(), "a date, such as 2026-03-31"),
    FieldKind.YES_NO: (lambda text: _YES[text.casefold()], "yes or no"),
    FieldKind.MONEY: (_money, "an amount and its currency, such as 12.50 EUR"),
    FieldKind.CHOICE: (str, ""),
}


def checked_value(field: CustomField, value: object) -> object:
    """A value of this field in its one form.

    Raises:
        Usage: it cannot be.
    """
    text = str(value).strip()
    if len(text) > _LONGEST:
        raise Usage(f"{field.name} has {len(text)} signs: at most {_LONGEST}")
    if field.kind == FieldKind.CHOICE and text not in field.choices:
        raise Usage(f"{field.name} is {text!r}: give one of: {', '.join(field.choices)}")
    read, wanted = _READ[field.kind]
    try:
        return read(text)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise Usage(f"{field.name} is {text!r}: give {wanted}") from error
