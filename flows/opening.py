"""Open: what lies in a file becomes files of the batch; what cannot be read as it is gets a rendition.

Everything that comes out is in the archive before the register knows of it, and each file is opened as a
whole or not at all: a run that was killed is carried on with the files that it had not come to.
"""

import hashlib
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from archive.keys import original_key, rendition_key
from capture.arrivals import Opened, needs_opening, open_file, unlock
from capture.containers import Member, Room, check_room
from capture.media import media_type, sniff
from capture.pool import Pool
from domain.errors import Refused, Usage
from flows.reading import chunks, outcome
from flows.steps import Stopped
from flows.taking import kept_inside, local_file, local_original, original_place, station_of
from infra.wiring import Services
from register import batches, problems
from register.models import Batch, Claim

_MEGABYTE = 1 << 20
_PAGE_WORTH = 32 * _MEGABYTE  # read, unpacked and written in a fraction of a page's time
_AT_ONCE = 8  # objects on their way into the archive


def open_files(services: Services, batch: Batch, pool: Pool, stop: threading.Event) -> dict[int, Refused]:
    """Open the files of the batch that need it, and those found in them; why some cannot be, by their place.

    A file that was opened before, or whose pages an earlier attempt settled, is left as it is.
    """
    refused: dict[int, Refused] = {}
    level = batches.claims_of(batch)
    done = {source for source, _ in batches.settled(batch)}
    done |= {one.inside.ordinal for one in level if one.inside}
    while level:
        found: list[Claim] = []
        for some in chunks(level, 4 * services.settings.processes):
            if stop.is_set():
                raise Stopped
            for one, future in list(_begun(services, batch, pool, some, done)):
                try:
                    found += _take_in(services, batch, one, outcome(future, one.source))
                except Refused as refusal:
                    refused[one.ordinal] = refusal
                shutil.rmtree(_out(services, batch, one), ignore_errors=True)
        level = found
    return refused


def unlock_file(services: Services, pool: Pool, problem_id: int, password: str) -> None:
    """Open the file of this line of the exceptions queue with its password, which is kept nowhere.

    What comes out is in the archive and the register afterwards, so that a retry goes on with it.

    Raises:
        Usage: there is no such line, it does not ask for a password, or this is not the one; nothing has
            changed then.
    """
    problem = problems.waiting(problem_id)
    one, batch = problem.claim, problem.batch
    if "password" not in problem.reason:
        raise Usage(
            f"Exception {problem_id} does not ask for a password. Without one: "
            f"postroom exceptions retry {problem_id}"
        )
    settings = services.settings.capture
    path, out = local_original(services, batch, one), _out(services, batch, one)
    try:
        room = _room(services, batch)
        unlocked = pool.run(unlock, path, one.media, password, room, settings, out, pages=pages_worth(path))
        _take_in(services, batch, one, outcome(unlocked, one.source))
    except Refused as refusal:
        raise Usage(f"{one.source}: {refusal.reason}; {refusal.fix}. Nothing was changed.") from refusal
    finally:
        shutil.rmtree(services.work / batch.key, ignore_errors=True)


def pages_worth(path: Path) -> int:
    """How many pages' time a file may take to be opened: by its size, as what lies in it is not known yet."""
    info = path.stat()
    return 1 + min(info.st_size, 512 * info.st_blocks) // _PAGE_WORTH  # holes are worth nothing


def _begun(
    services: Services, batch: Batch, pool: Pool, some: Sequence[Claim], done: set[int]
) -> "Iterator[tuple[Claim, Future[Opened]]]":
    takes = station_of(batch).takes
    for one in some:
        rendered = bool(one.rendition)
        if one.ordinal in done or not one.original or kept_inside(one, takes):
            continue
        if rendered and one.media != "pdf":
            continue
        path = local_file(services, batch, one)
        if needs_opening(path, sniff(path)):
            out, depth = _out(services, batch, one), len(list(_around(one)))
            room, settings = _room(services, batch), services.settings.capture
            opened = pool.run(
                open_file, path, takes, depth, room, settings, out, rendered, pages=pages_worth(path)
            )
            yield one, opened


def _room(services: Services, batch: Batch) -> Room:
    return Room(station_of(batch).page_limit, services.settings.capture.container_mb * _MEGABYTE)


def _out(services: Services, batch: Batch, one: Claim) -> Path:
    return services.work / batch.key / "opened" / f"{one.ordinal:06}"


def _around(one: Claim) -> Iterator[Claim]:
    """The files in which this one lies, innermost first."""
    while one.inside:
        one = one.inside
        yield one


def _take_in(services: Services, batch: Batch, one: Claim, opened: Opened) -> list[Claim]:
    """Put what came out of a file into the archive, then into the register; returns the files among it."""
    if opened.signatures:
        batches.add_signatures(one, opened.signatures)
    if opened.rendition:
        _keep_rendition(services, one, opened.rendition)
    if not opened.members:
        return []
    _check_tree(batch, one, opened.members, _room(services, batch))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        kept = list(threads.map(lambda member: _keep_member(services, member), opened.members))
    claims = batches.add_members(one, kept)
    for claim, member in zip(claims, opened.members, strict=True):
        place = original_place(services, batch, claim)
        place.parent.mkdir(parents=True, exist_ok=True)
        member.path.rename(place)
    return claims


def _check_tree(batch: Batch, one: Claim, members: Sequence[Member], room: Room) -> None:
    """Refuse what is too much together with all that came out of the same file before."""
    root = [one, *_around(one)][-1].pk
    files, size = len(members), sum(member.path.stat().st_size for member in members)
    within = {root}
    for other in batches.claims_of(batch):  # what lies in another comes after it
        if other.inside_id in within:
            within.add(other.pk)
            files, size = files + 1, size + other.size
    check_room(files, size, room)


def _keep_member(services: Services, member: Member) -> batches.NewMember:
    with member.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    key = original_key(sha256)
    stored = services.archive.put(key, member.path, media_type=media_type(member.media))
    return batches.NewMember(member.name, stored.size, sha256, member.media, key)


def _keep_rendition(services: Services, one: Claim, made: Path) -> None:
    with made.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    key = rendition_key(one.sha256, sha256, made.name)
    stored = services.archive.put(key, made, media_type=media_type(sniff(made)))
    batches.add_rendition(one, key, sha256, stored.size)
