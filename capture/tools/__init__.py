"""One module per program or engine that capture runs."""
