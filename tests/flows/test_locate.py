"""From a hit to its document, page and boxes, on either engine, over mail that was really taken in."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from archive.local import LocalArchive
from archive.port import Damaged
from domain.document import DocumentText
from domain.entry import Hit, Query
from domain.errors import Unavailable
from domain.page import Page, Word
from domain.wire import from_json
from flows.intake import intake
from flows.locate import Place, locate, matching
from flows.rebuild import rebuild_index
from index.query import parse
from index.snippets import Finder
from infra.database import disconnect
from infra.wiring import Services, open_services
from letters.typeset import barcode_image, compile_pdf
from register import contents, views
from register.models import Document
from tests.servers import fresh_name
from tests.small import train_small

POSTROOM = Path(sys.executable).with_name("postroom")
_A4 = (595.28, 841.89)  # points
_MARGIN = 40
_PLACED = (300, 500)  # where one word stands alone, right and down of the margins
_LETTER = (
    "Sehr geehrte Frau Meyer, wir danken Ihnen für Ihre Anfrage und senden Ihnen die Unterlagen.",
    "Die Anlage liegt diesem Schreiben bei. Bitte prüfen Sie die Angaben und senden Sie alles zurück.",
)
_ATTACHED = (
    (
        "Die Überweisungen zu Ihrem Zeichen 2024/0815-B sind in Zürich eingegangen. Die Weichen, Herr Meier: "
        "Konto DE89 3704 0044 0532 0130 00. Die Filiale Zürich schickt Ihnen Kontoaus-#linebreak()züge."
        f"#place(top + left, dx: {_PLACED[0]}pt, dy: {_PLACED[1]}pt)[Kantonalbank]"
    ),
    "Wir bedanken uns für Ihre freundlichen Zeilen und verbleiben mit freundlichen Grüßen.",
)
_OTHER = (
    "Wir bestätigen den Eingang Ihrer Bestellung und senden Ihnen die Lieferung in der nächsten Woche.",
)


@dataclass(frozen=True, slots=True)
class Office:
    """An entry of two documents of two pages each, ``documents`` in order, and another entry."""

    services: Services
    number: str
    other: str
    documents: tuple[str, str]


def write_pdf(path: Path, pages: tuple[str, ...], head: str = "") -> None:
    style = '#set page(paper: "a4", margin: 0pt)\n#set text(font: "Source Sans 3", 11pt, hyphenate: false)\n'
    path.write_bytes(
        compile_pdf(style + head + "\n#pagebreak()\n".join(f"#pad({_MARGIN}pt)[{one}]" for one in pages)).pdf
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home, drop = tmp_path_factory.mktemp("located") / "home", tmp_path_factory.mktemp("drop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_PROCESSES", "1")
        services = open_services(home)
        train_small(home)

        def take() -> list[Document]:
            done = intake(services, drop, once=True, stop=threading.Event())
            assert done.failures == []
            return views.filed_in(done.batches)

        write_pdf(drop / "letter.pdf", _LETTER)
        (first,) = take()
        label = barcode_image(first.entry.number, "Code128", "8cm", "1.5cm")
        write_pdf(drop / "attached.pdf", _ATTACHED, f"#place(bottom + left, dx: 60pt, dy: -60pt)[{label}]\n")
        write_pdf(drop / "other.pdf", _OTHER)
        assert len(take()) == 2
        yield home
        disconnect()


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def office(request: pytest.FixtureRequest, home: Path) -> Iterator[Office]:
    """The same register and archive, searched by either engine, also by commands."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "elasticsearch":
            patch.setenv("POSTROOM_INDEX__URL", request.getfixturevalue("elasticsearch").url)
            patch.setenv("POSTROOM_INDEX__NAME", fresh_name())
        services = open_services(home)
        if request.param == "elasticsearch":
            assert rebuild_index(services) == 2
        keys: dict[str, list[str]] = {}
        for one in Document.objects.select_related("entry").order_by("id"):
            keys.setdefault(one.entry.number, []).append(one.key)
        (number, (first, second)), (other, _) = keys.items()
        yield Office(services, number, other, (first, second))
        services.index.close()


def search(office: Office, query: str) -> tuple[Hit, ...]:
    return office.services.index.search(Query(query)).hits


