"""Load one file into its landing table in one transaction, every row accounted for."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pbcanalytics.intake import pseudonyms, refreshing
from pbcanalytics.intake.accounting import find_repeated, reject, remark
from pbcanalytics.intake.changes import Resent, resent_by
from pbcanalytics.intake.checking import Check
from pbcanalytics.intake.choosing import FIRST_LINES, Wishes, layout_of
from pbcanalytics.intake.files.opening import checksum, unpack
from pbcanalytics.intake.files.reading import Reading, carefully, read
from pbcanalytics.intake.files.texts import Text
from pbcanalytics.intake.maps import ImportMap, named
from pbcanalytics.intake.refreshing import Submission
from pbcanalytics.words import codes, tables
from pbcanalytics.words.errors import ExtractError
from pbcanalytics.words.tables import Table


@dataclass(frozen=True)
class Loaded:
    """
    What became of a file: rows read = accepted + rejected.

    `reasons` counts the rejected rows by rule, `replaced` the rows held before that gave way,
    `unknown_codes` the codes that are on no list; `changes` says, for each month held before, what
    became of it. `gone` are the keys of a register that its new edition no longer names, and
    `identities` is how many NHS numbers were kept, on request. `note` is what is to be said of a
    file that was loaded before.
    """

    file: str
    layout: str
    rows_read: int
    accepted: int
    rejected: int
    is_new: bool
    reasons: dict[str, int] = field(default_factory=dict)
    replaced: int = 0
    supplier: str = ""
    import_map: str = ""
    unknown_codes: int = 0
    changes: tuple[Resent, ...] = ()
    gone: tuple[str, ...] = ()
    identities: int = 0
    note: str = ""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the landing tables, their history and the records of loads where there are none."""
    held: dict[str, list[str]] = {}
    for name, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY table_name, column_index"
    ).fetchall():
        held.setdefault(name, []).append(column)
    wanted = [*tables.LANDING, *(t.superseded() for t in tables.LANDING), *tables.RECORDS]
    missing = [table.ddl() for table in wanted if table.name not in held]
    if missing:
        con.execute(";".join(missing))
    for table in wanted:
        if held.get(table.name, table.names) != table.names:
            _bring_up_to_date(con, table, held[table.name])


def _bring_up_to_date(con: duckdb.DuckDBPyConnection, table: Table, held: list[str]) -> None:
    """Give a table of an earlier version the columns of today; its rows are kept."""
    kept = ", ".join(c for c in table.names if c in held)
    con.execute(f"ALTER TABLE {table.name} RENAME TO earlier")
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.name} BY NAME SELECT {kept} FROM earlier")
    con.execute("DROP TABLE earlier")


def load_file(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    wishes: Wishes | None = None,
    *,
    maps: Sequence[ImportMap] = (),
    scratch: Path | None = None,
) -> Loaded:
    """
    Load one extract.

    A file whose bytes were loaded before changes nothing. Months that are held already and come
    again give way, and stay as history (`refreshing`).

    Parameters
    ----------
    con : DuckDBPyConnection
        The working database, with landing tables made by `prepare`.
    path : Path
        The extract.
    wishes : Wishes, optional
        What the analyst says of it.
    maps : sequence of ImportMap
        The saved import maps.
    scratch : Path, optional
        A folder for copies while it is read; they are removed.

    Returns
    -------
    Loaded

    Raises
    ------
    ExtractError
        If the file cannot be read, is none of the known layouts, or fits several. Nothing is
        changed then.
    StoreError
        If it names patients and the key for pseudonyms is missing or another.
    """
    wishes = wishes or Wishes()
    sha256 = checksum(path)
    known = _loaded_before(con, sha256, wishes)
    if known is not None:
        return known
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as copies:
            check, reading = _checked(con, path, Path(copies), wishes, maps)
        con.execute("BEGIN")
        try:
            loaded = _landed(con, path, sha256, check, reading, wishes)
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
    finally:
        con.execute("DROP VIEW IF EXISTS incoming")
        for step in ("checked", "repeated", "fault_rules"):
            con.execute(f"DROP TABLE IF EXISTS {step}")
    return loaded


def _loaded_before(con: duckdb.DuckDBPyConnection, sha256: str, wishes: Wishes) -> Loaded | None:
    """
    Say what became of a file whose very bytes were loaded before; None if it is to be loaded.

    A freeze of the same bytes as the flex closes the months. Where its rows gave way to another
    file since, it is loaded anew only if that is asked for.
    """
    found = con.execute(
        "SELECT load_id, file, layout, supplier, submission, rows_read, accepted, rejected "
        "FROM loads WHERE sha256 = ? ORDER BY load_id DESC LIMIT 1",
        [sha256],
    ).fetchone()
    if found is None:
        return None
    load_id, file, layout, supplier, submission, rows_read, accepted, rejected = found
    table = named(layout).table.name
    later = con.execute(
        f"SELECT superseded_by, count(*) FROM superseded_{table} WHERE load_id = ? "
        "GROUP BY ALL ORDER BY superseded_by DESC",
        [load_id],
    ).fetchall()
    if later and wishes.months:
        return None
    notes = []
    if wishes.submission and wishes.submission != submission:
        for record in ("loads", "submissions"):
            con.execute(
                f"UPDATE {record} SET submission = ? WHERE load_id = ?",
                [wishes.submission, load_id],
            )
        notes.append(f"It is now marked as {wishes.submission}.")
    if later:
        n, by = sum(n for _, n in later), later[0][0]
        notes.append(
            f"{n:,} of its rows have since given way to load {by}; 'pbc unload {by}' takes that "
            "back, --replace loads this file anew."
        )
    otherwise = [
        said
        for said, asked, was in (
            ("layout", wishes.layout, layout),
            ("supplier", wishes.supplier, supplier),
        )
        if asked and asked.casefold() != was.casefold()
    ]
    if otherwise:
        notes.append(
            f"To load it with another {' and '.join(otherwise)}, first say 'pbc unload {load_id}'."
        )
    return Loaded(file, layout, rows_read, accepted, rejected, is_new=False, note=" ".join(notes))


