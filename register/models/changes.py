"""The chain of history, the changes on their way out, and what the installation notes of itself."""

from django.db import models
from django.db.models import Q

from register.models.entries import Entry, Party
from register.models.scans import Batch


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
    """What an event says; the chain holds its salted hash. Never changed, never removed (triggers)."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="content")
    salt = models.CharField(max_length=64)
    body = models.TextField()


class Decision(models.Model):
    """Something the office decided of itself. Never changed, never removed (triggers).

    The last one of a kind and name holds; an empty ``body`` takes it away. ``hash`` links it to the one
    before. ``source`` is where it was asked for; "" in decisions of before that was noted.
    """

    sequence = models.PositiveBigIntegerField(unique=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    body = models.TextField(blank=True)
    actor = models.CharField(max_length=255)
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    source = models.TextField(blank=True, default="")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        """Read by kind."""

        indexes = (models.Index(fields=["kind", "name", "sequence"], name="decision_of"),)


class PartyEvent(models.Model):
    """A link of the chain of what became of parties. Never changed, never removed (triggers)."""

    sequence = models.PositiveBigIntegerField(unique=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=255)
    at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)


class PartyContent(models.Model):
    """What such an event says; the chain holds its salted hash. Never changed, never removed (triggers)."""

    event = models.OneToOneField(PartyEvent, on_delete=models.PROTECT, related_name="content")
    salt = models.CharField(max_length=64)
    body = models.TextField()


class Outbox(models.Model):
    """A change of an entry, batch, office or party that the archive must hear of, and of an entry the index.

    ``body`` is the immutable record for the archive, the ``sequence``-th of its entry's register, of its
    batch, of the office or of all parties; ``id`` orders all changes. ``recorded_at`` is when the archive had
    it, ``delivered_at`` when the index had it too; ``retry_at`` until when a change rests that could not be
    delivered as it is.
    """

    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="outbox")
    event = models.OneToOneField(Event, null=True, on_delete=models.PROTECT, related_name="outbox")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="outbox")
    decision = models.OneToOneField(Decision, null=True, on_delete=models.PROTECT, related_name="outbox")
    party_event = models.OneToOneField(PartyEvent, null=True, on_delete=models.PROTECT, related_name="outbox")
    sequence = models.PositiveBigIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    recorded_at = models.DateTimeField(null=True, db_index=True)
    delivered_at = models.DateTimeField(null=True, db_index=True)
    retry_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        """A record is of an event of an entry, of a batch, of a decision, or of an event of a party."""

        constraints = (
            models.CheckConstraint(
                condition=Q(
                    entry__isnull=False, event__isnull=False, batch=None, decision=None, party_event=None
                )
                | Q(entry=None, event=None, batch__isnull=False, decision=None, party_event=None)
                | Q(entry=None, event=None, batch=None, decision__isnull=False, party_event=None)
                | Q(entry=None, event=None, batch=None, decision=None, party_event__isnull=False),
                name="record_is_of_one_thing",
            ),
            models.UniqueConstraint(fields=["batch", "sequence"], name="batch_record_once"),
        )


class Lease(models.Model):
    """Who may publish now."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()


class Mark(models.Model):
    """When something that many machines could do was last begun, and what came of it."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()
    told = models.JSONField(default=dict)


class Stamp(models.Model):
    """What a time-stamping authority (RFC 3161) certified of an event's hash."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="stamp")
    at = models.DateTimeField()
    authority = models.CharField(max_length=255)
    token = models.BinaryField()


class Seal(models.Model):
    """The key that seals this installation's models. One row.

    ``trusted`` are the SHA-256 of cards that are taken though they bear another key's seal.
    """

    key = models.CharField(max_length=64)
    trusted = models.JSONField(default=list)
