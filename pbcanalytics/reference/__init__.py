"""Reference data: one year's tariff, rules and market forces factors, with source and status."""

from pbcanalytics.reference.shelf import STATUSES, Record, Shelf, Source

__all__ = ["STATUSES", "Record", "Shelf", "Source"]
