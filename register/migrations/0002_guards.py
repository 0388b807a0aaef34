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

_POSTGRESQL = {
    "event": """
        CREATE FUNCTION register_event_guard() RETURNS trigger AS $$
        BEGIN RAISE EXCEPTION 'history is append-only: an event cannot be changed or removed'; END
        $$ LANGUAGE plpgsql;
        CREATE TRIGGER event_guard BEFORE UPDATE OR DELETE ON register_event
        FOR EACH ROW EXECUTE FUNCTION register_event_guard()""",
    "batch_done": """
        CREATE FUNCTION register_batch_guard() RETURNS trigger AS $$
        BEGIN
            IF (SELECT COALESCE(SUM(pages), 0) FROM register_claim WHERE batch_id = NEW.id) <>
               (SELECT COUNT(*) FROM register_pagefate f JOIN register_claim c ON c.id = f.claim_id
                WHERE c.batch_id = NEW.id AND f.page BETWEEN 1 AND c.pages)
            THEN RAISE EXCEPTION 'page account: the fates do not add up to the pages scanned'; END IF;
            RETURN NEW;
        END $$ LANGUAGE plpgsql;
        CREATE TRIGGER batch_accounted BEFORE UPDATE OF state ON register_batch
        FOR EACH ROW WHEN (NEW.state = 'done' AND OLD.state <> 'done')
        EXECUTE FUNCTION register_batch_guard()""",
    "fate_delete": """
        CREATE FUNCTION register_fate_guard() RETURNS trigger AS $$
        BEGIN
            IF (SELECT b.state FROM register_claim c JOIN register_batch b ON b.id = c.batch_id
                WHERE c.id = OLD.claim_id) IN ('done', 'released')
            THEN RAISE EXCEPTION 'page account: a batch that is done keeps its fates'; END IF;
            RETURN OLD;
        END $$ LANGUAGE plpgsql;
        CREATE TRIGGER fate_kept BEFORE DELETE ON register_pagefate
        FOR EACH ROW EXECUTE FUNCTION register_fate_guard()""",
}

_DROP = {
    "sqlite": ("event_no_update", "event_no_delete", "batch_accounted", "fate_kept"),
    "postgresql": ("register_event_guard", "register_batch_guard", "register_fate_guard"),
}


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers of the database in use."""
    for sql in (_SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL).values():
        editor.execute(sql)


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away again."""
    vendor = editor.connection.vendor
    for name in _DROP[vendor]:
        editor.execute(f"DROP TRIGGER {name}" if vendor == "sqlite" else f"DROP FUNCTION {name}() CASCADE")


class Migration(migrations.Migration):
    """Adds the guards."""

    dependencies = (("register", "0001_initial"),)
    operations = (migrations.RunPython(create, drop),)
