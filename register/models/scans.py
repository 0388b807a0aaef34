"""Batches of scanned files, the fates of their pages, and the work on them."""

from django.db import models
from django.db.models import Q

_KINDS = ("document", "separator", "blank", "duplicate", "refused")


class Batch(models.Model):
    """What one scan job dropped. ``done`` only when every page has its fate (a trigger checks).

    ``plan`` is how the attempt cut the batch, written before its first document is filed: whatever a
    later run reads differently, the cuts stay. ``host`` is the home whose spool holds its files;
    ``records`` counts what was written of it for the archive. ``begun_at`` is when the reading in
    work began, with ``begun_pages`` done by then. ``edits`` are what operators had done differently
    afterwards, oldest first.
    """

    class State(models.TextChoices):
        """How far it is. Each step is idempotent, so a batch found half-way is simply run again."""

        CLAIMED = "claimed"
        KEPT = "kept"
        DONE = "done"
        RELEASED = "released"

    key = models.CharField(max_length=32, unique=True)
    host = models.CharField(max_length=128, blank=True, default="", db_index=True)
    station = models.CharField(max_length=255)
    register = models.CharField(max_length=16)
    source = models.TextField()
    folder = models.BinaryField()
    markers = models.JSONField(default=list)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.CLAIMED, db_index=True)
    attempt = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    pages_known = models.PositiveIntegerField(default=0)
    pages_done = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)
    begun_pages = models.PositiveIntegerField(default=0)
    alarms = models.JSONField(default=list)
    plan = models.JSONField(null=True)
    profile = models.JSONField(default=dict)
    edits = models.JSONField(default=list)
    records = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)


class Claim(models.Model):
    """One file of a batch, ``ordinal`` from 0 in the order of its pages.

    A file that was found ``inside`` another, such as a ZIP of scans, has its path there in ``member``.
    ``rendition`` is the archive key of what is read in place of the original, where that cannot be
    read as it is; ``signatures`` are the electronic signatures that it bears.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="claims")
    ordinal = models.PositiveIntegerField()
    source = models.TextField()
    path = models.BinaryField()
    size = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    media = models.CharField(max_length=64, blank=True)
    pages = models.PositiveIntegerField(default=0)
    original = models.CharField(max_length=1024, blank=True)
    inside = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="members")
    member = models.TextField(blank=True, default="")
    rendition = models.CharField(max_length=1024, blank=True, default="")
    rendition_sha256 = models.CharField(max_length=64, blank=True, default="")
    signatures = models.JSONField(default=list)

    class Meta:
        """One file at each place of a batch."""

        constraints = (models.UniqueConstraint(fields=["batch", "ordinal"], name="claim_once"),)


class PageFate(models.Model):
    """What became of one page. One row a page, and a document exactly where the kind says so."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="fates")
    page = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    document = models.ForeignKey("Document", null=True, on_delete=models.PROTECT, related_name="fates")
    position = models.PositiveIntegerField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        """The page account."""

        constraints = (
            models.UniqueConstraint(fields=["claim", "page"], name="page_has_one_fate"),
            models.UniqueConstraint(fields=["document", "position"], name="place_holds_one_page"),
            models.CheckConstraint(condition=Q(kind__in=_KINDS), name="fate_is_known"),
            models.CheckConstraint(
                condition=Q(kind="document", document__isnull=False, position__gte=1)
                | (~Q(kind="document") & Q(document__isnull=True, position__isnull=True)),
                name="fate_names_its_document",
            ),
        )


class Chunk(models.Model):
    """A share of a batch that one worker does; all of it can be done again.

    ``items`` are the pages ``[file, page]`` or the documents of the plan that it is about. Its holder
    notes in ``beat_at`` that it lives; ``crashes`` counts the holders that stopped doing so. ``takes``
    counts the holders, ``calls`` how often a worker was asked for. ``result`` is for the next stage.
    """

    class State(models.TextChoices):
        """Set aside: it ended too many workers; its pages go to the exceptions queue."""

        READY = "ready"
        HELD = "held"
        DONE = "done"
        SET_ASIDE = "set aside"

    class Stage(models.TextChoices):
        """A small batch is done whole; a large one is read, cut, filed and closed, in this order."""

        BATCH = "batch"
        READ = "read"
        CUT = "cut"
        FILE = "file"
        CLOSE = "close"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="chunks")
    attempt = models.PositiveIntegerField()
    stage = models.CharField(max_length=8, choices=Stage)
    ordinal = models.PositiveIntegerField()
    items = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State, default=State.READY, db_index=True)
    holder = models.CharField(max_length=64, blank=True)
    beat_at = models.DateTimeField()
    takes = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        """A share is there once."""

        constraints = (
            models.UniqueConstraint(fields=["batch", "attempt", "stage", "ordinal"], name="chunk_once"),
        )


class Problem(models.Model):
    """A line of the exceptions queue: a refused page, document or file, a duplicate.

    ``also`` lists the pages ``[file, page]`` of a document that was refused as a whole.
    """

    class State(models.TextChoices):
        """Open until a person retries or dismisses it."""

        OPEN = "open"
        RETRIED = "retried"
        DISMISSED = "dismissed"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="problems")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="problems")
    attempt = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True)
    also = models.JSONField(default=list)
    reason = models.TextField()
    fix = models.TextField()
    state = models.CharField(max_length=16, choices=State, default=State.OPEN, db_index=True)
    since = models.DateTimeField(auto_now_add=True)