def words(office: Office, document: int, page: int, *texts: str) -> tuple[Word, ...]:
    """The words of a page, as the archive holds it, that read so; each text is there."""
    (key,) = [
        one["key"]
        for one in views.show(office.number)["documents"][document - 1]["objects"]
        if one["role"] == "text"
    ]
    found = from_json(DocumentText, office.services.archive.read(key)).pages[page - 1].words
    chosen = tuple(word for word in found if word.text in texts)
    assert {word.text for word in chosen} == set(texts)
    return chosen


@pytest.mark.parametrize(
    ("query", "document", "page", "texts"),
    [
        ("Kantonalbank", 2, 1, ["Kantonalbank"]),
        ("anlage", 1, 2, ["Anlage"]),
        ("zurich", 2, 1, ["Zürich"]),
        ("Überweisung", 2, 1, ["Überweisungen"]),
        ("unterlage", 1, 1, ["Unterlagen."]),
        ("zeichen", 2, 1, ["Zeichen"]),
        ("kontoauszüge", 2, 1, ["Kontoaus-", "züge."]),
        ("2024/0815-B", 2, 1, ["2024/0815-B"]),
        ("20240815b", 2, 1, ["2024/0815-B"]),
        ("0815", 2, 1, ["2024/0815-B"]),
        ("DE89 3704 0044 0532 0130 00", 2, 1, ["DE89", "3704", "0044", "0532", "0130", "00."]),
        ("de89370400440532013000", 2, 1, ["DE89", "3704", "0044", "0532", "0130", "00."]),
        ("Kantonalbamk -Gras überweisung", 2, 1, ["Kantonalbank", "Überweisungen"]),
        # "Meyer" stands in the first document; the second has a "Meier" only.
        ("Meyer Konto Überweisung", 2, 1, ["Konto", "Überweisungen"]),
    ],
)
def test_a_hit_names_document_page_and_boxes(
    office: Office, query: str, document: int, page: int, texts: list[str]
) -> None:
    (hit,) = hits = search(office, query)
    assert (hit.number, hit.page) == (office.number, 2 * (document - 1) + page)
    expected = Place(office.documents[document - 1], page, words(office, document, page, *texts))
    assert locate(office.services, query, hits) == [expected]


def test_a_phrase_is_only_where_its_words_stand_together(office: Office) -> None:
    query = '"mit freundlichen grüßen"'
    hits = search(office, query)
    before, *phrase = words(office, 2, 2, "mit", "freundlichen", "Grüßen.")
    assert before.text == "freundlichen"
    assert locate(office.services, query, hits) == [Place(office.documents[1], 2, tuple(phrase))]


def test_a_box_is_where_the_word_stands_on_the_sheet(office: Office) -> None:
    query = "Kantonalbank"
    (place,) = locate(office.services, query, search(office, query))
    assert place.words
    (word,) = place.words
    assert word.box[:2] == pytest.approx(
        [(_MARGIN + at) / size for at, size in zip(_PLACED, _A4, strict=True)], abs=0.005
    )


@pytest.mark.parametrize("query", ["", "number:IN"])
def test_what_no_page_has_is_nowhere(office: Office, query: str) -> None:
    hits = search(office, query)
    assert [hit.page for hit in hits] == [None, None]
    assert locate(office.services, query, hits) == [Place(), Place()]


def test_every_hit_of_a_search_has_its_own(office: Office) -> None:
    query = "senden"
    hits = search(office, query)
    places = dict(zip([hit.number for hit in hits], locate(office.services, query, hits), strict=True))
    (here,) = words(office, 1, 1, "senden")
    (there,) = places.pop(office.other).words or ()
    assert places == {office.number: Place(office.documents[0], 1, (here,))}
    assert there.text == "senden"


def text_of(office: Office, tmp_path: Path) -> tuple[Services, Path]:
    """The office with an archive of its own, and where the text of the entry's first document lies there."""
    archive = LocalArchive(tmp_path / "archive")
    shutil.copytree(office.services.home / "archive", archive.root)
    text = contents.texts(views.entry(office.number))[0]
    return replace(office.services, archive=archive), archive.root / text.key


