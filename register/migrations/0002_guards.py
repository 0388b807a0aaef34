"""Triggers: history is never changed or removed, and a batch is done only when its pages add up."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_UPDATED = "history is append-only: an event cannot be changed"
_DELETED = "history is append-only: an event cannot be removed"
_UNEVEN = "page account: the fates do not add up to the pages scanned"
_KEPT = "page account: a batch that is done keeps its fates"

_SUMS = """(SELECT COALESCE(SUM(pages), 0) FROM register_claim WHERE batch_id = NEW.id) <>
            (SELECT COUNT(*) FROM register_pagefate f JOIN register_claim c ON c.id = f.claim_id
             WHERE c.batch_id = NEW.id AND f.page BETWEEN 1 AND c.pages)"""
_BATCH_OF_FATE = """SELECT b.state FROM register_claim c JOIN register_batch b ON b.id = c.batch_id
              WHERE c.id = OLD.claim_id"""

_SQLITE = (
    f"""CREATE TRIGGER event_no_update BEFORE UPDATE ON register_event
        BEGIN SELECT RAISE(ABORT, '{_UPDATED}'); END""",
    f"""CREATE TRIGGER event_no_delete BEFORE DELETE ON register_event
        BEGIN SELECT RAISE(ABORT, '{_DELETED}'); END""",
    f"""CREATE TRIGGER batch_accounted BEFORE UPDATE OF state ON register_batch
        WHEN NEW.state = 'done' AND OLD.state <> 'done' AND ({_SUMS})
        BEGIN SELECT RAISE(ABORT, '{_UNEVEN}'); END""",
    f"""CREATE TRIGGER fate_kept BEFORE DELETE ON register_pagefate
        WHEN ({_BATCH_OF_FATE}) IN ('done', 'released')
        BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END""",
)

# Several transactions run at a time here. The one that ends a batch has its row locked before the
# trigger runs; it waits for those that change a claim, and those that remove a fate wait for it. Each
# statement of a function sees what was committed before it, so both see each other's outcome.
_POSTGRESQL = (
    f"""CREATE FUNCTION register_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE EXCEPTION '{_UPDATED}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RAISE EXCEPTION '{_DELETED}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    f"""CREATE FUNCTION register_batch_account() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM register_claim WHERE batch_id = NEW.id ORDER BY id FOR SHARE;
            IF {_SUMS} THEN
                RAISE EXCEPTION '{_UNEVEN}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""",
    f"""CREATE FUNCTION register_fate_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            now_in text;
        BEGIN
            {_BATCH_OF_FATE} INTO now_in FOR SHARE OF b;
            IF now_in IN ('done', 'released') THEN
                RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$""",
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON register_event FOR EACH ROW EXECUTE FUNCTION register_event_refuse()",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON register_event FOR EACH ROW EXECUTE FUNCTION register_event_refuse()",
    "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON register_event FOR EACH STATEMENT EXECUTE FUNCTION register_event_refuse()",
    """CREATE TRIGGER batch_accounted BEFORE UPDATE OF state ON register_batch FOR EACH ROW
        WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION register_batch_account()""",
    "CREATE TRIGGER fate_kept BEFORE DELETE ON register_pagefate FOR EACH ROW EXECUTE FUNCTION register_fate_keep()",
)

_DROP_SQLITE = tuple(
    f"DROP TRIGGER {name}" for name in ("event_no_update", "event_no_delete", "batch_accounted", "fate_kept")
)
_DROP_POSTGRESQL = (  # each with the triggers that call it
    "DROP FUNCTION register_event_refuse CASCADE",
    "DROP FUNCTION register_batch_account CASCADE",
    "DROP FUNCTION register_fate_keep CASCADE",
)


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    _run(editor, {"sqlite": _SQLITE, "postgresql": _POSTGRESQL})


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away again."""
    _run(editor, {"sqlite": _DROP_SQLITE, "postgresql": _DROP_POSTGRESQL})


def _run(editor: BaseDatabaseSchemaEditor, lines: dict[str, tuple[str, ...]]) -> None:
    vendor = editor.connection.vendor
    if vendor not in lines:
        raise NotImplementedError(f"the guards are not written for {vendor}")
    for sql in lines[vendor]:
        editor.execute(sql)


class Migration(migrations.Migration):
    """Adds the guards."""

    dependencies = (("register", "0001_initial"),)
    operations = (migrations.RunPython(create, drop),)
