"""Load one file into its landing table in one transaction, every row accounted for."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pbcanalytics.intake import pseudonyms, refreshing
from pbcanalytics.intake.accounting import find_repeated, reject, remark
from pbcanalytics.intake.checking import Check
from pbcanalytics.intake.choosing import HEADLESS, Wishes, layout_of
from pbcanalytics.intake.files.opening import checksum, unpack
from pbcanalytics.intake.files.reading import Reading, carefully, read
from pbcanalytics.intake.files.texts import Text
from pbcanalytics.intake.maps import ImportMap
from pbcanalytics.intake.refreshing import Change
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ExtractError


@dataclass(frozen=True)
class Loaded:
    """
    What became of a file: rows read = accepted + rejected.

    `reasons` counts the rejected rows by rule, `replaced` the rows held before that gave way,
    `unknown_codes` the codes that are on no list; `changes` says, for each month held before, what
    became of it. `identities` is how many NHS numbers were kept, on request.
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
    changes: tuple[Change, ...] = ()
    identities: int = 0


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the landing tables, their history and the records of loads where there are none."""
    for table in tables.LANDING:
        con.execute(table.ddl())
        con.execute(table.superseded().ddl())
    for table in tables.RECORDS:
        con.execute(table.ddl())


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
    before = con.execute(
        "SELECT file, layout, rows_read, accepted, rejected FROM loads WHERE sha256 = ?", [sha256]
    ).fetchone()
    if before is not None:
        file, layout_name, rows_read, accepted, rejected = before
        return Loaded(file, layout_name, rows_read, accepted, rejected, is_new=False)
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


def _checked(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    copies: Path,
    wishes: Wishes,
    maps: Sequence[ImportMap],
) -> tuple[Check, Reading]:
    """Read, type and judge every row into the temporary table `checked`."""
    source = unpack(path, copies, HEADLESS)
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
    con.execute(f"CREATE OR REPLACE TEMP TABLE checked AS {check.checked(reading.relation)}")


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
    replaced = refreshing.settle(con, layout, load_id, place, wishes.submission, wishes.months)
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
        replaced=replaced,
        supplier=layout.supplier,
        import_map=layout.import_map,
        unknown_codes=(unknown.fetchone() or (0,))[0],
        changes=refreshing.changes(con, load_id),
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
    practices = con.execute("SELECT count(DISTINCT practice_code) FROM incoming").fetchone()
    if practices is None or practices[0] != 1:
        raise ExtractError(
            f"{file} holds patients of {practices[0] if practices else 0} practices. NHS numbers "
            "are kept for one practice's own patients only, so nothing of it was loaded. Load it "
            "without --keep-identifiers."
        )
    kept = con.execute(
        f"INSERT INTO identities SELECT DISTINCT {load_id}, person_id, nhs_digits(nhs_number) "
        "FROM incoming WHERE nhs_number_state IN ('valid', 'test')"
    ).fetchone()
    return int(kept[0]) if kept else 0
