"""How names are put in order."""

import re

_NUMBER = re.compile(r"([0-9]+)")


def natural(name: str) -> tuple[list[str | tuple[int, str]], str]:
    """Sorting key: numbers in names by value, ``2.tif`` before ``10.tif``."""
    parts: list[str | tuple[int, str]] = [*_NUMBER.split(name.casefold())]
    # Of two numbers without zeros in front the longer is the larger; a name may be all digits.
    digits = [str(part).lstrip("0") for part in parts[1::2]]
    parts[1::2] = [(len(one), one) for one in digits]
    return parts, name
