"""The REST API: what the command line does, for programs, with the rights of a user."""

from desk.api import (
    bulk,
    clocks,
    documents,
    entries,
    inbox,
    keys,
    labels,
    notices,
    numbers,
    office,
    parties,
    queues,
    ranges,
    receipts,
    reports,
    rules,
    search,
)
from desk.api.described import Described
from desk.api.problems import add_handlers
from desk.api.tokens import Bearer

api = Described(
    title="Postroom",
    version="1",
    description="The register and its archive. Errors are application/problem+json (RFC 9457).",
    docs_url=None,  # its page would load scripts from elsewhere
    auth=Bearer(),
    urls_namespace="api",
)
add_handlers(api)
api.add_router("/entries/bulk", bulk.router, tags=["entries"])  # before what takes any number
api.add_router("/entries", entries.router, tags=["entries"])
api.add_router("/entries", documents.router, tags=["entries"])
api.add_router("/entries", receipts.of_entries, tags=["receipts"])
api.add_router("/receipts", receipts.router, tags=["receipts"])
api.add_router("/labels", labels.router, tags=["labels"])
api.add_router("/rules", rules.router, tags=["rules"])
api.add_router("/reports", reports.router, tags=["reports"])
api.add_router("/clocks", clocks.router, tags=["clocks"])
api.add_router("/parties", parties.router, tags=["parties"])
api.add_router("/review", queues.reviews, tags=["review"])
api.add_router("/documents", queues.documents, tags=["review"])
api.add_router("/classes", queues.classes, tags=["review"])
api.add_router("/exceptions", queues.exceptions, tags=["review"])
api.add_router("/search", search.router, tags=["search"])
api.add_router("/ranges", ranges.router, tags=["ranges"])
api.add_router("/numbers", numbers.router, tags=["numbers"])
api.add_router("/inbox", inbox.router, tags=["inbox"])
api.add_router("/notices", notices.outgoing, tags=["notices"])
api.add_router("/me", keys.own, tags=["office"])
api.add_router("/office/user", notices.preferences, tags=["office"])
api.add_router("/office/user", keys.router, tags=["office"])
api.add_router("/office", office.router, tags=["office"])
