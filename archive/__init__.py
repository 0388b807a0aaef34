"""Where content lies: immutable objects under keys."""
