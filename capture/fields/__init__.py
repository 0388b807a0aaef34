"""What identifies a document: dates, reference, parties, subject, amounts, identifiers, contacts."""

from capture.fields.extract import extract_fields
from capture.fields.headline import Headline, summary

__all__ = ["Headline", "extract_fields", "summary"]
