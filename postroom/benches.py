"""``bench``: measuring, on this machine and side by side."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Usage
from postroom.output import answer, aside, count, percent, say, table
from postroom.searching import Json

_WRONG = ("gaps", "doubles", "chain_breaks")

bench = typer.Typer(
    no_args_is_help=True, help="Measure this installation, side by side with what it is built on."
)


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(bench, name="bench")


def measured_by(name: str) -> Any:
    """The module of ``tests/bench`` that measures this."""
    from infra.database import prepare

    prepare()
    try:
        return importlib.import_module(f"tests.bench.{name}")
    except ModuleNotFoundError as error:
        raise Usage(
            f"the benchmarks need a checkout with `make setup` done ({error.name} is missing)"
        ) from error


@bench.command()
def capture(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Images and PDFs; default: sample mail.")
    ] = None,
    pages: Annotated[int, typer.Option(min=1, help="At most so many pages.")] = 60,
    language: Annotated[str, typer.Option(help="ISO 639-1 language that all engines read.")] = "en",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all contenders take turns.")] = 3,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Of ten pages three blank backs and three born digital.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pages per second from drop file to search hit, beside the bare engine, tesseract and ocrmypdf."""
    data = measured_by("capture").run(folder, pages, language, rounds, mixed)

    def show() -> None:
        for name in ("postroom", "engine", "tesseract", "ocrmypdf"):
            ratio = f", ours is {data[f'ratio_to_{name}']:.2f} of it" if name != "postroom" else ""
            say(f"{name:<10} {data[f'{name}_pages_per_s']:.2f} pages/s{ratio}")
        say(f"peak memory {data['peak_rss_mb']:.0f} MB, {count(data['pages'], 'page')}")
        say(f"ours reads with {data['engines']['postroom']}, the bare engine is {data['engines']['engine']}")
        say(", ".join(f"{name} {share:.0%}" for name, share in data["stages"].items()))

    answer(as_json, data, show)


@bench.command()
def barcodes(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Folders of pictures with payloads; default: generated letters."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Only each so manieth of the generated letters.")] = 1,
    as_json: Json = False,
) -> None:
    """Recall, false positives and time of barcode reading, beside zxing-cpp and pyzbar alone."""
    data = measured_by("barcodes").run(folder, every)

    def show() -> None:
        for group in ("folders", "damages"):
            rows = [(name, *_barcodes_read(one)) for name, one in data.get(group, {}).items()]
            if rows:
                table(group.capitalize(), ["", *_READERS], rows)
        table("Over all", ["", *_READERS], [("read", *_barcodes_read(data["engines"]))])
        for name in _READERS[:3]:
            one = data["engines"][name]
            wrong = f"{one['false_positives']} false positives, {one['wrong']} wrong"
            say(f"{name:<10} {wrong}, {one['ms_per_image']:.1f} ms an image")
        for kind, one in data.get("cost", {}).items():
            shares = f"{one['none_expected']:.1%} of their OCR, {one['code_expected']:.1%}"
            say(f"{count(one['pages'], f'{kind} page')} without a code: {shares} where one is expected")
        if "cost" in data and "real" not in data["cost"]:
            say("The cost on real scans is not measured: the shared scans are not on this machine.")

    answer(as_json, data, show)


_READERS = ["ours", "zxing-cpp", "pyzbar", "union"]


def _barcodes_read(engines: dict[str, Any]) -> list[str]:
    return [f"{engines[name]['read']} of {engines[name]['payloads']}" for name in _READERS]


@bench.command()
def faults(
    kills: Annotated[int, typer.Option(min=0, help="Kills of processes and servers.")] = 100,
    pages: Annotated[int, typer.Option(min=20, help="Pages of each intake of twenty kills.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the random moments.")] = 1,
    as_json: Json = False,
) -> None:
    """Kill processes and servers of a distributed intake, take services down; the books must balance."""
    measured = measured_by("faults")
    data = measured.measure(kills, pages, seed, lambda text: aside.print(text, markup=False))
    answer(as_json, data, lambda: say(", ".join(f"{name.replace('_', ' ')} {data[name]}" for name in data)))
    if measured.unbalanced(data):
        raise typer.Exit(1)


