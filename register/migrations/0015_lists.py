"""Indexes: entries by tag and by the office's own fields, of which SQLite has no such; what is in an inbox."""

from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_INDEXES = {
    "entry_tags": "CREATE INDEX entry_tags ON register_entry USING gin (tags)",
    "entry_custom": "CREATE INDEX entry_custom ON register_entry USING gin (custom jsonb_path_ops)",
}


def add(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make them."""
    if editor.connection.vendor == "postgresql":
        for sql in _INDEXES.values():
            editor.execute(sql)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away."""
    if editor.connection.vendor == "postgresql":
        for name in _INDEXES:
            editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    """Adds the indexes."""

    dependencies = (("register", "0014_extended"),)
    operations = (
        migrations.RunPython(add, remove),
        migrations.AddIndex("notice", models.Index(fields=["to", "way", "id"], name="notice_of")),
    )
