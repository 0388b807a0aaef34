"""What is due when, who is told of it, and who may ask by program."""

from django.db import models

from register.models.entries import Entry


class Clock(models.Model):
    """A deadline of an entry, with the ``terms`` that held when it began; ``given`` if a rule gave it.

    ``extended`` is how often it was given more time, ``extended_at`` when for the last time, and ``more`` how
    much it has beyond its terms, as ``domain.deadlines.Run`` counts it.
    ``ran`` are the spans in which it ran until it was last paused, ``used`` the working seconds of them.
    ``due_at`` is null while it stands still with time left, ``next_at`` when it has to bring something about;
    ``ended_at`` set once nothing is waited for any more. ``domain.deadlines`` says how it runs.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="clocks")
    name = models.CharField(max_length=64)
    legal = models.BooleanField(default=False)
    terms = models.JSONField(default=dict)
    given = models.BooleanField(default=False)
    more = models.FloatField(default=0.0)
    extended = models.PositiveIntegerField(default=0)
    extended_at = models.DateTimeField(null=True)
    allowed = models.FloatField()
    begun_at = models.DateTimeField()
    ran = models.JSONField(default=list)
    resumed_at = models.DateTimeField(null=True)
    used = models.FloatField(default=0.0)
    due_at = models.DateTimeField(null=True, db_index=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        """An entry has a deadline once."""

        constraints = (models.UniqueConstraint(fields=["entry", "name"], name="clock_once"),)


class Firing(models.Model):
    """What a clock has brought about: a reminder, an escalation. Each once, however often it is looked at.

    ``extended``: how often the clock had been given more time by then; each is once for each time.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="firings")
    what = models.CharField(max_length=32)
    extended = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        """Each once."""

        constraints = (
            models.UniqueConstraint(fields=["clock", "what", "extended"], name="firing_once_each_time"),
        )


class Notice(models.Model):
    """Something that somebody is told. ``key`` makes it once, whatever runs twice.

    ``to`` is a user, an e-mail address or the name of a webhook; ``way`` is how: "inbox", "mail", "digest" or
    "webhook". ``due_at`` is when it goes, ``sent_at`` when it went.
    """

    key = models.CharField(max_length=255, unique=True)
    to = models.CharField(max_length=255, db_index=True)
    way = models.CharField(max_length=16)
    kind = models.CharField(max_length=32)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="notices")
    language = models.CharField(max_length=8, blank=True, default="")
    told = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        """An inbox is read from its end."""

        indexes = (models.Index(fields=["to", "way", "id"], name="notice_of"),)


class Token(models.Model):
    """A key by which a program acts as a user; only its SHA-256 is kept."""

    name = models.CharField(max_length=64)
    user = models.CharField(max_length=64, db_index=True)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class Answer(models.Model):
    """What a request with an idempotency key was answered: the same request again gets the same answer."""

    user = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)
    status = models.PositiveIntegerField(null=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        """A key is a user's own."""

        constraints = (models.UniqueConstraint(fields=["user", "key"], name="answer_once"),)
