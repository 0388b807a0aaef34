"""Rebuild: the index from the register and the archive, or the register from the archive alone."""

from collections.abc import Iterable
from typing import Any

import structlog

from archive.keys import (
    REGISTER,
    batch_record_key,
    heads_key,
    party_record_key,
    record_key,
    record_prefix,
)
from archive.port import Damaged, NotFound
from domain.entry import IndexEntry
from domain.errors import Unavailable, Usage
from domain.numbers import Place, read, written
from flows import certify, heads, records
from flows.behind import not_behind
from flows.migrate import migrate
from flows.publish import publishing, to_index
from index.port import Rejected
from infra.wiring import Services
from register import account, comparing, decisions, history, outbox, party_following, party_history, restoring
from register.following import came_back
from register.indexing import index_entry
from register.models import Outbox
from register.numbering import form_of
from register.numbers import HISTORY, OFFICE, PARTIES
from register.restoring import RUN, Difference, Story
from register.restoring_batches import Home, add_batches, add_twins, given, settle
from register.restoring_entries import add_entries
from register.restoring_office import add_decisions
from register.restoring_parties import add_parties, settle_parties, tells_of_pairs

log = structlog.get_logger()
_ENTRIES = 50  # put with one commit of the index
_OF_PAIRS = ("sequence", "party", "kind", "content")


def rebuild_index(services: Services, differences: list[Difference] | None = None) -> int:
    """Make the index anew: every entry as its last delivered change left it; returns how many.

    Elasticsearch is searched meanwhile as it was. With ``differences``, what an entry lacks goes there, and
    the entry is held without it.

    Raises:
        Usage: the register is older than the archive.
        Unavailable: a publisher is at work; it would put what is then taken away.
    """
    if differences is None:
        not_behind(services)
    if differences is None and services.settings.index.url:
        return int(migrate(services, anew=True)["put"])
    count = 0
    with publishing() as (held, renew):
        if not held:
            raise Unavailable("The intake is publishing now. Try again in a moment.")
        services.index.erase()
        for rows in outbox.latest(_ENTRIES):
            renew()
            if differences is None:
                services.index.put([to_index(services, row) for row in rows])
                count += len(rows)
            else:
                count += _put(services, [_entry(services, row, differences) for row in rows], differences)
    return count


def _entry(services: Services, row: Outbox, differences: list[Difference]) -> IndexEntry:
    assert row.entry
    try:
        return to_index(services, row)
    except (NotFound, Damaged, ValueError) as error:
        reason = f"found without the text of its pages: {str(error).splitlines()[0]}"
        differences.append(Difference(record_key(row.entry.number, row.sequence), reason))
        return index_entry(row, (), services.settings.zone)


def _put(services: Services, entries: list[IndexEntry], differences: list[Difference]) -> int:
    try:
        services.index.put(entries)
    except Rejected as error:
        for number, reason in error.reasons.items():
            differences.append(Difference(record_prefix(number), f"the index turned it away: {reason}"))
        return len(entries) - len(error.reasons)
    return len(entries)


def rebuild(services: Services, *, sizes_only: bool = False) -> dict[str, Any]:
    """Make the register and the index anew from the archive: counts, and ``differences``; ``ok`` without any.

    Every object that a record or manifest names is read and its hash compared. With ``sizes_only`` that is
    records, manifests and texts; of all others it is only seen whether they are there with their size.
    Run again, it begins anew as long as the register is empty, and a run that was killed leaves it so.

    Raises:
        Usage: the register is not empty, an intake is publishing, or the archive holds no record.
        Unavailable: the database, the archive or the index does not answer.
    """
    differences: list[Difference] = []
    with publishing() as (held, _):
        if not held:
            raise Usage("An intake works on this register. Stop it before the register is made anew.")
        with restoring.anew():
            if not _restore(services, differences):
                raise Usage("There is no record in the archive. Is it the right one? See: postroom doctor")
    differences += _wrong_in_books(services)
    differences += records.altered(services.archive, restoring.unread(), sizes_only=sizes_only)
    indexed = rebuild_index(services, differences)
    totals = {**restoring.totals(), **account.totals()}
    return {
        "ok": not differences,
        "entries": totals["entries"],
        "batches": totals["batches"],
        "documents": totals["documents"],
        "pages": totals["pages"],
        "events": totals["events"],
        "objects": totals["objects"],
        "indexed": indexed,
        "compared": "sizes" if sizes_only else "hashes",
        "orphans": records.orphans(services.archive),
        "differences": [{"key": one.key, "problem": one.problem} for one in differences],
    }