@bench.command()
def scale(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Images and PDFs; default: sample mail.")
    ] = None,
    workers: Annotated[str, typer.Option(help="How many workers, each in turn.")] = "1,2",
    pages: Annotated[int, typer.Option(min=1, help="Scanned pages a turn.")] = 64,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all take turns.")] = 3,
    as_json: Json = False,
) -> None:
    """Pages per second of one and more workers, beside as many processes of the bare engine."""
    try:
        counts = sorted({int(one) for one in workers.split(",")})
    except ValueError as error:
        raise Usage(f"--workers {workers}: name numbers, such as 1,2") from error
    if not counts or counts[0] < 1:
        raise Usage(f"--workers {workers}: name numbers from 1, such as 1,2")
    run = measured_by("scale").run
    data = run(folder, counts, pages, rounds, lambda text: aside.print(text, markup=False))

    def show() -> None:
        for many in counts:
            ours, bare = data["workers"][str(many)], data["engine"][str(many)]
            say(f"{count(many, 'worker')} {ours:.2f} pages/s, bare engine {bare:.2f}")
        say(f"relative efficiency {data['relative_efficiency']:.2f}")

    answer(as_json, data, show)


@bench.command(name="scale-model")
def scale_model(
    workers: Annotated[int, typer.Option(min=1, help="Machines.")] = 100,
    pages: Annotated[int, typer.Option(min=1000, help="Pages a day.")] = 5_000_000,
    as_json: Json = False,
) -> None:
    """Simulate a day of many machines from measured costs: what saturates first, and what then helps."""
    data = measured_by("scale_model").run(workers, pages)

    def show() -> None:
        rows = [(one["cores"], *_day(one)) for one in data["cores"]]
        table("Cores a machine, nothing else in the way", ["cores", *_DAY], rows)
        table("The day", ["change", *_DAY], [(one["change"], *_day(one)) for one in data["days"]])

    answer(as_json, data, show)


_DAY = ["busy at the peak", "half found in", "95 % in", "found in 3 days"]


def _day(one: dict[str, Any]) -> tuple[str, ...]:
    busy = sorted(one["busy"].items(), key=lambda part: -part[1])
    minutes = [f"{one['minutes'][name]:.0f} min" for name in ("half", "most")]
    return ", ".join(f"{name} {share:.0%}" for name, share in busy[:3]), *minutes, f"{one['through']:.0%}"


@bench.command()
def orchestration(
    runs: Annotated[int, typer.Option(min=1, help="Runs of each way.")] = 10, as_json: Json = False
) -> None:
    """What a run that does nothing costs, in three ways that Prefect offers; then what a take-over takes."""
    data = measured_by("orchestration").run(runs)

    def show() -> None:
        for name in ("process", "task", "in_process"):
            one = data[name]
            say(f"{name:<10} {one['cpu_s']:.2f} s CPU, {one['wall_s']:.2f} s, alone {one['latency_s']:.1f} s")
        say(f"a chunk of a killed worker is taken over after {data['take_over_s']:.1f} s")

    answer(as_json, data, show)


@bench.command()
def crash(
    kills: Annotated[int, typer.Option(min=0, help="Kills at random moments, beside one at each step.")] = 50,
    as_json: Json = False,
) -> None:
    """Kill the intake at every step and at random moments; nothing may be lost or filed twice."""
    data = measured_by("crash").run(kills)

    def show() -> None:
        outcome = "all well" if data["ok"] else "SOMETHING IS WRONG"
        say(f"{count(data['kills'], 'kill')}, {count(data['entries'], 'entry', 'entries')}: {outcome}")

    answer(as_json, data, show)
    if not data["ok"]:
        raise typer.Exit(1)


