"""Files that programs add to entries."""

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.instance import serve
from domain.errors import Unavailable
from infra.wiring import Services
from register.models import Batch
from tests.desk.conftest import Program
from tests.desk.test_api import told as problem
from tests.small import small_tiff

pytestmark = pytest.mark.usefixtures("services")
LETTER = {"subject": "Noise at night", "senders": ["Ada Ltd"], "department": "works"}


def handed_in(program: Program, number: str, path: Path, key: str = "", **said: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    with path.open("rb") as file:
        asked = {"file": file, **said}
        return program.client.post(f"/api/v1/entries/{number}/documents", asked, headers=headers)


def settled(program: Program, number: str) -> list[dict[str, Any]]:
    """What was handed in for the entry, once none of it is in work."""
    deadline = time.monotonic() + 60
    while True:
        items: list[dict[str, Any]] = program.ask("get", f"/entries/{number}/documents").json()["items"]
        if all(one["state"] in ("done", "released") for one in items):
            return items
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_file_becomes_a_document_of_the_entry(tmp_path: Path) -> None:
    ben = Program("ben")
    number = Program("ann").ask("post", "/entries", LETTER).json()["number"]
    paper = small_tiff(tmp_path / "statement.tif", ["Nightfall", "Page two"])
    made = handed_in(ben, number, paper, "k", reason="she sent it later")
    again = handed_in(ben, number, paper, "k", reason="she sent it later")
    assert (made.status_code, again.status_code) == (202, 202)
    assert (made.json()["batch"], made.json()["source"]) == (again.json()["batch"], "statement.tif")
    (done,) = settled(ben, number)
    assert done["batch"] == made.json()["batch"]
    shown = ben.ask("get", f"/entries/{number}").json()
    (document,) = shown["documents"]
    assert (document["pages"], document["page_account"][0]["source"]) == (2, "statement.tif")
    told = shown["history"][-1]
    assert (told["kind"], told["actor"]) == ("attached", "ben")
    assert told["content"]["reason"] == "she sent it later"
    pdf = ben.ask("get", f"/entries/{number}/pdf")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")
    pdf.close()
    original = ben.ask("get", f"/entries/{number}/original")
    assert b"".join(original.streaming_content) == paper.read_bytes()
    original.close()
    assert original["Content-Disposition"] == 'attachment; filename="statement.tif"'
    assert problem(ben.ask("get", f"/entries/{number}/original?file=2"))[0] == 404
    newer = small_tiff(tmp_path / "b.tif", ["Nightfall again"])
    handed_in(ben, number, newer, replaces=document["document"])
    settled(ben, number)
    last = ben.ask("get", f"/entries/{number}").json()["documents"][-1]
    assert last["replaces"] == document["document"]
    for asked, paper_of in (("", newer), (f"?document={document['document']}", paper)):
        original = ben.ask("get", f"/entries/{number}/original{asked}")
        assert b"".join(original.streaming_content) == paper_of.read_bytes()
        found = ben.ask("get", f"/entries/{number}/pdf{asked}")
        assert b"".join(found.streaming_content).startswith(b"%PDF-")
        original.close()
        found.close()
    for kind in ("pdf", "original"):
        assert problem(ben.ask("get", f"/entries/{number}/{kind}?document=none"))[0] == 404


def test_what_cannot_be_added(services: Services, tmp_path: Path) -> None:
    ann, ben = Program("ann"), Program("ben")
    hidden = ann.ask("post", "/entries", {**LETTER, "department": "legal"}).json()["number"]
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    paper = small_tiff(tmp_path / "a.tif", ["A"])
    assert handed_in(ben, hidden, paper).status_code == 404
    assert ben.ask("get", f"/entries/{hidden}/documents").status_code == 404
    assert handed_in(ben, number, paper, replaces="none").status_code == 404
    assert ben.client.post(f"/api/v1/entries/{number}/documents", {}).status_code == 422
    large = io.BytesIO(b"x" * ((services.settings.desk.upload_mb << 20) + 1))
    large.name = "large.pdf"
    assert ben.client.post(f"/api/v1/entries/{number}/documents", {"file": large}).status_code == 413
    assert not Batch.objects.exists()


def test_what_cannot_be_read_is_told_by_the_exceptions(tmp_path: Path) -> None:
    ann = Program("ann")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    assert handed_in(ann, number, broken).status_code == 202
    (done,) = settled(ann, number)
    assert done["source"] == "broken.pdf"
    assert ann.ask("get", f"/entries/{number}").json()["documents"] == []


def test_what_is_left_to_workers_is_in_the_archive_before_the_answer(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = services.settings.model_copy(update={"leaves_to_workers": True})
    serve(replace(services, settings=settings))
    ann = Program("ann")
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    paper = small_tiff(tmp_path / "statement.tif", ["Nightfall"])
    twice = [handed_in(ann, number, paper, "k").json() for _ in range(2)]
    batch = Batch.objects.get()
    assert twice == [{"batch": batch.pk, "source": "statement.tif", "state": "kept"}] * 2
    assert services.archive.read(batch.claims.get().original) == paper.read_bytes()
    assert batch.chunks.count() == 1
    assert list(services.spool.iterdir()) == []

    def down(*_: object, **__: object) -> None:
        raise Unavailable("the archive is down")

    monkeypatch.setattr(services.archive, "put", down)
    assert handed_in(ann, number, paper, "another").status_code == 503
    assert Batch.objects.count() == 1
