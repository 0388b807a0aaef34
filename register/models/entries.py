"""Entries, the people and organisations of them, their documents, and what people said of these."""

from django.db import models

from register.models.scans import Batch


class Counter(models.Model):
    """The last sequence given in a register and year; a row lock serialises those who take the next."""

    register = models.CharField(max_length=16)
    year = models.PositiveIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        """One counter for each register and year."""

        constraints = (models.UniqueConstraint(fields=["register", "year"], name="counter_once"),)


class Party(models.Model):
    """A person or organisation outside or inside; ``folded`` is the name without case and accents.

    ``key`` is its number, which names its records; null until the first look at a party of before there were
    numbers. ``about`` is what else is known: addresses, channels, preferences, consents. ``merged_into`` is
    who it turned out to be, never somebody who was merged too.
    """

    key = models.CharField(max_length=36, null=True, unique=True)
    name = models.CharField(max_length=512)
    folded = models.CharField(max_length=512, db_index=True)
    kind = models.CharField(max_length=16, blank=True, default="")
    about = models.JSONField(default=dict)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")


class PartyKey(models.Model):
    """An identifier or an address by which a party is known; it is nobody else's."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=32)
    value = models.CharField(max_length=255)

    class Meta:
        """Of one party only."""

        constraints = (models.UniqueConstraint(fields=["kind", "value"], name="party_key_once"),)


class PartyWord(models.Model):
    """A beginning or an end of a word of a party's names: who has some in common may be alike."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="words")
    value = models.CharField(max_length=8)

    class Meta:
        """Once for each party, and found by value without a look at the table."""

        constraints = (models.UniqueConstraint(fields=["value", "party"], name="party_word_once"),)


class PartyPair(models.Model):
    """Two parties that may be one, the older first; ``separate``: a person said that they are two.

    ``score`` is how alike they are, 0-1, and ``why`` in what.
    """

    first = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="pairs")
    second = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="pairs_with_older")
    score = models.FloatField(default=0.0)
    why = models.JSONField(default=list)
    separate = models.BooleanField(default=False)

    class Meta:
        """A pair is told of once."""

        constraints = (models.UniqueConstraint(fields=["first", "second"], name="party_pair_once"),)


class Entry(models.Model):
    """One line of a register. A void one keeps its number, with ``void_reason``.

    ``label`` is the class that a person gave the entry itself; "" where its documents say it. ``department``
    and ``person`` hold it now. ``access`` are those who may do something with it whatever their roles, as
    ``action:user``. ``custom`` are the office's own fields by name. ``relations`` are what it is to others,
    ``{"relation", "number"}``; the others know the inverse of it. ``dated`` is the date on the letter,
    ``location`` where the paper lies.
    """

    number = models.CharField(max_length=64, unique=True)
    register = models.CharField(max_length=16)
    year = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    direction = models.CharField(max_length=16, default="incoming")
    received_at = models.DateTimeField(db_index=True)
    channel = models.CharField(max_length=16, default="post")
    subject = models.TextField(blank=True)
    reference = models.TextField(blank=True)
    dated = models.DateField(null=True)
    label = models.CharField(max_length=64, blank=True, default="")
    tags = models.JSONField(default=list)
    priority = models.CharField(max_length=16, default="normal")
    confidentiality = models.CharField(max_length=16, default="internal")
    language = models.CharField(max_length=8, blank=True, default="")
    location = models.TextField(blank=True, default="")
    access = models.JSONField(default=list)
    status = models.CharField(max_length=64, default="registered", db_index=True)
    department = models.CharField(max_length=64, blank=True, default="", db_index=True)
    person = models.CharField(max_length=255, blank=True, default="", db_index=True)
    relations = models.JSONField(default=list)
    custom = models.JSONField(default=dict)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.TextField(blank=True, default="")

    class Meta:
        """A number is given once."""

        constraints = (models.UniqueConstraint(fields=["register", "year", "sequence"], name="number_once"),)


class EntryParty(models.Model):
    """Who sent an entry and to whom; ``written`` is the name as it stands there, whatever becomes of them."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="parties")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="entries")
    role = models.CharField(max_length=16)
    written = models.CharField(max_length=512, default="")

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
