"""A database as set-up leaves it, and what none of the program's roles may do with it."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from tests.infra.deploy_files import DEPLOY

SQL = DEPLOY / "access" / "postgresql"
PASSWORD = "of the test"
PROCESSES = ("postroom_station", "postroom_worker", "postroom_indexer")
PEOPLE = ("postroom_desk", "postroom_clerk")


@dataclass(frozen=True, slots=True)
class Laid:
    """A database as set-up leaves it."""

    superuser: str

    def url(self, role: str) -> str:
        """Its address for a role."""
        parts = urlsplit(self.superuser)
        place = f"{role}:{PASSWORD.replace(' ', '%20')}@{parts.hostname}:{parts.port}"
        return urlunsplit(parts._replace(netloc=place))


FORBIDDEN = {
    "change a decision": "UPDATE register_decision SET actor = 'x'",
    "change an event": "UPDATE register_event SET kind = 'voided'",
    "remove an event": "DELETE FROM register_event",
    "empty history": "TRUNCATE register_event CASCADE",
    "change what an event says": "UPDATE register_eventcontent SET body = '{}'",
    "erase what an event says": "DELETE FROM register_eventcontent",
    "turn the guards off": "ALTER TABLE register_event DISABLE TRIGGER ALL",
    "go round the guards": "SET session_replication_role = replica",
    "remove the guards": "DROP FUNCTION register_event_refuse CASCADE",
    "remove an entry": "DELETE FROM register_entry",
    "change a number": "UPDATE register_entry SET number = 'IN-2026-000009-9'",
    "change when it came": "UPDATE register_entry SET received_at = now()",
    "remove a document": "DELETE FROM register_document",
    "change whose document it is": "UPDATE register_document SET manifest = 'x'",
    "remove a counter": "DELETE FROM register_counter",
    "change a counter's register": "UPDATE register_counter SET year = 1999",
    "forget an object": "DELETE FROM register_storedobject",
    "change a hash": "UPDATE register_storedobject SET sha256 = 'x'",
    "withhold a record": "DELETE FROM register_outbox",
    "change a record": "UPDATE register_outbox SET body = '{}'",
    "remove a correction": "DELETE FROM register_correction",
    "remove a batch": "DELETE FROM register_batch",
    "remove a claim": "DELETE FROM register_claim",
    "change a fate": "UPDATE register_pagefate SET kind = 'blank'",
    "make a table": "CREATE TABLE mine (id int)",
    "make a role": "CREATE ROLE mine",
    "become the owner": "SET ROLE postroom_owner",
    "pretend an upgrade": "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
}


def refused(url: str, statement: str) -> bool:
    with psycopg.connect(url) as connection:
        try:
            connection.execute(statement.encode())
        except (InsufficientPrivilege, ReadOnlySqlTransaction):
            return True
        return False
