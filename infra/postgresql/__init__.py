"""Django's PostgreSQL backend with connections that threads borrow for a statement or a transaction."""
