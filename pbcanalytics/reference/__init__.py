"""Reference data: one year's tariff, rules and market forces factors, with source and status."""

from pbcanalytics.reference.record_files import STATUSES
from pbcanalytics.reference.shelf import Override, Record, Shelf, Source

__all__ = ["STATUSES", "Override", "Record", "Shelf", "Source"]
