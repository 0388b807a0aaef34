"""Full-text search over the entries."""