def _restore(services: Services, differences: list[Difference]) -> int:
    """All tables, within the caller's transaction; returns how many batches and entries had a record."""
    spool = {folder.name for folder in services.spool.iterdir()} if services.spool.is_dir() else set()
    home = Home(services.host, spool)
    count = 0
    highest: dict[tuple[str, int], int] = {}
    twins: list[Story] = []
    for story in records.decisions(services.archive, differences):
        differences += add_decisions([story])
        highest[OFFICE, HISTORY] = story.last
    for one in decisions.office().ranges.values():  # a reserved number was given, whatever became of it
        _given(highest, (one.register, one.year), one.last)
    _restore_parties(services, differences, highest)
    for stories in records.runs(records.batches(services.archive, differences), RUN):
        differences += add_batches([story for story in stories if story.records], home, twins)
        count += len(stories)
        _note(highest, given(stories))
    for stories in records.runs(twins, RUN):
        differences += add_twins(stories, home)
    log.info("batches restored", batches=count)
    for stories in records.runs(records.entries(services.archive, differences), RUN):
        _note(highest, ((story.name, story.last) for story in stories))
        whole = [story for story in stories if story.records]
        differences += add_entries(whole, records.origins(services.archive, whole, differences))
        count += len(stories)
        log.info("entries restored", up_to=stories[-1].name)
    differences += settle(batch_record_key)
    certify.restore(services.archive, differences)
    restoring.add_objects([one.kept for one in heads.published(services.archive, [])])
    came_back(highest)  # before anybody sees that there is something to look at
    restoring.count_on(highest)
    party_following.came_back(highest.get((PARTIES, HISTORY), 0))
    return count


def _restore_parties(
    services: Services, differences: list[Difference], highest: dict[tuple[str, int], int]
) -> None:
    pairs: list[dict[str, Any]] = []
    merged: dict[str, str] = {}
    last = 0
    for stories in records.runs(records.parties(services.archive, differences), RUN):
        whole = [story for story in stories if story.records]
        differences += add_parties(whole)
        told = [record.content["event"] for story in whole for record in story.records]
        pairs += [{name: one[name] for name in _OF_PAIRS} for one in told if tells_of_pairs(one)]
        now = [story.records[-1].content["party"] for story in whole]
        merged |= {one["number"]: one["merged_into"] for one in now if one["merged_into"]}
        last = max(last, *(story.last for story in stories))
    settle_parties(sorted(pairs, key=lambda one: int(one["sequence"])), merged)
    if last:
        highest[PARTIES, HISTORY] = last


def _note(highest: dict[tuple[str, int], int], given: Iterable[tuple[str, int]]) -> None:
    """The highest numbers and events given: what is lost was given too, and is not given again."""
    for number, event in given:
        if found := read(number):
            _given(highest, (found.register, found.year), found.sequence)
            _given(highest, (found.register, HISTORY), event)


def _given(highest: dict[tuple[str, int], int], place: tuple[str, int], last: int) -> None:
    highest[place] = max(highest.get(place, 0), last)


def _wrong_in_books(services: Services) -> list[Difference]:
    """Numbers that are missing; where chains do not hold, are not as heads say, or certify something else."""
    gaps = [
        Difference(
            record_prefix(written(Place(gap["register"], gap["year"], number), form_of(gap["register"]))),
            "this number is missing",
        )
        for gap in account.number_gaps()
        for number in gap["missing"]
    ]
    breaks = [
        Difference(_key_of(one), one["problem"])
        if one["number"]
        else Difference(REGISTER, f"{one['register']}: {one['problem']}")
        for one in (
            *history.breaks(),
            *decisions.breaks(),
            *party_history.breaks(),
            *comparing.differing(record_key),
            *comparing.differing_parties(party_record_key),
        )
    ]
    rewritten = [
        Difference(
            heads_key(one["day"]), f"{one['register']} {one['sequence']}: {one['problem']}".lstrip(" 0:")
        )
        for one in heads.check(services.archive)
    ]
    return gaps + breaks + rewritten


def _key_of(broken: dict[str, Any]) -> str:
    """Where the record lies of the place at which a chain does not hold."""
    of = party_record_key if broken["register"] == PARTIES else record_key
    return of(broken["number"], broken["sequence"])
