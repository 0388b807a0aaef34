"""Batches and the files claimed for them, from the drop folder to their release."""

import json
import os
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from domain.document import Separation, Signature
from domain.paths import readable
from domain.wire import from_json, to_plain
from register.filing import RENDITION
from register.models import Batch, Claim, Outbox, PageFate, StoredObject
from register.records import record_batch as record
from register.session import alone, write
from register.texts import fit

_ENDED = (Batch.State.DONE, Batch.State.RELEASED)
_IN_WORK = (Batch.State.CLAIMED, Batch.State.KEPT)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file about to be claimed, with its size in bytes and mtime in nanoseconds as last seen.

    ``told`` is what people are told that it is, where that is not its path.
    """

    path: Path
    size: int
    mtime_ns: int
    told: Path | None = None


@dataclass(frozen=True, slots=True)
class NewMember:
    """A file that was found in another and lies in the archive: its path in there, size in bytes, kind."""

    name: str
    size: int
    sha256: str
    media: str
    original: str


def open_batch(
    *,
    key: str = "",
    host: str = "",
    station: str,
    register: str,
    source: Path,
    folder: Path,
    files: Sequence[NewFile],
    markers: Sequence[Path] = (),
    received_at: datetime,
    profile: dict[str, Any],
) -> Batch:
    """Write down, durably, that these files are about to be taken. They may be moved only after it."""
    with write():
        batch = Batch.objects.create(
            key=key or uuid.uuid4().hex,
            host=host,
            station=readable(Path(station))[:255],
            register=register,
            source=readable(source),
            folder=os.fsencode(folder),
            markers=[os.fsencode(marker).hex() for marker in markers],
            received_at=received_at,
            profile=fit(profile),
        )
        Claim.objects.bulk_create(
            Claim(
                batch=batch,
                ordinal=ordinal,
                source=readable(file.told or file.path),
                path=os.fsencode(file.path),
                size=file.size,
                mtime_ns=file.mtime_ns,
            )
            for ordinal, file in enumerate(files)
        )
    return batch


def path_of(claim: Claim) -> Path:
    """Where the file was dropped, byte for byte."""
    return Path(os.fsdecode(bytes(claim.path)))


def folder_of(batch: Batch) -> Path:
    """The station's folder, byte for byte."""
    return Path(os.fsdecode(bytes(batch.folder)))


def markers_of(batch: Batch) -> list[Path]:
    """The marker files that go when the batch's files are taken."""
    return [Path(os.fsdecode(bytes.fromhex(marker))) for marker in batch.markers]


def claims_of(batch: Batch) -> list[Claim]:
    """The batch's files in the order of their pages: those that were dropped, then what was in them."""
    return list(batch.claims.select_related("inside").order_by("ordinal"))


def add_members(container: Claim, members: Sequence[NewMember]) -> list[Claim]:
    """Write down the files that were found in this one, all or none, and only once; they come last.

    The places of files that are there already never change: pages are named by them.
    """
    with write():
        batch = Batch.objects.select_for_update().get(pk=container.batch_id)
        if not container.members.exists():
            last = batch.claims.aggregate(last=Max("ordinal"))["last"]
            names = [readable(member.name.encode("utf-8", "backslashreplace").decode()) for member in members]
            Claim.objects.bulk_create(
                Claim(
                    batch=batch,
                    ordinal=last + place,
                    source=f"{container.source}/{name}",
                    path=b"",
                    size=member.size,
                    mtime_ns=container.mtime_ns,
                    sha256=member.sha256,
                    media=member.media,
                    original=member.original,
                    inside=container,
                    member=name,
                )
                for place, (member, name) in enumerate(zip(members, names, strict=True), start=1)
            )
            _hold_originals(batch)
        return list(container.members.select_related("inside").order_by("ordinal"))


def add_rendition(claim: Claim, key: str, sha256: str, size: int) -> None:
    """Note what is read in this file's place, which lies in the archive."""
    with write():
        StoredObject.objects.get_or_create(
            key=key, defaults={"sha256": sha256, "size": size, "role": RENDITION}
        )
        claim.rendition, claim.rendition_sha256 = key, sha256
        claim.save(update_fields=["rendition", "rendition_sha256"])


def add_signatures(claim: Claim, signatures: Sequence[Signature]) -> None:
    """Note the electronic signatures that this file bears."""
    claim.signatures = [to_plain(one) for one in fit(tuple(signatures))]
    claim.save(update_fields=["signatures"])


def by_themselves(batch: Batch, kinds: Collection[str]) -> frozenset[int]:
    """Files that are documents of their own, whatever lies beside them: not scans that go on in the next.

    Those are files of these kinds, which a program wrote, and PDFs with attachments and their attachments.
    """
    own = Q(media__in=kinds) | Q(inside__media="pdf") | Q(media="pdf", members__isnull=False)
    return frozenset(batch.claims.filter(own).values_list("ordinal", flat=True))


def unfinished(host: str) -> list[Batch]:
    """Batches that still need work and whose files lie in this host's spool, oldest first.

    Those that a killed run left behind are among them; "" as a batch's host is everyone's.
    """
    return list(Batch.objects.filter(state__in=_IN_WORK, host__in=(host, "")).order_by("id"))


