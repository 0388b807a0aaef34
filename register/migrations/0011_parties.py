"""Parties have a history and look alike; an entry keeps the names as they were written."""

from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Q, Subquery

_WHY = "history is append-only: an event of a party cannot be"
_SQLITE = (
    f"""CREATE TRIGGER party_event_no_update BEFORE UPDATE ON register_partyevent
        BEGIN SELECT RAISE(ABORT, '{_WHY} changed'); END""",
    f"""CREATE TRIGGER party_event_no_delete BEFORE DELETE ON register_partyevent
        BEGIN SELECT RAISE(ABORT, '{_WHY} removed'); END""",
)
_POSTGRESQL = tuple(
    f"""CREATE TRIGGER party_event_no_{what.lower()} BEFORE {what} ON register_partyevent
        FOR EACH {each} EXECUTE FUNCTION register_event_refuse()"""
    for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
)


def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let events of parties be added to only, as other events are."""
    for sql in _POSTGRESQL if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(sql)


def unguard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the guards away."""
    on = " ON register_partyevent" if editor.connection.vendor == "postgresql" else ""
    for sql in _POSTGRESQL if on else _SQLITE:
        editor.execute(f"DROP TRIGGER {sql.split()[2]}{on}")


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Until now the name of a party was what stood on each of its entries."""
    party = apps.get_model("register", "Party").objects.filter(pk=OuterRef("party_id"))
    apps.get_model("register", "EntryParty").objects.update(written=Subquery(party.values("name")[:1]))


def forget(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take away what the older tables cannot hold: records of parties, and their count."""
    apps.get_model("register", "Outbox").objects.exclude(party_event=None).delete()
    apps.get_model("register", "Counter").objects.filter(register="parties", year=0).delete()
    if editor.connection.vendor == "postgresql":  # else the table cannot be altered in this transaction
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _id() -> tuple[str, Any]:
    return "id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


_PROTECT, _CASCADE = django.db.models.deletion.PROTECT, django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0010_clocks"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartyEvent",
            fields=[
                _id(),
                ("sequence", models.PositiveBigIntegerField(unique=True)),
                ("kind", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
                ("content_hash", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "party",
                    models.ForeignKey(on_delete=_PROTECT, related_name="events", to="register.party"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PartyContent",
            fields=[
                _id(),
                ("salt", models.CharField(max_length=64)),
                ("body", models.TextField()),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=_PROTECT, related_name="content", to="register.partyevent"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PartyPair",
            fields=[
                _id(),
                ("score", models.FloatField(default=0.0)),
                ("why", models.JSONField(default=list)),
                ("separate", models.BooleanField(default=False)),
                (
                    "first",
                    models.ForeignKey(on_delete=_CASCADE, related_name="pairs", to="register.party"),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=_CASCADE, related_name="pairs_with_older", to="register.party"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PartyWord",
            fields=[
                _id(),
                ("value", models.CharField(max_length=8)),
                (
                    "party",
                    models.ForeignKey(on_delete=_CASCADE, related_name="words", to="register.party"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="partypair",
            constraint=models.UniqueConstraint(fields=("first", "second"), name="party_pair_once"),
        ),
        migrations.AddConstraint(
            model_name="partyword",
            constraint=models.UniqueConstraint(fields=("value", "party"), name="party_word_once"),
        ),
        migrations.RunPython(guard, unguard),
        migrations.RemoveConstraint(model_name="outbox", name="record_is_of_one_thing"),
        migrations.AddField(
            model_name="outbox",
            name="party_event",
            field=models.OneToOneField(
                null=True, on_delete=_PROTECT, related_name="outbox", to="register.partyevent"
            ),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.CheckConstraint(
                condition=Q(
                    entry__isnull=False, event__isnull=False, batch=None, decision=None, party_event=None
                )
                | Q(entry=None, event=None, batch__isnull=False, decision=None, party_event=None)
                | Q(entry=None, event=None, batch=None, decision__isnull=False, party_event=None)
                | Q(entry=None, event=None, batch=None, decision=None, party_event__isnull=False),
                name="record_is_of_one_thing",
            ),
        ),
        migrations.AddField(
            model_name="entryparty",
            name="written",
            field=models.CharField(default="", max_length=512),
        ),
        migrations.RunPython(fill, forget),
    ]
