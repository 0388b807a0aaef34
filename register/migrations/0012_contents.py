"""Triggers: what events say is kept as they are; and SQLite's INSERT OR REPLACE, which is a removal, is refused."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_WHY = "history is append-only: what an event says cannot be"
_CONTENTS = ("eventcontent", "partycontent")
_KEYS = {
    "event": ("id = NEW.id", "register = NEW.register AND sequence = NEW.sequence"),
    "decision": ("id = NEW.id", "sequence = NEW.sequence"),
    "partyevent": ("id = NEW.id", "sequence = NEW.sequence"),
    "eventcontent": ("id = NEW.id", "event_id = NEW.event_id"),
    "partycontent": ("id = NEW.id", "event_id = NEW.event_id"),
}


def _replacing(table: str, keys: tuple[str, ...]) -> str:
    """REPLACE removes the row that is in the way, without asking the triggers that guard against removal."""
    there = " OR ".join(f"EXISTS (SELECT 1 FROM register_{table} WHERE {key})" for key in keys)  # noqa: S608
    return f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON register_{table} WHEN {there}
        BEGIN SELECT RAISE(ABORT, 'history is append-only: this row is there already'); END"""


_SQLITE = tuple(
    f"""CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON register_{table}
        BEGIN SELECT RAISE(ABORT, '{_WHY} {done}'); END"""
    for table in _CONTENTS
    for what, done in (("UPDATE", "changed"), ("DELETE", "removed"))
) + tuple(_replacing(table, keys) for table, keys in _KEYS.items())

_POSTGRESQL = tuple(
    f"""CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON register_{table}
        FOR EACH {each} EXECUTE FUNCTION register_event_refuse()"""
    for table in _CONTENTS
    for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
)


def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    for sql in _POSTGRESQL if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(sql)


def unguard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away."""
    if editor.connection.vendor == "postgresql":
        for sql in _POSTGRESQL:
            words = sql.split()
            editor.execute(f"DROP TRIGGER {words[2]} ON {words[6]}")
    else:
        for sql in _SQLITE:
            editor.execute(f"DROP TRIGGER {sql.split()[2]}")


class Migration(migrations.Migration):
    """Adds the guards."""

    dependencies = (("register", "0011_parties"),)
    operations = (migrations.RunPython(guard, unguard),)
