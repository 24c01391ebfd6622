"""The official price workbooks as our reference record: matched by heading, shown, compared."""

from pbcanalytics.reference.importing.changes import Changes, all_changes, as_csv, compared
from pbcanalytics.reference.importing.reading import Reading, read
from pbcanalytics.reference.importing.records import (
    Draft,
    draft,
    drafted,
    is_held_as_is,
    replaced,
    write,
)
from pbcanalytics.reference.importing.tables import Table
from pbcanalytics.reference.importing.targets import SUBJECTS

__all__ = [
    "SUBJECTS",
    "Changes",
    "Draft",
    "Reading",
    "Table",
    "all_changes",
    "as_csv",
    "compared",
    "draft",
    "drafted",
    "is_held_as_is",
    "read",
    "replaced",
    "write",
]
