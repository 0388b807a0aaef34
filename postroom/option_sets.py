"""Options that several commands share: written once as a class, given to each as one parameter."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

Command = Callable[..., None]


def with_options(
    kind: type, read: Callable[[dict[str, Any]], dict[str, Any]]
) -> Callable[[Command], Command]:
    """Give a command the options of ``kind`` in place of its parameter ``said``.

    Args:
        kind: a class whose annotations are the options; none of them has a default, and may be None.
        read: makes of what was given what the command gets.
    """
    options = get_type_hints(kind, include_extras=True)

    def give(command: Command) -> Command:
        signature = inspect.signature(command)
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for name, annotation in options.items()
        ]
        own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
        at = list(signature.parameters).index("said")

        @wraps(command)
        def given(**values: Any) -> None:
            command(said=read({name: values.pop(name) for name in options}), **values)

        new_signature = signature.replace(parameters=[*own[:at], *shared, *own[at + 1 :]])
        given.__signature__ = new_signature  # type: ignore[attr-defined]
        return given

    return give


def named(given: dict[str, Any]) -> dict[str, Any]:
    """What was given at all."""
    return {name: value for name, value in given.items() if value is not None}
