"""``bench teach``, ``bench classify``: the classifier beside what others do, and taught from a few labels."""

from typing import Annotated

import typer

from postroom.benches import bench, measured_by
from postroom.output import answer, count, percent, say, table
from postroom.searching import Json

PARTS = ("sizes", "sets", "labels", "ablation", "images", "contract", "novelty")


def add_to(app: typer.Typer) -> None:
    """Nothing more: they are verbs of ``bench``."""
    del app


@bench.command()
def teach(
    of: Annotated[str, typer.Option("--set", help="tobacco or sample.")] = "sample",
    taught: Annotated[int, typer.Option("--teach", min=3, help="Documents a class to begin with.")] = 5,
    first: Annotated[int, typer.Option(min=10, help="Documents filed before people label.")] = 130,
    labelled: Annotated[int, typer.Option(min=1, help="How many of these people label.")] = 120,
    rest: Annotated[int, typer.Option(min=10, help="Documents filed afterwards.")] = 40,
    as_json: Json = False,
) -> None:
    """The walk-through of docs/teaching.md: from a few examples to a classifier that files by itself."""
    data = measured_by("teaching").run(of, taught, first, labelled, rest)

    def show() -> None:
        say(data["shown"])
        say(
            f"Of {count(data['rest'], 'document')} {data['filed']} were filed by machine, "
            f"{data['wrong']} of them wrong; "
            f"to review {data['review_after']}, and of the first {data['first']} "
            f"it was {data['review_before']}."
        )

    answer(as_json, data, show)


@bench.command()
def classify(
    parts: Annotated[
        list[str] | None, typer.Option("--part", help=f"One or more of {', '.join(PARTS)}.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="Tiny sizes, to see that it works.")] = False,
    as_json: Json = False,
) -> None:
    """Accuracy, time and promises of the classifier, beside other recipes."""
    data = measured_by("classify").run(tuple(parts or PARTS), short)

    def show() -> None:
        for part, rows in data.items():
            if rows:
                columns = list(rows[0])
                table(part, columns, [[_cell(row.get(name)) for name in columns] for row in rows])

    answer(as_json, data, show)


def _cell(value: object) -> str:
    return percent(value) if isinstance(value, float) and 0 <= value <= 1 else str(value)
