"""The whole way from drop file to search hit, beside the tools it is built on: ``postroom bench capture``.

Postroom is its own command, started once, with the pool and the classifier warm: a slice of the pages is
renamed into a station's folder, and the clock stops when the last of its files is filed, published,
searchable and released. The contenders (``tests.bench.engine``) read the same pages, made ready for them
before the clock starts. All have the same language data, as many processes as Postroom, and one thread each.
They take turns in rounds, in an order that rotates, a slice a round; pages/s is all pages by the sum of the
rounds' wall times. The ratios are the trustworthy figures: they come from the same minutes.

If a page has text of its own, ocrmypdf is told to skip such pages (it would refuse the file); Postroom skips
them too, the engine and ``tesseract`` do read them.
"""

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from capture.media import PAGED, sniff
from capture.pages import inspect
from capture.station import Station
from capture.tools.tesseract import language_code, probe
from domain.errors import Refused, Usage
from infra.settings import Settings, load_settings
from infra.wiring import open_services
from tests.bench import engine
from tests.bench.engine import PagePrints
from tests.bench.mixed import write_mixed
from tests.bench.running import POSTROOM, PeakMemory, environment
from tests.bench.stages import stage_shares
from tests.small import small_tiff, train_small

_LOOK = 0.05  # seconds between looks at the register
_SECONDS_A_PAGE = 60.0  # more than that, and something is wrong
_STAGE_PAGES = 12


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    pages: tuple[PagePrints, ...]


def run(folder: Path | None, pages: int, language: str, rounds: int, mixed: bool = False) -> dict[str, Any]:
    """Measure on at most ``pages`` pages of the images and PDFs in ``folder``; sample mail if None.

    Args:
        folder: images and PDFs, in any depth.
        pages: at most so many, whole files.
        language: ISO 639-1; what all engines read.
        rounds: in which the contenders take turns.
        mixed: add blank backs and born-digital letters to the scans (``tests.bench.mixed``).

    Returns:
        Pages per second of each, ratios, the peak memory of Postroom's processes together in MB, the
        shares of CPU time that its stages take, and which engine reads in ours and in the bare one.

    Raises:
        Usage: there is nothing to read, or no data for the language.
    """
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as scratch:
        work = Path(scratch).resolve()
        home = work / "home"
        home.mkdir()
        settings = load_settings(home)
        code = language_code(language, settings.capture.tessdata)
        train_small(home)
        source = folder or _sample_mail(work / "sample", pages)
        if mixed:
            source = write_mixed(work / "mixed", source, pages, language)
        files = _chosen(source, pages, settings, work)
        slices = _slices(files, rounds)
        seconds, peak = _race(work, home, slices, settings, language, code)
        stages = _stages(work, files, language)
    count = sum(len(one.pages) for one in files)
    rates = {name: count / spent for name, spent in seconds.items()}
    ours = rates["postroom"]
    return {
        "pages": count,
        **{f"{name}_pages_per_s": round(rate, 3) for name, rate in rates.items()},
        **{f"ratio_to_{name}": round(ours / rates[name], 3) for name in rates if name != "postroom"},
        "peak_rss_mb": round(peak, 1),
        "stages": {name: round(share, 4) for name, share in stages.items()},
        "engines": _engines(settings),
    }


def _engines(settings: Settings) -> dict[str, str]:
    """Ours may be built for this processor; the bare one is what anybody gets from PyPI."""
    ours = probe(settings.capture.tessdata)
    return {
        "postroom": f"Tesseract {ours.version}, {'built here' if ours.built_here else 'from PyPI'}",
        "engine": f"tesserocr {version('tesserocr')} from PyPI",
    }


