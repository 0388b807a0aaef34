"""Connects the register to its database: SQLite in the home of the instance."""

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from infra import django_settings

_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        # IMMEDIATE: a writer queues at BEGIN instead of failing half-way when two have read already.
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    },
}


def prepare() -> None:
    """Make the register's modules importable. Connects to nothing."""
    if not settings.configured:
        fixed = {name: getattr(django_settings, name) for name in dir(django_settings) if name.isupper()}
        settings.configure(**fixed)
        django.setup()


def connect(home: Path) -> None:
    """Make the register of the instance in ``home`` this process's register.

    Its tables are made, or upgraded, where that is needed.
    """
    prepare()
    database: dict[str, Any] = {**connections["default"].settings_dict, **_SQLITE}
    database["NAME"] = str(home / "register.sqlite3")
    # One instance at a time: a connection to another one must not be used again.
    connections.close_all()
    connections.databases["default"] = database
    del connections["default"]
    executor = MigrationExecutor(connections["default"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
