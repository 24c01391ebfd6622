"""What is recorded about the files themselves: loads, rejected rows, findings."""

from typing import Final

from pbcanalytics.words.tables.table import ORIGIN, table

LOADS: Final = table(
    "loads",
    "one row per file loaded",
    ("load_id", "integer", "number of the load"),
    ("file", "text", "name of the file"),
    ("place", "text", "folder and name under which it was loaded"),
    ("sha256", "code", "checksum of the file; blank once it ought to be loaded again"),
    ("layout", "code", "layout it was read as"),
    ("rows_read", "integer", "rows below the heading", "rows"),
    ("accepted", "integer", "rows kept", "rows"),
    ("rejected", "integer", "rows not kept, each with its reason", "rows"),
    ("loaded_at", "time", "when"),
)
REJECTS: Final = table(
    "rejects",
    "one row per rejected line of a file",
    *ORIGIN,
    ("rule", "code", "first rule that the row broke"),
    ("column_name", "text", "heading of the column at fault"),
    ("value", "text", "what stood there"),
    ("sentence", "text", "the rule in words"),
    ("also", "text", "other rules that the row broke"),
)
FINDINGS: Final = table(
    "findings",
    "one row per file and soft rule that some accepted rows broke",
    ("load_id", "integer", "the load"),
    ("rule", "code", "rule"),
    ("sentence", "text", "the rule in words"),
    ("n_rows", "integer", "rows concerned", "rows"),
)
