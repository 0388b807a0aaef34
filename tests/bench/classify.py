"""The classifier beside other recipes: ``postroom bench classify``."""