@bench.command()
def numbers(
    processes: Annotated[int, typer.Option(min=1, help="That take numbers at the same time.")] = 32,
    each: Annotated[int, typer.Option(min=1, help="Numbers that each of them takes.")] = 500,
    as_json: Json = False,
) -> None:
    """Take and reserve numbers from many processes, with rollbacks and kills, on both databases."""
    data = measured_by("numbers").run(processes, each)

    def show() -> None:
        for name in ("sqlite", "postgresql"):
            one = data[name]
            wrong = ", ".join(f"{one[what]} {what.replace('_', ' ')}" for what in _WRONG)
            made, kills = count(one["numbers"], "number"), count(one["kills"], "kill")
            pace = f"{made}, {one['numbers_per_s']}/s, {one['open']} reserved and open"
            say(f"{name:<10} {pace}, {kills}; {wrong}")

    answer(as_json, data, show)
    if any(data[name][what] for name in ("sqlite", "postgresql") for what in _WRONG):
        raise typer.Exit(1)


@bench.command()
def chain(
    events: Annotated[int, typer.Option(min=1000, help="Of the chain.")] = 1_000_000,
    as_json: Json = False,
) -> None:
    """Look through a long audit chain on both databases, beside its hashes and JSON alone."""
    data = measured_by("chain").run(events)

    def show() -> None:
        for name in ("sqlite", "postgresql"):
            one = data[name]
            pace = f"{one['seconds']:.1f} s, {one['events_per_s']} events/s"
            say(f"{name:<10} {pace}, {one['ratio_to_bare']:.1f} times the bare hashes; {_holds(one)}")

    answer(as_json, data, show)
    if any(_holds(data[name]) != _WELL for name in ("sqlite", "postgresql")):
        raise typer.Exit(1)


_WELL = "the chain holds, and an altered event is named"


def _holds(one: dict[str, Any]) -> str:
    well = not one["chain_breaks"] and one["head_ok"] and one["altered_found"]
    return _WELL if well else "SOMETHING IS WRONG"


@bench.command()
def year(
    entries: Annotated[int, typer.Option(min=100, help="That come in, go out or stay inside.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Let an office live through a year on PostgreSQL, then check all that must hold."""
    data = measured_by("year").run(entries, tell=lambda text: aside.print(text, markup=False))

    def show() -> None:
        for name, value in data.items():
            say(f"{name.replace('_', ' '):<20} {value}")

    answer(as_json, data, show)
    if not (data["numbers_ok"] and data["chain_ok"]) or any(data[name] for name in _NONE_OF):
        raise typer.Exit(1)


_NONE_OF = ("clocks_fired_twice", "clocks_missed", "without_holder", "access_violations")


@bench.command()
def index(
    searches: Annotated[int, typer.Option(min=20, help="That both engines are asked.")] = 600,
    as_json: Json = False,
) -> None:
    """Ask the embedded index and Elasticsearch the same; hits, facets, order and time beside each other."""
    data = measured_by("compare").run(searches)

    def show() -> None:
        said = (
            f"{count(data['entries'], 'entry', 'entries')}, {count(data['searches'], 'search', 'searches')}"
        )
        say(f"{said}: {len(data['differing'])} with other hits")
        say(f"of the first ten hits {data['overlap']:.1%} are the same")
        for name, taken in data["median_ms"].items():
            say(f"{name:<14} {taken:.1f} ms a search, {data['entries_put_per_s'][name]} entries/s put")

    answer(as_json, data, show)


@bench.command()
def fields(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Invoices with a .json beside each; default: invoice2data's."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fields and line items of invoices beside their truth: precision, recall, and each that is wrong."""
    data = measured_by("fields").run(folder)

    def show() -> None:
        columns = ["expected", "found", "right", "wrong", "unjudged"]
        rows = [
            (name, *(one[column] for column in columns), percent(one["precision"]), percent(one["recall"]))
            for name, one in data["fields"].items()
        ]
        table("Fields", ["field", *columns, "precision", "recall"], rows)
        for one in data["wrong"]:
            told, found = (", ".join(one[side]) or "nothing" for side in ("expected", "found"))
            say(f"{one['file']} {one['field']}: {told}; found {found}")
        say(f"{data['documents']} invoices; {percent(data['placed'])} of the values stand in their boxes")

    answer(as_json, data, show)
