"""Patch codes as printed on separator sheets: pattern table and measures.

Source: Kodak, *Patch Code Information for Kodak Scanners*, A-61599 (October 2006), tables of zones A-G:
four bars, two wide (0.20 in) and two narrow (0.08 in), spaces 0.08 in, 0.80 in over all. Patch 1 ends its
zones at 0.20, 0.28, 0.48, 0.56, 0.64, 0.72, 0.80 in (wide, wide, narrow, narrow), patch 4 at 0.08, 0.16,
0.36, 0.44, 0.64, 0.72, 0.80 in, patch 6 at 0.08, 0.16, 0.24, 0.32, 0.52, 0.60, 0.80 in. Accusoft's Barcode
Xpress documentation lists the same six values (1100, 1001, 1010, 0110, 0011, 0101).

The order runs from the leading edge of the sheet inwards; read from the wrong side a T is a 3 and a 1 is a 6.
"""

PATTERNS = {"1": "1100", "2": "1001", "3": "1010", "4": "0110", "6": "0011", "T": "0101"}
WIDE, NARROW, GAP = 0.20, 0.08, 0.08


def bars(letter: str) -> tuple[tuple[float, float], ...]:
    """The four bars of patch ``letter`` as ``(offset, width)`` in inches from the leading side."""
    placed: list[tuple[float, float]] = []
    offset = 0.0
    for mark in PATTERNS[letter]:
        width = WIDE if mark == "1" else NARROW
        placed.append((round(offset, 2), width))
        offset += width + GAP
    return tuple(placed)


def typst_patch(letter: str, length: float, *, vertical: bool = False) -> str:
    """Typst markup of a patch code, bars ``length`` inches long.

    The bars lie one under another, first bar on top; with ``vertical`` they stand, first bar on the left.
    """
    parts = []
    for offset, width in bars(letter):
        if vertical:
            place, size = f"dx: {offset}in", f"width: {width}in, height: {length}in"
        else:
            place, size = f"dy: {offset}in", f"width: {length}in, height: {width}in"
        parts.append(f"#place(top + left, {place}, rect({size}, fill: black, stroke: none))")
    size = f"width: 0.8in, height: {length}in" if vertical else f"width: {length}in, height: 0.8in"
    return f"#box({size})[{''.join(parts)}]"
