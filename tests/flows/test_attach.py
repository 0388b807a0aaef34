"""Files that people add to an entry: read as scanned ones are, with versions."""

import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.attachment import Attachment
from domain.correspondence import Details, Direction
from domain.entry import Query
from domain.errors import Missing, Unavailable, Usage
from domain.office import Department, Post, Role, User
from flows import attach as attaching
from flows.attach import attach, hand_over
from flows.chunks import reconcile
from flows.intake import intake
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.verify import verify
from infra.database import disconnect
from infra.wiring import Services, open_services
from register import batches, contents, decisions, entries, problems, views
from register import office as office_of
from register.acts import Act
from register.models import Batch, Entry
from register.receipts import receipt_of
from tests.flows.floor import Floor, on_both
from tests.flows.test_intake import labelled
from tests.small import small_tiff

NOW = datetime.now(UTC)
EVA = Act("eva", NOW, "she sent it later")


def entered(services: Services) -> str:
    letter = Details(subject="Noise at night", senders=("Ada",))
    return entries.enter(Direction.INCOMING, letter, EVA, zone=services.settings.zone).number


def documents(number: str) -> list[tuple[str, str | None, list[str]]]:
    return [(one["document"], one["replaces"], one["replaced_by"]) for one in views.show(number)["documents"]]


def test_a_file_becomes_a_document_of_the_entry_and_has_versions(
    office: tuple[Services, Path], tmp_path: Path
) -> None:
    services, _ = office
    number = entered(services)
    first = small_tiff(tmp_path / "statement.tif", ["Nightfall", "Page two"])
    # A number on one of its pages is only spoken of: the file stays whole, and with its entry.
    second = labelled(tmp_path / "second.png", entered(services))

    done = attach(services, number, [first], EVA)
    assert (done.failures, first.exists()) == ([], True)
    ((old, _, _),) = documents(number)
    attach(services, number, [second], EVA, replaces=old)

    (_, _, (new,)), newer = documents(number)
    assert newer == (new, old, [])
    receipt = receipt_of(Entry.objects.get(number=number), "", zone=services.settings.zone, at=NOW)
    assert (receipt.pages, [one.name for one in receipt.files]) == (1, ["second.png"])  # as it stands now
    shown = views.show(number)
    assert [one["source"] for one in shown["documents"][0]["page_account"]] == [str(first)] * 2
    told = [
        (one["kind"], one["actor"], one["content"]["reason"], one["content"].get("replaces"))
        for one in shown["history"]
    ]
    assert told == [
        ("entered", "eva", "she sent it later", None),
        ("attached", "eva", "she sent it later", ""),
        ("attached", "eva", "she sent it later", old),
    ]
    entry = views.entry(number)
    assert contents.original_keys(entry) == contents.original_keys(entry, new)
    assert contents.original_keys(entry, old) == [(contents.original_keys(entry, old)[0][0], str(first))]
    with pytest.raises(Missing, match=f"{number} has no document x"):
        contents.object_key(entry, ("pdfa",), "x")
    assert [hit.number for hit in services.index.search(Query("nightfall")).hits] == [number]
    assert verify(services)["ok"]
    with pytest.raises(Usage, match=f"{old} has a newer version: replace {new}"):
        attach(services, number, [first], EVA, replaces=old)


def test_a_killed_attachment_is_carried_on_and_comes_back_from_the_archive(
    office: tuple[Services, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    number = entered(services)
    file = small_tiff(tmp_path / "statement.tif", ["Nightfall"])
    attaching._handed_in(services, "IN", file, file, Attachment(number, "eva", "late"))
    assert intake(services, drop, once=True, stop=threading.Event()).failures == []
    ((old, _, _),) = documents(number)
    attach(services, number, [file], EVA, replaces=old)  # the same bytes, as somebody says
    before = views.show(number)
    home = tmp_path / "new machine"
    shutil.copytree(services.home / "archive", home / "archive")
    disconnect()
    monkeypatch.delenv("POSTROOM_DATABASE__URL", raising=False)
    monkeypatch.delenv("POSTROOM_HOME", raising=False)
    assert rebuild(open_services(home))["differences"] == []
    assert views.show(number) == before


def test_what_cannot_be_attached(office: tuple[Services, Path], tmp_path: Path) -> None:
    services, _ = office
    number = entered(services)
    file, broken = small_tiff(tmp_path / "a.tif", ["One"]), tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    office_of.put("department", Department("works"), EVA)
    office_of.put("user", User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)), EVA)
    ben = Act("ben", NOW, rights=office_of.rights_of(decisions.office(), "ben", NOW.date()))
    for act, kind, problem in ((ben, Missing, "There is no entry"), (EVA, Missing, "There is no entry IN-0")):
        with pytest.raises(kind, match=problem):
            attach(services, number if act is ben else "IN-0", [file], act)
    with pytest.raises(Usage, match=r"nothing\.tif is no file"):
        attach(services, number, [file, tmp_path / "nothing.tif"], EVA)
    with pytest.raises(Missing, match=f"{number} has no document x"):
        attach(services, number, [file], EVA, replaces="x")
    with pytest.raises(Usage, match="A new version is one file"):
        attach(services, number, [file, file], EVA, replaces="x")
    assert batches.unfinished(services.host) == []
    attach(services, number, [broken], EVA)
    (refused,) = problems.open_problems()
    assert refused.claim.source == str(broken)
    assert documents(number) == []
    entries.strike(number, EVA)
    with pytest.raises(Usage, match=f"{number} is void"):
        attach(services, number, [file], EVA)


@on_both
def test_what_is_handed_over_is_filed_by_a_worker_and_released_by_anybody(
    office: tuple[Services, Path], floor: Floor, tmp_path: Path
) -> None:
    services, _ = office
    number = entered(services)
    paper = small_tiff(tmp_path / "statement.tif", ["Nightfall", "Page two"])
    batch = hand_over(services, number, paper, EVA, source=Path("statement.tif"))
    assert (batch.state, (services.spool / batch.key).exists()) == ("kept", False)
    assert reconcile(services, floor.ask, floor.ask) == 1  # nobody was asked: the indexer does
    floor.run()
    assert floor.log == ["batch"]
    deliver(replace(services, host="another"))
    assert batches.reload(batch).state == "released"
    assert len(documents(number)) == 1
    assert verify(services)["ok"]


def test_what_the_archive_does_not_take_is_not_handed_over(
    office: tuple[Services, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, _ = office
    number = entered(services)

    def down(*_: object, **__: object) -> None:
        raise Unavailable("the archive is down")

    monkeypatch.setattr(services.archive, "put", down)
    with pytest.raises(Unavailable, match="the archive is down"):
        hand_over(services, number, small_tiff(tmp_path / "a.tif", ["A"]), EVA)
    assert not Batch.objects.exists()
    assert list(services.spool.iterdir()) == []
