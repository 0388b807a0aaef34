"""Many machines: whose spool, shares of batches, records of batches, when objects were checked."""

import hashlib
from importlib import import_module

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery

# Where a table is made anew its triggers go with the old one.
_guards = import_module("register.migrations.0002_guards")


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Number the records that are there, and list those in the archive among its objects."""
    outbox, stored = apps.get_model("register", "Outbox"), apps.get_model("register", "StoredObject")
    event = apps.get_model("register", "Event").objects.filter(pk=OuterRef("event_id"))
    outbox.objects.update(sequence=Subquery(event.values("sequence")[:1]))
    rows = outbox.objects.exclude(delivered_at=None).annotate(number=F("entry__number")).order_by("id")
    stored.objects.bulk_create(
        (
            stored(
                key=f"register/{row.number}/{row.sequence:09}.json",
                sha256=hashlib.sha256(row.body.encode()).hexdigest(),
                size=len(row.body.encode()),
                role="record",
            )
            for row in rows.iterator(chunk_size=1000)
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


def forget(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take away what the older tables cannot hold: records of batches, and what says the same twice."""
    apps.get_model("register", "Outbox").objects.filter(entry=None).delete()
    apps.get_model("register", "StoredObject").objects.filter(role="record").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0002_guards"),
    ]

    operations = [
        migrations.RunPython(_guards.drop, _guards.create),
        migrations.CreateModel(
            name="Chunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempt", models.PositiveIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("batch", "Batch"),
                            ("read", "Read"),
                            ("cut", "Cut"),
                            ("file", "File"),
                            ("close", "Close"),
                        ],
                        max_length=8,
                    ),
                ),
                ("ordinal", models.PositiveIntegerField()),
                ("items", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Ready"),
                            ("held", "Held"),
                            ("done", "Done"),
                            ("set aside", "Set Aside"),
                        ],
                        db_index=True,
                        default="ready",
                        max_length=16,
                    ),
                ),
                ("holder", models.CharField(blank=True, max_length=64)),
                ("beat_at", models.DateTimeField()),
                ("takes", models.PositiveIntegerField(default=0)),
                ("calls", models.PositiveIntegerField(default=0)),
                ("crashes", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
        ),
        migrations.AddField(
            model_name="batch",
            name="host",
            field=models.CharField(blank=True, db_index=True, default="", max_length=128),
        ),
        migrations.AddField(
            model_name="batch",
            name="records",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="outbox",
            name="batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outbox",
                to="register.batch",
            ),
        ),
        migrations.AddField(
            model_name="outbox",
            name="sequence",
            field=models.PositiveBigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="storedobject",
            name="checked_at",
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="storedobject",
            name="damage",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="outbox",
            name="entry",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outbox",
                to="register.entry",
            ),
        ),
        migrations.AlterField(
            model_name="outbox",
            name="event",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outbox",
                to="register.event",
            ),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("batch__isnull", True), ("entry__isnull", False), ("event__isnull", False)),
                    models.Q(("batch__isnull", False), ("entry__isnull", True), ("event__isnull", True)),
                    _connector="OR",
                ),
                name="record_is_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.UniqueConstraint(fields=("batch", "sequence"), name="batch_record_once"),
        ),
        migrations.AddField(
            model_name="chunk",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="chunks", to="register.batch"
            ),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.UniqueConstraint(
                fields=("batch", "attempt", "stage", "ordinal"), name="chunk_once"
            ),
        ),
        migrations.RunPython(fill, forget),
        migrations.RunPython(_guards.create, _guards.drop),
    ]
