"""Starts the real servers that Postroom or its tests run on, on loopback only."""
