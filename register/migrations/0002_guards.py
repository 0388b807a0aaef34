"""Triggers: history is never changed or removed, and a batch is done only when its pages add up."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SQLITE = {
    "event_update": """
        CREATE TRIGGER event_no_update BEFORE UPDATE ON register_event
        BEGIN SELECT RAISE(ABORT, 'history is append-only: an event cannot be changed'); END""",
    "event_delete": """
        CREATE TRIGGER event_no_delete BEFORE DELETE ON register_event
        BEGIN SELECT RAISE(ABORT, 'history is append-only: an event cannot be removed'); END""",
    "batch_done": """
        CREATE TRIGGER batch_accounted BEFORE UPDATE OF state ON register_batch
        WHEN NEW.state = 'done' AND OLD.state <> 'done' AND (
            (SELECT COALESCE(SUM(pages), 0) FROM register_claim WHERE batch_id = NEW.id) <>
            (SELECT COUNT(*) FROM register_pagefate f JOIN register_claim c ON c.id = f.claim_id
             WHERE c.batch_id = NEW.id AND f.page BETWEEN 1 AND c.pages))
        BEGIN SELECT RAISE(ABORT, 'page account: the fates do not add up to the pages scanned'); END""",
    "fate_delete": """
        CREATE TRIGGER fate_kept BEFORE DELETE ON register_pagefate
        WHEN (SELECT b.state FROM register_claim c JOIN register_batch b ON b.id = c.batch_id
              WHERE c.id = OLD.claim_id) IN ('done', 'released')
        BEGIN SELECT RAISE(ABORT, 'page account: a batch that is done keeps its fates'); END""",
}


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    if editor.connection.vendor != "sqlite":
        raise NotImplementedError("the guards are written for SQLite only")
    for sql in _SQLITE.values():
        editor.execute(sql)


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away again."""
    for name in ("event_no_update", "event_no_delete", "batch_accounted", "fate_kept"):
        editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    """Adds the guards."""

    dependencies = (("register", "0001_initial"),)
    operations = (migrations.RunPython(create, drop),)