def _sample_mail(folder: Path, pages: int) -> Path:
    from samples.generate import write_samples

    folder.mkdir()
    write_samples(folder, max(4, pages // 2), seed=1)
    return folder


def _chosen(folder: Path, limit: int, settings: Settings, work: Path) -> list[_File]:
    """Whole files up to ``limit`` pages, with their pages made ready; one larger file if none fits."""
    (work / "prints").mkdir()
    chosen: list[_File] = []
    too_long: list[tuple[Path, int]] = []
    left = limit
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if left == 0:
            break
        count = _count(path)
        if count > left:
            too_long.append((path, count))
        elif count and (file := _ready(path, count, settings, work)):
            chosen.append(file)
            left -= count
    for path, count in too_long:
        if not chosen and (file := _ready(path, count, settings, work)):
            chosen.append(file)
    if not chosen:
        raise Usage(f"{folder}: no image or PDF in it can be read. Name a folder with scans.")
    return chosen


def _count(path: Path) -> int:
    if sniff(path) not in PAGED:
        return 0
    try:
        return inspect(path, PAGED, Station().page_limit).pages
    except Refused:
        return 0


def _ready(path: Path, count: int, settings: Settings, work: Path) -> _File | None:
    """The file with its pages as the contenders read them; None if one cannot be decoded."""
    stem = work / "prints" / f"{len(list((work / 'prints').iterdir())):06}"
    try:
        prints = [
            engine.make_ready(
                path, number, count, settings.capture, stem.with_name(f"{stem.name}-{number:06}")
            )
            for number in range(1, count + 1)
        ]
    except Exception:  # damaged: not one for comparing speed
        return None
    return _File(path, tuple(prints))


def _slices(files: list[_File], rounds: int) -> list[list[_File]]:
    """The files dealt into rounds of about as many pages each."""
    slices: list[list[_File]] = [[] for _ in range(min(rounds, len(files)))]
    for file in sorted(files, key=lambda one: -len(one.pages)):
        min(slices, key=lambda one: sum(len(other.pages) for other in one)).append(file)
    return slices


def _race(
    work: Path, home: Path, slices: list[list[_File]], settings: Settings, language: str, code: str
) -> tuple[dict[str, float], float]:
    """Wall seconds of each contender over all rounds, and Postroom's peak memory in MB."""
    tessdata, processes = settings.capture.tessdata, settings.processes
    with (
        engine.warm_engines(processes, language, settings.capture) as engines,
        _watching(work, home, language, processes) as mailroom,
    ):
        turns = [_turns(work, number, files, engines, mailroom, processes, code, tessdata)
                 for number, files in enumerate(slices)]  # fmt: skip
        names = list(turns[0])
        seconds = dict.fromkeys(names, 0.0)
        for number, turn in enumerate(turns):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                start = time.perf_counter()
                turn[name]()
                seconds[name] += time.perf_counter() - start
        mailroom.check(sum(len(file.pages) for files in slices for file in files))
        return seconds, mailroom.peak_mb


def _turns(
    work: Path, number: int, files: list[_File], engines: ProcessPoolExecutor, mailroom: "_Mailroom",
    processes: int, code: str, tessdata: Path,
) -> dict[str, Callable[[], None]]:  # fmt: skip
    """What each contender does in this round, with all that it needs laid out."""
    pages = [page for file in files for page in file.pages]
    texts = work / f"texts-{number}"
    texts.mkdir()
    whole = engine.joined(pages, work / f"slice-{number}.pdf")
    staged = mailroom.stage(f"round-{number}", [file.path for file in files])
    digital = any(page.digital for page in pages)
    return {
        "postroom": lambda: mailroom.file(staged, len(files), len(pages)),
        "engine": lambda: engine.bare_engine(engines, pages),
        "tesseract": lambda: engine.tesseract(pages, processes, code, tessdata, texts),
        "ocrmypdf": lambda: engine.ocrmypdf(whole, processes, code, tessdata, digital),
    }


class _Mailroom:
    """A running ``postroom intake`` and its drop folder."""

    def __init__(self, work: Path, home: Path, process: "subprocess.Popen[str]") -> None:
        self.station, self.peak_mb = work / "drop" / "scans", 0.0
        self._work, self._home, self._process = work, home, process
        self._released = 0

    def stage(self, name: str, files: list[Path]) -> Path:
        """Copy files to where renaming puts them into the station's folder at once."""
        folder = self._work / "staged" / name
        _copy(files, folder)
        return folder

    def file(self, staged: Path, files: int, pages: int) -> None:
        """Drop the files and wait until the last of them is filed, searchable and released."""
        from register.models import Batch

        self._released += files
        patience = time.monotonic() + 60 + pages * _SECONDS_A_PAGE
        with PeakMemory(self._process.pid, every=0.25) as peak:
            staged.rename(self.station / staged.name)
            while Batch.objects.filter(state=Batch.State.RELEASED).count() < self._released:
                time.sleep(_LOOK)
                if self._process.poll() is not None or time.monotonic() > patience:
                    log = (self._work / "postroom.log").read_text()[-2000:]
                    raise RuntimeError(f"Postroom did not file {staged.name} ({files} files): {log}")
        self.peak_mb = max(self.peak_mb, peak.megabytes)

    def check(self, pages: int) -> None:
        """Whether all these pages, beside those of the warm-up, have a fate and all entries are indexed."""
        from register.models import Entry, PageFate

        fates = PageFate.objects.filter(claim__source__contains="/round-").count()
        indexed = {number for number, _ in open_services(self._home).index.sequences()}
        missing = set(Entry.objects.values_list("number", flat=True)) - indexed
        if fates != pages or missing:
            raise RuntimeError(f"{fates} of {pages} pages have a fate; not searchable: {sorted(missing)}")


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, path in enumerate(files):
        (folder / f"{number:04}-{path.name}").write_bytes(path.read_bytes())


def _profile(folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = f'quiet_seconds = 0.1\nlanguages = ["{language}"]\nduplicate = "file"\n'
    (folder / "station.toml").write_text(text)


@contextmanager
def _watching(work: Path, home: Path, language: str, processes: int) -> Iterator[_Mailroom]:
    """``postroom intake`` without ``--once``, warmed up with some small pages."""
    open_services(home)
    _profile(work / "drop" / "scans", language)
    command = [POSTROOM, "--home", str(home), "intake", str(work / "drop"), "--json"]
    with (work / "postroom.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=log, text=True, env=environment()
        )
    try:
        mailroom = _Mailroom(work, home, process)
        warm = work / "warm"
        warm.mkdir()
        count = 4 * processes
        tiffs = [small_tiff(warm / f"{number}.tif", ["Warm up", f"page {number}"]) for number in range(count)]
        mailroom.file(mailroom.stage("warm-up", tiffs), count, 2 * count)
        mailroom.peak_mb = 0.0
        yield mailroom
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stages(work: Path, files: list[_File], language: str) -> dict[str, float]:
    """Stage shares of some of the files, evenly picked, in a home of their own."""
    home = work / "stages"
    home.mkdir()
    train_small(home)
    services = open_services(home)
    few: list[_File] = []
    for file in files[:: max(1, len(files) // _STAGE_PAGES)]:
        if not few or sum(len(one.pages) for one in (*few, file)) <= _STAGE_PAGES:
            few.append(file)
    for name, paths in (
        ("warm", [small_tiff(work / "warm.tif", ["Warm up"])]),
        ("real", [f.path for f in few]),
    ):
        _profile(work / name / "drop" / "scans", language)
        _copy(paths, work / name / "drop" / "scans" / "files")
    return stage_shares(services, work / "warm" / "drop", work / "real" / "drop")
