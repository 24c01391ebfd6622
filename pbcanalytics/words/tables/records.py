"""What is recorded about the files themselves: loads, rejected rows, findings."""

from typing import Final

from pbcanalytics.words.tables.table import ORIGIN, table

LOADS: Final = table(
    "loads",
    "one row per file loaded",
    ("load_id", "integer", "number of the load"),
    ("file", "text", "name of the file"),
    ("place", "text", "folder and name under which it was loaded"),
    ("sha256", "code", "checksum of the file"),
    ("layout", "code", "layout it was read as"),
    ("supplier", "text", "who sent it; blank if not said"),
    ("submission", "code", "flex or freeze; blank if not said"),
    ("import_map", "text", "saved map by which its headings were read; blank if none"),
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

SUBMISSIONS: Final = table(
    "submissions",
    "one row per load, sender and month: what became of the rows held before",
    ("load_id", "integer", "the load"),
    ("table_name", "code", "landing table"),
    ("submitter_code", "code", "provider, or practice, whose month it is"),
    ("month", "month", "month of the activity"),
    ("outcome", "code", "new, replaced, corrected (some rows) or added (beside those held)"),
    ("submission", "code", "flex or freeze; blank if not said"),
    ("was_frozen", "flag", "the month had been closed before"),
    ("n_before", "integer", "rows held before", "rows"),
    ("n_now", "integer", "rows held after", "rows"),
    ("n_added", "integer", "rows whose key was not held before", "rows"),
    ("n_gone", "integer", "rows whose key is no longer held", "rows"),
    ("n_changed", "integer", "rows of one key that say something else", "rows"),
    ("pence_before", "pence", "charged by the rows held before, where they say", "pence"),
    ("pence_now", "pence", "charged by the rows held after, where they say", "pence"),
)
UNKNOWN_CODES: Final = table(
    "unknown_codes",
    "one row per load, column and code that is on no list; the rows are kept",
    ("load_id", "integer", "the load"),
    ("column_name", "text", "heading of the column"),
    ("code", "text", "the code"),
    ("n_rows", "integer", "rows that carry it", "rows"),
)
IDENTITIES: Final = table(
    "identities",
    "one row per patient whose NHS number a practice chose to keep",
    ("load_id", "integer", "the load"),
    ("person_id", "pseudonym", "pseudonym of the patient"),
    ("nhs_number", "code", "NHS number"),
    ("practice_code", "code", "the practice that keeps it"),
)
KEY_MARKS: Final = table(
    "key_marks",
    "one row: the mark of the key that pseudonyms are made with",
    ("mark", "code", "recognises the key and does not give it away"),
)
SPELL_CHANGES: Final = table(
    "spell_changes",
    "one row per build, provider, month, point of delivery and kind of change",
    ("built_at", "text", "the later of the two builds compared"),
    ("provider_code", "code", "hospital or other provider"),
    ("month", "month", "month of discharge"),
    ("pod", "code", "point of delivery"),
    ("change", "code", "added, gone or repriced"),
    ("was_frozen", "flag", "the month had been closed before"),
    ("n_spells", "integer", "spells", "spells"),
    ("pence", "pence", "what they add to the price of all, or take away", "pence"),
)
