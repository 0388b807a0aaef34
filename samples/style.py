"""How a sender's paper looks: drawn once per document, independent of what it says."""

from dataclasses import dataclass
from random import Random

SERIFS = ("Libertinus Serif", "New Computer Modern", "Caladea", "Source Serif Pro")
SANS = ("Lato", "Source Sans Pro", "Lato", "Source Sans Pro")
MONO = "DejaVu Sans Mono"
HAND = "Intuitive"
INKS = ("#1a1a1a", "#0b3d6b", "#7a1f1f", "#155e3b", "#4a2a6a", "#8a4b08", "#333333")


@dataclass(frozen=True, slots=True)
class Style:
    """Measures and choices of one paper.

    ``head`` is the letterhead's build: ``left right centre band split side``; ``logo`` its mark: ``none disc
    square bars ring tri letter``; ``window`` the side of the address field; ``info`` where reference lines
    stand: ``beside row stack``; ``table`` is ``ruled boxed striped plain``. Sizes in points, margins in mm.
    """

    font: str
    heading: str
    size: float
    leading: float
    spacing: float
    justify: bool
    indent: bool
    margins: tuple[int, int, int, int]
    head: str
    logo: str
    ink: str
    window: str
    info: str
    subject: str
    table: str
    foot: str
    pages: str
    columns: int
    shade: int
    marks: bool


def draw_style(rng: Random) -> Style:
    """A paper's look."""
    typewriter = rng.random() < 0.06
    font = MONO if typewriter else rng.choice(SERIFS + SANS)
    heading = font if rng.random() < 0.65 else rng.choice(SERIFS + SANS)
    head = rng.choice(("left", "right", "centre", "band", "split", "side"))
    return Style(
        font=font,
        heading=heading,
        size=9.0 if typewriter else rng.choice((9.5, 10.0, 10.5, 11.0, 11.5)),
        leading=rng.choice((0.55, 0.62, 0.7, 0.8)),
        spacing=rng.choice((0.9, 1.1, 1.3, 1.6)),
        justify=rng.random() < 0.35 and not typewriter,
        indent=rng.random() < 0.12,
        margins=(
            rng.choice((15, 20, 25)),
            rng.choice((18, 20, 25)),
            rng.choice((25, 28, 32)),
            rng.choice((20, 24, 25)),
        ),
        head=head,
        logo=rng.choice(("none", "disc", "square", "bars", "ring", "tri", "letter", "none")),
        ink=rng.choice(INKS),
        window=rng.choice(("left", "left", "right")),
        info=rng.choice(("beside", "row", "stack", "stack")),
        subject=rng.choice(("bold", "bold", "underline", "ruled", "large", "plain")),
        table=rng.choice(("ruled", "boxed", "striped", "plain")),
        foot=rng.choice(("columns", "line", "columns", "rule")),
        pages=rng.choice(("centre", "right", "none", "none")),
        columns=2 if rng.random() < 0.2 else 1,
        shade=rng.choice((0, 8, 12)),
        marks=rng.random() < 0.3,
    )
