"""What the hops exchange: frozen dataclasses and the error families. Imports nothing of ours."""
