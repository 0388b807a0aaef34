"""The system of record: batches, entries, numbers, history, outbox."""
