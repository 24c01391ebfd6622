"""The store: the only doors to a database."""

from pbcanalytics.store.accounts import status
from pbcanalytics.store.published import Published, publish
from pbcanalytics.store.scratch import lent_folder
from pbcanalytics.store.warehouse import FILE as WAREHOUSE_FILE
from pbcanalytics.store.warehouse import Warehouse, explained

__all__ = [
    "WAREHOUSE_FILE",
    "Published",
    "Warehouse",
    "explained",
    "lent_folder",
    "publish",
    "status",
]
