"""The store: the only doors to a database."""

from pbcanalytics.store.accounts import status
from pbcanalytics.store.changes import SpellChange, record, remember
from pbcanalytics.store.published import Published, publish
from pbcanalytics.store.warehouse import FILE as WAREHOUSE_FILE
from pbcanalytics.store.warehouse import Warehouse, explained

__all__ = [
    "WAREHOUSE_FILE",
    "Published",
    "SpellChange",
    "Warehouse",
    "explained",
    "publish",
    "record",
    "remember",
    "status",
]
