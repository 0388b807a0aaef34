import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.entry import Query
from domain.errors import Unavailable
from index.embedded import EmbeddedIndex
from index.port import Index
from tests.contracts.index_contract import IndexContract
from tests.contracts.mail import MAIL, entry, numbers


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    embedded = EmbeddedIndex(tmp_path / "home" / "index")
    yield embedded
    embedded.close()


class TestEmbeddedIndex(IndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make_index(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Index]:
        return lambda: EmbeddedIndex(tmp_path_factory.mktemp("home") / "index")


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip


def test_searching_makes_no_folder(index: EmbeddedIndex) -> None:
    index.search(Query("a"))
    index.remove([])
    assert not index.folder.parent.exists()


def test_another_reader_sees_each_commit(index: EmbeddedIndex) -> None:
    reader = EmbeddedIndex(index.folder)
    assert numbers(reader, "boiler") == []
    for one in MAIL:
        index.put([one])
        assert numbers(reader, one.number) == [one.number]
    index.remove([MAIL[0].number])
    assert numbers(reader, "boiler") == []


def test_erase_and_begin_again_under_a_reader(index: EmbeddedIndex) -> None:
    reader = EmbeddedIndex(index.folder)
    index.put(MAIL)
    assert len(list(reader.sequences())) == 4
    index.erase()
    assert list(reader.sequences()) == []
    index.put(MAIL[:1])
    assert [number for number, _ in reader.sequences()] == [MAIL[0].number]
    assert sorted(path.name for path in index.folder.parent.iterdir()) == ["index", "index.lock"]


def test_it_is_there_after_reopening(index: EmbeddedIndex) -> None:
    index.put(MAIL)
    index.close()
    again = EmbeddedIndex(index.folder)
    assert numbers(again, "boiler") == [MAIL[0].number]
    index.close()
    assert numbers(index, "boiler") == [MAIL[0].number]


def test_a_folder_of_something_else(index: EmbeddedIndex) -> None:
    index.folder.mkdir(parents=True)
    (index.folder / "letter.txt").write_text("mine")
    for act in (lambda: index.search(Query("a")), lambda: index.put(MAIL), lambda: list(index.sequences())):
        with pytest.raises(Unavailable, match=r"not an index of Postroom\. .*postroom rebuild --index"):
            act()
    assert (index.folder / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize("mark", ['{"mapping": 0}', '{"mapping": 99}', "", "[]", "\udcff"])
def test_another_version(index: EmbeddedIndex, mark: str) -> None:
    index.put(MAIL)
    index.close()
    (index.folder / "postroom-index.json").write_text(mark, errors="surrogateescape")
    for act in (lambda: index.search(Query("a")), lambda: index.put(MAIL), lambda: index.remove(["a"])):
        with pytest.raises(Unavailable, match="postroom rebuild --index"):
            act()
    index.erase()
    index.put(MAIL)
    assert numbers(index, "boiler") == [MAIL[0].number]


@pytest.mark.parametrize("suffix", ["meta.json", ".term", ".store", ".idx", ".fast", ".pos"])
@pytest.mark.parametrize("damage", ["cut", "gone", "zeros"])
def test_corrupt_files(index: EmbeddedIndex, suffix: str, damage: str) -> None:
    index.put(MAIL)
    index.close()
    for path in index.folder.iterdir():
        if path.name.endswith(suffix) and not path.name.startswith(("postroom", ".managed")):
            size = path.stat().st_size
            path.unlink()
            if damage != "gone":
                path.write_bytes(b"" if damage == "cut" else bytes(size))
    with pytest.raises(Unavailable, match="postroom rebuild --index"):
        index.search(Query("boiler"))
    index.erase()
    index.put(MAIL)
    assert numbers(index, "boiler") == [MAIL[0].number]


def test_a_writer_waits_then_gives_up(index: EmbeddedIndex) -> None:
    index.put(MAIL)
    hasty = EmbeddedIndex(index.folder, patience_seconds=0.05)
    with index._alone():
        with pytest.raises(Unavailable, match="written by another process"):
            hasty.put(MAIL)
        assert numbers(hasty, "boiler") == [MAIL[0].number]
        waiting = threading.Thread(target=index.remove, args=([MAIL[0].number],))
        waiting.start()
    waiting.join()
    assert numbers(hasty, "boiler") == []


PUT = """
import sys
from pathlib import Path
from index.embedded import EmbeddedIndex
from datetime import UTC, datetime
from domain.entry import IndexEntry

def entry(number, text, sequence=1):
    received = datetime(2026, 1, 1, tzinfo=UTC)
    return IndexEntry(number, sequence, received, None, None, None, "", "", "", (text,))

index, name = EmbeddedIndex(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    index.put([entry(f"{name}-{number}", f"the words of {name}"), entry("shared", name, sequence=number)])
    print(number, flush=True)
"""


def test_two_processes_put_at_once(index: EmbeddedIndex) -> None:
    writers = [python(PUT, index.folder, name, 8) for name in ("alpha", "beta")]
    while any(writer.poll() is None for writer in writers):
        index.search(Query("words"))  # a reader meanwhile meets no error
        time.sleep(0.02)
    assert [writer.communicate()[0].split() for writer in writers] == [[str(n) for n in range(8)]] * 2
    assert dict(index.sequences()) == {
        "shared": 7, **{f"{name}-{number}": 1 for name in ("alpha", "beta") for number in range(8)}
    }  # fmt: skip


def test_a_killed_writer_loses_nothing_committed(index: EmbeddedIndex) -> None:
    for round_, after in enumerate((1, 3, 2)):
        name = f"round{round_}"
        writer = python(PUT, index.folder, name, 1_000)
        assert writer.stdout
        said = [int(writer.stdout.readline()) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        said += [int(line) for line in writer.communicate()[0].split()]
        held = dict(index.sequences())
        assert {f"{name}-{number}" for number in said} <= set(held)
        assert len([number for number in held if number.startswith(name)]) <= len(said) + 1
        index.put([entry("after", name, sequence=round_)])
        assert numbers(index, f"{name} words", limit=0) == []
        assert index.search(Query(f"{name} words")).total >= len(said)


def test_what_is_stored_beside_it(index: EmbeddedIndex) -> None:
    index.put(MAIL)
    assert json.loads((index.folder / "postroom-index.json").read_text())["mapping"] == 2


def test_is_an_index(index: EmbeddedIndex) -> None:
    port: Index = index
    assert port is index