def unfinished_keys() -> set[str]:
    """Keys of the batches that still need work, whoever's they are."""
    return set(Batch.objects.filter(state__in=_IN_WORK).values_list("key", flat=True))


def reload(batch: Batch) -> Batch:
    """The batch as it stands in the database now."""
    return Batch.objects.get(pk=batch.pk)


def keep(batch: Batch, digest: str, policy: str) -> Batch:
    """Record that the originals are safe in the archive, and whether the same bytes came before.

    ``digest`` is the hash over the files' hashes in order. With the policy ``file`` equal letters are
    two receipts; otherwise the earliest batch with these bytes is named in ``duplicate_of``.
    """
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if now.state != Batch.State.CLAIMED:
            return now
        now.digest, now.state = digest, Batch.State.KEPT
        alone(f"digest {digest}")  # of two batches with the same bytes one is the duplicate
        if policy != "file":
            earlier = Batch.objects.filter(digest=digest, duplicate_of=None).exclude(pk=now.pk)
            # Bytes of which nothing was filed were not received: they are tried anew.
            earlier = earlier.exclude(state__in=_ENDED, documents=None)
            now.duplicate_of = earlier.order_by("id").first()
        now.save(update_fields=["digest", "state", "duplicate_of", "changed_at"])
        _hold_originals(now)
        record(now)
    return now


def _hold_originals(batch: Batch) -> None:
    """What was received is checked for ever, whatever becomes of its pages."""
    # In the order of their keys: of two batches with the same files neither waits for the other's next.
    claims = batch.claims.exclude(original="").order_by("original")
    StoredObject.objects.bulk_create(
        (StoredObject(key=one.original, sha256=one.sha256, size=one.size, role="original") for one in claims),
        ignore_conflicts=True,
    )


def let_go(batch: Batch) -> None:
    """Note that its files lie in no spool: whoever comes may release it."""
    Batch.objects.filter(pk=batch.pk).update(host="")


def count_pages(batch: Batch) -> int:
    """Set ``pages_known`` from the files' page counts; returns it."""
    known = batch.claims.aggregate(total=Sum("pages"))["total"] or 0
    Batch.objects.filter(pk=batch.pk).update(pages_known=known)
    return int(known)


def settled(batch: Batch) -> set[tuple[int, int]]:
    """``(file, page)`` of the pages whose fate an earlier attempt decided for good."""
    fates = PageFate.objects.filter(claim__batch=batch, attempt__lt=batch.attempt)
    return set(fates.values_list("claim__ordinal", "page"))


def planned(batch: Batch) -> Separation | None:
    """How this attempt cut the batch, if it came so far."""
    plan = Batch.objects.values_list("plan", flat=True).get(pk=batch.pk)
    return None if plan is None else from_json(Separation, json.dumps(plan))


def plan(batch: Batch, separation: Separation) -> Separation:
    """Write down how this attempt cuts the batch; the first to be written stays and is returned."""
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if now.plan is None:
            now.plan = fit(to_plain(separation))
            now.save()
            record(now)
    return planned(batch) or separation


def begin(batch: Batch, done: int) -> None:
    """Note that reading begins now, with so many pages done before."""
    Batch.objects.filter(pk=batch.pk).update(
        begun_at=timezone.now(), begun_pages=done, pages_done=done, changed_at=timezone.now()
    )


def progress(batch: Batch, done: int) -> None:
    """Note how many pages are done, and that the batch is alive, for whoever watches.

    Several workers at a batch each know of what was done before they began and of their own pages: the
    highest count stays.
    """
    mine = Batch.objects.filter(pk=batch.pk)
    highest = Least(Greatest(F("pages_done"), done), F("pages_known"))
    mine.update(pages_done=highest, changed_at=timezone.now())


def pace(batch: Batch, now: datetime) -> tuple[float | None, float | None]:
    """Pages a minute since reading began, and seconds left at that rate; None where it cannot be told."""
    read = batch.pages_done - batch.begun_pages
    if batch.begun_at is None or read <= 0:
        return None, None
    seconds = max((now - batch.begun_at).total_seconds(), 0.001)
    left = max(batch.pages_known - batch.pages_done, 0)
    return round(60 * read / seconds, 1), round(left * seconds / read, 1)


def releasable(host: str | None = None) -> list[Batch]:
    """Batches that are done and recorded, with their entries, in the archive: their source may go now.

    With ``host`` only those whose files lie in its spool; "" as a batch's host is everyone's.
    """
    waiting = Outbox.objects.filter(recorded_at=None)
    done = Batch.objects.filter(state=Batch.State.DONE).order_by("id")
    done = done.exclude(pk__in=waiting.exclude(batch=None).values("batch"))
    done = done.exclude(documents__entry__in=waiting.exclude(entry=None).values("entry"))
    return list(done if host is None else done.filter(host__in=(host, "")))


def keys_in_work() -> set[str]:
    """Keys of the batches whose files the spool still holds."""
    return set(Batch.objects.exclude(state=Batch.State.RELEASED).values_list("key", flat=True))


def release(batch: Batch) -> None:
    """Record that the spool let go of the batch's files."""
    Batch.objects.filter(pk=batch.pk, state=Batch.State.DONE).update(state=Batch.State.RELEASED)