def _checked(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    copies: Path,
    wishes: Wishes,
    maps: Sequence[ImportMap],
) -> tuple[Check, Reading]:
    """Read, type and judge every row into the temporary table `checked`."""
    source = unpack(path, copies, FIRST_LINES)
    reading = read(con, path.name, source)
    is_odd = not isinstance(source, Text) or source.is_odd
    layout = layout_of(con, path.name, reading, wishes, maps)
    if layout.tells_who:
        pseudonyms.prepare(con)
    elif wishes.keeps_identifiers:
        raise ExtractError(
            f"{path.name} is read as {layout.title}, which holds no NHS numbers that could be "
            "kept, so nothing of it was loaded. Load it without --keep-identifiers."
        )
    keeps = ("nhs_number",) if wishes.keeps_identifiers else ()
    check = Check(layout, reading.headings, is_odd=is_odd, keeps=keeps)
    if not isinstance(source, Text):
        _judge(con, check, reading)
    elif source.has_nul or not _complete(con, check, reading):
        reading = carefully(source, copies)
        _judge(con, check, reading)
    return check, reading


def _judge(con: duckdb.DuckDBPyConnection, check: Check, reading: Reading) -> None:
    # Short lists of codes: DuckDB would join a table for each, at twice the cost of looking.
    con.execute("SET disabled_optimizers = 'in_clause'")
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE checked AS {check.checked(reading.relation)}")
    finally:
        con.execute("RESET disabled_optimizers")


def _complete(con: duckdb.DuckDBPyConnection, check: Check, reading: Reading) -> bool:
    """Read in the fast way; tell whether every line of the file became a row."""
    try:
        _judge(con, check, reading)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    counted = con.execute("SELECT count(*) FROM checked").fetchone()
    return counted is not None and counted[0] == reading.rows


def _landed(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    sha256: str,
    check: Check,
    reading: Reading,
    wishes: Wishes,
) -> Loaded:
    """Move the rows that pass to the landing table, and record the load."""
    layout, table = check.layout, check.layout.table
    highest = con.execute("SELECT COALESCE(max(load_id), 0) FROM loads").fetchone()
    load_id = int(highest[0]) + 1 if highest else 1
    find_repeated(con, check)
    con.execute(
        "CREATE OR REPLACE TEMP VIEW incoming AS "
        "SELECT * FROM checked ANTI JOIN repeated USING (line_number) WHERE faults = 0"
    )
    place = str(path.resolve())
    identities = _kept(con, path.name, load_id) if wishes.keeps_identifiers else 0
    sent = Submission(load_id, path.name, place, layout.supplier, wishes.submission, wishes.months)
    settled = refreshing.settle(con, layout, sent)
    reject(con, load_id, check, reading.malformed)
    remark(con, load_id, check)
    names = ", ".join(table.names[2:])
    con.execute(f"INSERT INTO {table.name} SELECT {load_id}, line_number, {names} FROM incoming")
    reasons = dict(
        con.execute(
            "SELECT rule, count(*) FROM rejects WHERE load_id = ? GROUP BY ALL ORDER BY ALL",
            [load_id],
        ).fetchall()
    )
    unknown = con.execute("SELECT count(*) FROM unknown_codes WHERE load_id = ?", [load_id])
    loaded = Loaded(
        file=path.name,
        layout=layout.name,
        rows_read=reading.rows + len(reading.malformed),
        accepted=reading.rows + len(reading.malformed) - sum(reasons.values()),
        rejected=sum(reasons.values()),
        is_new=True,
        reasons=reasons,
        replaced=settled.replaced,
        gone=settled.gone,
        supplier=layout.supplier,
        import_map=layout.import_map,
        unknown_codes=(unknown.fetchone() or (0,))[0],
        changes=resent_by(con, load_id),
        identities=identities,
    )
    con.execute(
        "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(load_id, path.name, place, sha256, layout.name, layout.supplier),
            *(wishes.submission, layout.import_map),
            *(loaded.rows_read, loaded.accepted, loaded.rejected),
            dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
        ],
    )
    return loaded


def _kept(con: duckdb.DuckDBPyConnection, file: str, load_id: int) -> int:
    """Keep the NHS numbers of one practice's own patients; give how many."""
    practices = {
        code
        for (code,) in con.execute(
            "SELECT DISTINCT practice_code FROM incoming "
            "UNION SELECT DISTINCT practice_code FROM identities"
        ).fetchall()
    }
    if len(practices) != 1 or practices & {None, *codes.NO_PRACTICE}:
        found = ", ".join(sorted("none" if c is None else c for c in practices)[:5]) or "none"
        raise ExtractError(
            f"NHS numbers are kept for one practice's own patients only, and with {file} they "
            f"would be of these: {found}. Nothing of it was loaded. Load it without "
            "--keep-identifiers, or into a data folder of the practice's own."
        )
    kept = con.execute(
        f"INSERT INTO identities SELECT DISTINCT {load_id}, person_id, nhs_digits(nhs_number), "
        "practice_code FROM incoming WHERE nhs_number_state IN ('valid', 'test')"
    ).fetchone()
    return int(kept[0]) if kept else 0
