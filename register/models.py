r"""The tables. What may be done with them stands in the modules beside this one.

Names a person gave (paths, texts) are kept as text with bytes that are not UTF-8 escaped as
``\xNN``; the exact bytes of a dropped file's path stand in ``Claim.path``.
"""

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


class Counter(models.Model):
    """The last sequence given in a register and year; a row lock serialises those who take the next."""

    register = models.CharField(max_length=16)
    year = models.PositiveIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        """One counter for each register and year."""

        constraints = (models.UniqueConstraint(fields=["register", "year"], name="counter_once"),)


class Party(models.Model):
    """A person or organisation outside or inside; ``folded`` is the name without case and accents."""

    name = models.CharField(max_length=512)
    folded = models.CharField(max_length=512, unique=True)


class Entry(models.Model):
    """One line of a register. A void one keeps its number, with ``void_reason``."""

    number = models.CharField(max_length=64, unique=True)
    register = models.CharField(max_length=16)
    year = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    direction = models.CharField(max_length=16, default="incoming")
    received_at = models.DateTimeField(db_index=True)
    subject = models.TextField(blank=True)
    reference = models.TextField(blank=True)
    access = models.JSONField(default=list)
    department = models.CharField(max_length=64, blank=True, default="")
    voided_at = models.DateTimeField(null=True)
    void_reason = models.TextField(blank=True, default="")

    class Meta:
        """A number is given once."""

        constraints = (models.UniqueConstraint(fields=["register", "year", "sequence"], name="number_once"),)


class EntryParty(models.Model):
    """Who sent an entry and to whom."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="parties")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="entries")
    role = models.CharField(max_length=16)

    class Meta:
        """A party has a role once."""

        constraints = (models.UniqueConstraint(fields=["entry", "party", "role"], name="party_role_once"),)


class Document(models.Model):
    """Consecutive pages filed together. ``label`` is null while a person must look.

    ``candidates`` are the barcodes that could have been its label, and which was taken why; ``lines``
    the line items of its tables; ``signatures`` the electronic signatures of the files it was cut from.
    ``why`` says why the classifier abstained. ``blind`` has a place for each person who is to say its class
    without being shown the guess, and what they said: ``{"answer", "actor", "at"}``, "" while they are waited
    for. A ``forgotten`` document is learnt from no more.
    """

    key = models.CharField(max_length=36, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="documents")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="documents")
    attempt = models.PositiveIntegerField()
    ordinal = models.PositiveIntegerField()
    barcode = models.TextField(blank=True)
    label = models.CharField(max_length=64, null=True, db_index=True)
    guess = models.CharField(max_length=64, blank=True)
    probability = models.FloatField(default=0.0)
    alternatives = models.JSONField(default=list)
    model = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, blank=True)
    pages = models.PositiveIntegerField()
    fields = models.JSONField(default=list)
    candidates = models.JSONField(default=list)
    lines = models.JSONField(default=list)
    signatures = models.JSONField(default=list)
    pdfa = models.BooleanField()
    manifest = models.CharField(max_length=1024)
    why = models.TextField(blank=True, default="")
    blind = models.JSONField(default=list)
    forgotten = models.BooleanField(default=False)

    class Meta:
        """A cut of an attempt is filed once."""

        constraints = (models.UniqueConstraint(fields=["batch", "attempt", "ordinal"], name="document_once"),)


class StoredObject(models.Model):
    """What the archive must hold. ``damage`` says what the last check found wrong; "" for nothing."""

    key = models.CharField(max_length=1024, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    role = models.CharField(max_length=16)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="stored")
    checked_at = models.DateTimeField(null=True, db_index=True)
    damage = models.TextField(blank=True, default="")


class PageFate(models.Model):
    """What became of one page. One row a page, and a document exactly where the kind says so."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="fates")
    page = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="fates")
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


class Event(models.Model):
    """One link of a register's chain of history. Never changed, never removed (triggers)."""

    register = models.CharField(max_length=16)
    sequence = models.PositiveBigIntegerField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=255)
    at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        """One chain a register."""

        constraints = (models.UniqueConstraint(fields=["register", "sequence"], name="event_once"),)


class EventContent(models.Model):
    """What an event says. May be erased without breaking the chain, which holds its salted hash."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="content")
    salt = models.CharField(max_length=64)
    body = models.TextField()


class Outbox(models.Model):
    """A change of an entry or a batch that the archive must still hear of, and of an entry the index.

    ``body`` is the immutable record for the archive, the ``sequence``-th of its entry's register or of
    its batch; ``id`` orders all changes. ``recorded_at`` is when the archive had it, ``delivered_at`` when
    the index had it too; ``retry_at`` until when a change rests that could not be delivered as it is.
    """

    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="outbox")
    event = models.OneToOneField(Event, null=True, on_delete=models.PROTECT, related_name="outbox")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="outbox")
    sequence = models.PositiveBigIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    recorded_at = models.DateTimeField(null=True, db_index=True)
    delivered_at = models.DateTimeField(null=True, db_index=True)
    retry_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        """A record is of an event of an entry, or of a batch."""

        constraints = (
            models.CheckConstraint(
                condition=Q(entry__isnull=False, event__isnull=False, batch__isnull=True)
                | Q(entry__isnull=True, event__isnull=True, batch__isnull=False),
                name="record_is_of_one_thing",
            ),
            models.UniqueConstraint(fields=["batch", "sequence"], name="batch_record_once"),
        )


class Lease(models.Model):
    """Who may publish now."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()


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


class Correction(models.Model):
    """What a person said of a document's class; ``after`` is "" where it was taken away. Rows are only added.

    ``model`` is the version whose guess stood; ``kind`` how it came about, ``reason`` in the person's words.
    """

    class Kind(models.TextChoices):
        """A blind word was given without seeing the guess; a sheet lay in front of the pages."""

        REVIEW = "review"
        RECLASSIFIED = "reclassified"
        BLIND = "blind"
        SHEET = "sheet"
        CARRIED = "carried"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="corrections")
    before = models.CharField(max_length=64, blank=True)
    after = models.CharField(max_length=64)
    actor = models.CharField(max_length=255)
    model = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.REVIEW)
    reason = models.TextField(blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)


class Mark(models.Model):
    """When something that many machines could do was last begun."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()


class Seal(models.Model):
    """The key that seals this installation's models. One row.

    ``trusted`` are the SHA-256 of cards that are taken though they bear another key's seal.
    """

    key = models.CharField(max_length=64)
    trusted = models.JSONField(default=list)
