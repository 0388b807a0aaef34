import subprocess
import sys
from pathlib import Path

import pytest

from capture.tools.tesseract import BUILT, CODES, find_tessdata, language_code, probe
from domain.errors import Usage


def test_language_data_is_found_where_it_is(tmp_path: Path) -> None:
    empty, full, other = (tmp_path / name for name in ("empty", "full", "other"))
    for folder in (empty, full, other):
        folder.mkdir()
    for folder in (full, other):
        (folder / "eng.traineddata").touch()
    assert find_tessdata(places=(tmp_path / "none", empty, full, other)) == full
    assert find_tessdata(other, places=(full,)) == other
    with pytest.raises(
        Usage, match=f"no Tesseract language data in {empty}: apt-get install tesseract-ocr-eng"
    ):
        find_tessdata(empty, places=(full,))


def test_languages_by_their_iso_codes(tmp_path: Path) -> None:
    (tmp_path / "deu.traineddata").touch()
    assert language_code("de", tmp_path) == "deu"
    with pytest.raises(Usage, match=r"no language data for 'fr' .*: apt-get install tesseract-ocr-fra"):
        language_code("fr", tmp_path)
    with pytest.raises(Usage, match="no Tesseract language for 'xx': use one of bg, ca"):
        language_code("xx", tmp_path)


def test_probe() -> None:
    tessdata = find_tessdata()
    found = probe(tessdata)
    assert found.tessdata == tessdata
    assert found.version[0].isdigit()
    assert found.built_here is BUILT.is_dir()
    assert "en" in found.languages
    assert set(found.languages) <= set(CODES)


def with_the_engine_loaded(code: str) -> str:
    """What ``code`` prints in a process of its own, after the engine."""
    load = "from capture.tools.tesseract import binding; binding().tesseract_version()"
    return subprocess.run(
        [sys.executable, "-c", f"{load}\n{code}"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_the_engine_built_here_is_the_one_that_reads() -> None:
    """Not one of another clone, whose place a cached build of the binding may still have in it."""
    maps = with_the_engine_loaded("print(open('/proc/self/maps').read())")
    loaded = {line.split()[-1] for line in maps.splitlines() if "libtesseract" in line}
    assert loaded
    assert not BUILT.is_dir() or all(Path(one).is_relative_to(BUILT.parent) for one in loaded)


def test_the_engine_leaves_the_arithmetic_of_the_process_alone() -> None:
    """``-ffast-math`` would make the smallest numbers 0 in every library."""
    with_the_engine_loaded("import sys; assert sys.float_info.min / 2 > 0")