def test_an_object_that_is_gone_or_altered_is_said_of_its_hit(office: Office, tmp_path: Path) -> None:
    query = "senden"
    hits = search(office, query)
    spoilt, text = text_of(office, tmp_path)
    key = text.relative_to(spoilt.archive.root).as_posix()  # type: ignore[attr-defined]
    numbers = [hit.number for hit in hits]
    other = locate(office.services, query, hits)[numbers.index(office.other)]

    def told() -> Place:
        places = dict(zip(numbers, locate(spoilt, query, hits), strict=True))
        assert places.pop(office.other) == other
        return places[office.number]

    text.chmod(0o600)
    text.write_bytes(text.read_bytes().replace(b"senden", b"sinken"))
    altered = f"{key} in the archive is not what was put there. See: postroom verify"
    assert told() == Place(office.documents[0], 1, None, altered)
    text.unlink()
    gone = f"No object {key} in the archive {tmp_path / 'archive'}"
    assert told() == Place(office.documents[0], 1, None, gone)


class Failing(LocalArchive):
    """An archive that gives an error for every object."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(Path("/nowhere"))
        self.error = error

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        raise self.error


def test_a_damaged_object_is_said_and_a_silent_archive_ends_it(office: Office) -> None:
    hits = search(office, "Kantonalbank")
    damaged = replace(office.services, archive=Failing(Damaged("its bytes are others")))
    assert locate(damaged, "Kantonalbank", hits) == [
        Place(office.documents[1], 1, None, "its bytes are others")
    ]
    silent = replace(office.services, archive=Failing(Unavailable("it does not answer")))
    with pytest.raises(Unavailable, match="it does not answer"):
        locate(silent, "Kantonalbank", hits)


def test_a_page_that_the_register_does_not_have_is_said(office: Office) -> None:
    (hit,) = search(office, "Kantonalbank")
    strange = [replace(hit, page=5), replace(hit, number="IN-2026-999999-0")]
    assert locate(office.services, "Kantonalbank", strange) == [
        Place(words=None, reason="the register has no page 5 of this entry"),
        Place(words=None, reason="the register has no page 3 of this entry"),
    ]


def test_words_are_told_apart_however_their_letters_are_composed() -> None:
    texts = ("Zu\u0308rich", "Rech\u00adnung", "a\0b", "Ziel")
    page = Page(
        1, 595, 842, 200,
        words=tuple(Word(text, (0.1 * at, 0, 0.1, 0.1), 0.9, at // 2) for at, text in enumerate(texts)),
    )  # fmt: skip
    for query, at in (("zürich", 0), ("rechnung", 1), ("b", 2), ("ziel", 3)):
        assert matching(Finder(parse(query) or ()), page, "de") == (page.words[at],)


def asked(office: Office, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [POSTROOM, "--home", office.services.home, "search", *words, "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_command_adds_them_only_when_asked(office: Office) -> None:
    plain, boxes = asked(office, "Kantonalbank"), asked(office, "Kantonalbank", "--boxes")
    (word,) = words(office, 2, 1, "Kantonalbank")
    (hit,) = plain["hits"]
    assert list(hit) == ["number", "class", "score", "page", "snippet", "subject"]
    assert boxes["hits"] == [
        {
            **hit,
            "document": office.documents[1],
            "document_page": 1,
            "boxes": [{"text": "Kantonalbank", "box": list(word.box)}],
            "reason": None,
        }
    ]


def test_without_boxes_the_archive_and_the_register_are_left_alone(office: Office, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(office.services.home / "index", home / "index")
    elsewhere = replace(office, services=replace(office.services, home=home))
    assert asked(elsewhere, "Kantonalbank")["hits"] == asked(office, "Kantonalbank")["hits"]
    assert [path.name for path in home.glob("*") if path.name not in ("index", "host")] == []


def test_people_are_told_in_a_line(office: Office) -> None:
    done = subprocess.run(
        [POSTROOM, "--home", office.services.home, "search", "Kantonalbank", "--boxes"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert f"page 1 of document {office.documents[1]}: Kantonalbank\n" in done.stdout


def test_a_page_is_read_in_the_language_of_its_own_document(office: Office) -> None:
    (hit,) = search(office, "Überweisung")
    first = Document.objects.filter(key=office.documents[0])
    first.update(language="en")
    try:
        (place,) = locate(office.services, "Überweisung", [hit])
    finally:
        first.update(language="de")
    assert place == Place(office.documents[1], 1, words(office, 2, 1, "Überweisungen"))
