"""What identifies a document: dates, reference, parties, subject, amounts, identifiers, contacts."""

from capture.fields.extract import extract_fields
from capture.fields.headline import Headline, summary
from capture.fields.sums import checked

__all__ = ["Headline", "checked", "extract_fields", "summary"]
