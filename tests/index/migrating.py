"""``python -m tests.index.migrating HOME [later]``: a migration in a process of its own.

Says each step and each commit, and goes on when it gets a line. ``later``: as a program of a later mapping.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from infra.database import prepare

prepare()

from domain.entry import IndexEntry  # noqa: E402
from flows import migrate  # noqa: E402
from flows.steps import Step  # noqa: E402
from index import elastic_mapping  # noqa: E402
from index.elastic import ElasticIndex  # noqa: E402
from infra.wiring import open_services  # noqa: E402
from tests.index.office import later_fields  # noqa: E402

put = ElasticIndex.put


def tell(step: Step) -> None:
    """Say where we are, and wait."""
    print(step.name, flush=True)
    sys.stdin.readline()


def slowly(self: ElasticIndex, entries: Sequence[IndexEntry]) -> None:
    """Put, and say so."""
    put(self, entries)
    tell(Step("put"))


def main(home: str, *how: str) -> None:
    """Migrate, also without need."""
    if how:
        elastic_mapping._fields = later_fields
    migrate._ENTRIES = 5
    ElasticIndex.put = slowly  # type: ignore[method-assign]
    migrate.migrate(open_services(Path(home)), anew=True, watch=tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
