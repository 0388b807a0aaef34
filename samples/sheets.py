"""Separator sheets and stamp imprints, as Typst sources."""

from random import Random

from letters.patch import typst_patch
from letters.typeset import barcode_image, quote
from samples.stations import SEPARATOR


def patch_sheet(rng: Random, letter: str) -> str:
    """A patch sheet: bars parallel to the leading edge, for feeding either way up in one build of three."""
    build = rng.choice(("short", "wide", "both"))
    length = 2.5 if build == "short" else 7.4
    dx = rng.choice((0.5, 2.9, 5.2)) if build == "short" else 0.43
    top = rng.uniform(0.45, 1.2)
    code = typst_patch(letter, length)
    parts = [f"#place(top + left, dx: {dx}in, dy: {top:.2f}in)[{code}]"]
    if build == "both":
        parts.append(f"#place(bottom + left, dx: {dx}in, dy: -{top:.2f}in)[#rotate(180deg)[{code}]]")
    size = rng.choice((26, 34, 48))
    words = rng.choice(
        (f"PATCH {letter}", f"Patch Code {letter}", f"Trennblatt · Patch {letter}", f"PATCH-{letter}")
    )
    parts.append(f"#place(center + horizon)[#text({size}pt)[{quote(words)}]]")
    if rng.random() < 0.5:
        note = rng.choice(
            ("Do not remove", "Place between documents", "Nicht entnehmen", "Separador de documentos")
        )
        parts.append(f"#place(center + horizon, dy: 25mm)[#text(11pt)[{quote(note)}]]")
    return '#set page(paper: "a4", margin: 0mm)\n#set text(font: "Lato", ligatures: false)\n' + "\n".join(
        parts
    )


def separator_sheet(rng: Random) -> tuple[str, str, str]:
    """A sheet with the separator's barcode: its source, the code's format and its text."""
    form = rng.choice(("Code128", "Code128", "QRCode"))
    width, height = ("120mm", "32mm") if form == "Code128" else ("60mm", "60mm")
    code = barcode_image(SEPARATOR, form, width, height)
    title = rng.choice(("DOCUMENT SEPARATOR", "Trennblatt", "Hoja separadora", "Feuille de séparation"))
    where = rng.choice(("center + top", "center + horizon"))
    source = (
        '#set page(paper: "a4", margin: 25mm)\n#set text(font: "Lato", ligatures: false)\n'
        f'#align({where})[#text(28pt, weight: "bold")[{quote(title)}]#v(12mm){code}#v(4mm)'
        f'#text(11pt, font: "DejaVu Sans Mono")[{quote(SEPARATOR)}]]'
    )
    return source, form, SEPARATOR


def stamp_source(rng: Random, text: str) -> str:
    """An imprint on a page cut to its size: words in a frame, with or without a date."""
    ink = rng.choice(("#b3202a", "#1f3f9a", "#1f3f9a", "#5a2a7a"))
    body = f'#text({rng.choice((16, 20))}pt, weight: "bold")[{quote(text)}]'
    if rng.random() < 0.7:
        date = f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.{rng.randint(2024, 2026)}"
        body += f"#v(-3mm)#text(12pt)[{quote(date)}]"
    shape = rng.choice(("rect(radius: 1mm, ", "rect(", "ellipse("))
    return (
        "#set page(width: auto, height: auto, margin: 1mm)\n"
        f'#set text(font: "Source Sans Pro", fill: rgb("{ink}"))\n'
        f'#{shape}inset: 3mm, stroke: 1.6pt + rgb("{ink}"), align(center)[{body}])'
    )
