"""The database's roles on a real server: the register works with them, and history stays history."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.correspondence import Confidentiality
from domain.document import Fate, FateKind
from domain.office import CustomField, Deadline, Department, Rule, User
from domain.working_time import Calendar, opening_hours
from infra.database import connect, disconnect
from register import (
    batches,
    checks,
    chunks,
    decisions,
    inbox,
    office,
    outbox,
    postings,
    problems,
    review,
    seals,
    timing,
)
from register.acts import Act
from register.clocks import settle
from register.filing import NewProblem, close
from register.firing import fire
from register.followers import FOLLOWERS
from register.following import Desk, follow
from register.history import breaks
from register.models import Chunk, Document, Event, StoredObject
from tests.databases import settings
from tests.infra.deploy_database import FORBIDDEN, PASSWORD, PROCESSES, SQL, Laid, refused
from tests.register.filings import AT, file_one, open_batch
from tests.register.test_resplits import resplit


@pytest.fixture(params=PROCESSES)
def register(request: pytest.FixtureRequest, laid: Laid, tmp_path: Path) -> Laid:
    """The register as one of the processes opens it."""
    connect(tmp_path, settings(laid.url(request.param)))
    return laid


def file_a_batch() -> Document:
    batch = open_batch(pages=3)
    document = file_one(batch, 0, ((0, 1), (0, 2)))
    fate = Fate(0, 3, FateKind.REFUSED, reason="damaged")
    close(batch, [fate], [NewProblem(0, 3, "damaged", "scan again")])
    return document


def test_all_the_work_can_be_done(register: Laid) -> None:
    document = file_a_batch()
    attached = file_one(open_batch("more.pdf", pages=1), 0, ((0, 1),), attach_to=document.entry.number)
    assert attached.entry == document.entry
    review.label(document.key, "invoice", actor="ada", at=AT)
    key, trusted = seals.key(lambda: ["a card"])
    assert (len(key), trusted) == (32, frozenset({"a card"}))
    seals.trust("another card")
    told = {"guess": "form", "probability": 0.9, "alternatives": [], "model": "v2"}
    assert not review.judge_again(document, "form", dict(told), at=AT)
    review.forget(document.key, reason="erased", actor="ada", at=AT)
    with outbox.lease("publish", "here", lambda holder: False) as held:
        assert held
        waiting = outbox.pending(50)
        outbox.failed(waiting, "the index does not answer")
        outbox.set_aside(waiting[0], "it cannot be delivered as it is")
        outbox.hurry()
        outbox.recorded(
            waiting, [StoredObject(key="register/x/1.json", sha256="ab" * 32, size=2, role="record")]
        )
        outbox.delivered(waiting)
    assert outbox.pending(50) == []
    (problem,) = problems.open_problems()
    batch = problems.retry(problem.pk)
    (chunk,) = chunks.open_chunks(batch, Chunk.Stage.BATCH, [chunks.Share(0)])
    held_chunk = chunks.take(chunk.pk, "worker 1", 45)
    assert held_chunk
    assert chunks.beat(held_chunk)
    assert chunks.done(held_chunk, {"problems": []})
    close(batch, [Fate(0, 3, FateKind.BLANK)], [])
    chunks.forget(batch)
    objects = checks.longest_unchecked(checks.begin(), 10)
    checks.record([key for key, _ in objects], {})
    batches.release(batches.reload(batch))
    assert Event.objects.count() == 4
    # One document goes on in its entry, the other gets one; the class that a person gave goes with both.
    batch = resplit(batches.reload(batch), "2-3")
    kinds = [one.kind for one in Event.objects.order_by("sequence")]
    assert kinds[4:] == ["attached", "labelled", "registered", "labelled", "withdrawn"]
    resplit(batch, "1-3")
    assert Event.objects.filter(kind="voided").count() == 1
    timing.note(0.1, 0.01, "ntp.example.org", AT)
    kept = StoredObject(key="office/stamps/IN/000000001.tsr", sha256="cd" * 32, size=1, role="time stamp")
    timing.stamped(Event.objects.earliest("id"), AT, "An authority", b"x", kept)
    assert [len(token) for _, token in timing.stamps()] == [1]
    assert list(breaks()) == []


@pytest.mark.parametrize("role", PROCESSES)
def test_what_comes_in_is_routed(laid: Laid, tmp_path: Path, role: str) -> None:
    connect(tmp_path, settings(laid.url("postroom_owner")))
    act = Act("owner", AT)
    office.put("department", Department("works"), act)
    office.put("user", User("ben", email="ben@example.org", clearance=Confidentiality.CONFIDENTIAL), act)
    then: dict[str, str | tuple[str, ...]] = {
        "assign": "works/ben", "priority": "high", "confidentiality": "confidential", "tags": ("new",),
        "notify": ("ben",), "language": "de", "location": "shelf 3", "fields": ("plot=12",),
    }  # fmt: skip
    office.put("field", CustomField("plot"), act)
    office.put("rule", Rule("all", 1, "true", then), act)
    office.put("deadline", Deadline("soon", hours=4, remind=(1,), escalate="/ben"), act)
    disconnect()
    connect(tmp_path, settings(laid.url(role)))
    entry = file_a_batch().entry
    assert follow(Desk(decisions.office(), ZoneInfo("UTC")), FOLLOWERS) == 2
    entry.refresh_from_db()
    assert (entry.department, entry.person, entry.status) == ("works", "ben", "assigned")
    assert (entry.priority, entry.confidentiality, entry.tags) == ("high", "confidential", ["new"])
    assert (entry.language, entry.location, entry.custom) == ("de", "shelf 3", {"plot": "12"})
    postings.ripen(AT, AT)
    went, fails = postings.due("mail", AT, 9)
    postings.went([went], AT)
    postings.rest("mail", "", AT, "it does not answer")
    postings.answered("mail", "")
    postings.give_up([fails], "no such user")
    assert postings.retry([fails.pk], AT) == 1
    (told,) = inbox.inbox(office.rights_of(decisions.office(), "ben", AT.date()), 1)
    inbox.read([told.pk], office.rights_of(decisions.office(), "ben", AT.date()), AT)
    always = Calendar(ZoneInfo("UTC"), opening_hours("Mon-Sun 00:00-24:00"))
    desk = Desk(decisions.office(), ZoneInfo("UTC"), calendar=always)
    assert settle(desk) == 1
    assert [one.what for one in fire(desk, AT + timedelta(days=9))] == ["passed"]
    assert follow(desk, FOLLOWERS) == 1


def test_nothing_else_can_be_done(register: Laid, laid: Laid) -> None:
    file_a_batch()
    disconnect()
    for role in PROCESSES:
        tried = {what: refused(laid.url(role), statement) for what, statement in FORBIDDEN.items()}
        assert tried == dict.fromkeys(FORBIDDEN, True)


def test_a_reader_reads(laid: Laid, tmp_path: Path) -> None:
    connect(tmp_path, settings(laid.url("postroom_worker")))
    file_a_batch()
    disconnect()
    reader = laid.url("postroom_reader")
    with psycopg.connect(reader) as connection:
        assert connection.execute("SELECT count(*) FROM register_event").fetchone() == (1,)
    assert refused(reader, "INSERT INTO register_lease VALUES ('x', 'y', now())")
    assert {what: refused(reader, statement) for what, statement in FORBIDDEN.items()} == dict.fromkeys(
        FORBIDDEN, True
    )


def test_nobody_else_comes_in(laid: Laid) -> None:
    with psycopg.connect(laid.superuser, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS somebody")
        connection.execute(f"CREATE ROLE somebody LOGIN PASSWORD '{PASSWORD}'".encode())
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(laid.url("somebody"))


def test_a_new_table_is_closed_until_it_stands_in_the_grants(laid: Laid) -> None:
    with psycopg.connect(laid.url("postroom_owner")) as connection:
        connection.execute("CREATE TABLE register_later (id int)")
        connection.execute("GRANT INSERT ON register_later TO postroom_app")
        connection.commit()
        connection.execute((SQL / "grants.sql").read_bytes())
    assert refused(laid.url("postroom_worker"), "INSERT INTO register_later VALUES (1)")
    assert not refused(laid.url("postroom_worker"), "SELECT * FROM register_later")
