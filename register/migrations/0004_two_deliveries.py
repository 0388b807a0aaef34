"""The archive and the index hear of a change one after the other; originals are among the objects at once."""

from importlib import import_module

from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

# Where a table is made anew its triggers go with the old one.
_guards = import_module("register.migrations.0002_guards")


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What was delivered is in the archive too; list the originals of which no page was filed."""
    apps.get_model("register", "Outbox").objects.update(recorded_at=F("delivered_at"))
    stored, claims = apps.get_model("register", "StoredObject"), apps.get_model("register", "Claim")
    kept = claims.objects.exclude(original="").order_by("id")
    stored.objects.bulk_create(
        (
            stored(key=one.original, sha256=one.sha256, size=one.size, role="original")
            for one in kept.iterator(chunk_size=1000)
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0003_distributed"),
    ]

    operations = [
        migrations.RunPython(_guards.drop, _guards.create),
        migrations.AddField(
            model_name="outbox",
            name="recorded_at",
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="outbox",
            name="retry_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(_guards.create, _guards.drop),
    ]
