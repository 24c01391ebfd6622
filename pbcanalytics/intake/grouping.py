"""Write the input of the NHS local payment grouper from the episodes held (domain 2.7).

The grouper is a program of its own, which runs on Windows and is not part of this one: it reads
what is written here, and the layouts `grouped_episodes` and `grouped_spells` read what it writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from pbcanalytics.words import periods
from pbcanalytics.words.errors import StoreError

DIAGNOSES: Final = 14
PROCEDURES: Final = 12

_STILL_IN: Final = {"DISDEST": "98", "DISMETH": "8"}
"""What stands for a discharge on an episode that did not end with one."""

_VALUES: Final = {
    "PROCODET": "provider_code",
    "PROVSPNO": "spell_number",
    "EPIORDER": "episode_order",
    "STARTAGE": "age_years",
    "SEX": "sex",
    "CLASSPAT": "patient_class",
    "ADMISORC": "admission_source",
    "ADMIMETH": "admission_method",
    "DISDEST": f"COALESCE(discharge_destination, {{still_in}} '{_STILL_IN['DISDEST']}' END)",
    "DISMETH": f"COALESCE(discharge_method, {{still_in}} '{_STILL_IN['DISMETH']}' END)",
    "EPIDUR": "date_diff('day', episode_start, episode_end)",
    "MAINSPEF": "main_specialty_code",
    "NEOCARE": "NULL",
    "TRETSPEF": "specialty_code",
    **{f"DIAG_{i:02d}": f"coded_diagnoses[{i}]" for i in range(1, DIAGNOSES + 1)},
    **{f"OPER_{i:02d}": f"coded_procedures[{i}]" for i in range(1, PROCEDURES + 1)},
    "CRITICALCAREDAYS": "COALESCE(critical_care_days, 0)",
    "REHABILITATIONDAYS": "0",
    "SPCDAYS": "0",
}
"""The columns of the grouper's definition of admitted patient care, in order."""

COLUMNS: Final = tuple(_VALUES)

_MANDATORY: Final = (*COLUMNS[:12], "TRETSPEF", "DIAG_01")

_SELECTED: Final = """
WITH numbered AS (
  SELECT * REPLACE (CASE WHEN replace(replace(spell_number, '0', ''), '-', '') <> ''
                         THEN spell_number END AS spell_number)
  FROM episodes),
spells AS (
  SELECT *, provider_code || '|' || CASE
           WHEN patient_class IN ('3', '4') THEN episode_id
           WHEN spell_number IS NOT NULL THEN person_id || '|' || spell_number
           ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END AS spell,
         list_filter(string_split(replace(diagnoses, '.', ''), ' '), lambda c: c <> '')
           AS coded_diagnoses,
         list_filter(string_split(replace(procedures, '.', ''), ' '), lambda c: c <> '')
           AS coded_procedures
  FROM numbered),
dated AS (
  SELECT *, COALESCE(max(discharge_date) OVER spell_of, max(episode_end) OVER spell_of,
                     max(admission_date) OVER spell_of) AS last_day
  FROM spells WINDOW spell_of AS (PARTITION BY spell)),
chosen AS (SELECT * FROM dated WHERE {chosen}),
shared AS (
  SELECT *, min(person_id) OVER number_of <> max(person_id) OVER number_of AS is_shared
  FROM chosen WINDOW number_of AS (PARTITION BY provider_code, spell_number)),
rows AS (SELECT spell, episode_start, episode_end, is_shared, episode_id,
                len(coded_diagnoses) > {diagnoses} OR len(coded_procedures) > {procedures}
                  AS is_shortened, {values} FROM shared),
judged AS (SELECT *, {reason} AS own_reason FROM rows)
SELECT *, CASE WHEN own_reason IS NULL AND count(own_reason) OVER (PARTITION BY spell) > 0
               THEN 'rest_of_spell' ELSE own_reason END AS reason
FROM judged
"""
"""One row an episode: what would be written, and why it cannot be. The spell is the one that
prices are made from (the model `spell_episodes`); a number of noughts is none."""


@dataclass(frozen=True)
class GrouperInput:
    """
    What became of the episodes.

    Attributes
    ----------
    path : Path
        The file.
    written : int
        Episodes in it.
    left_out : mapping of str to int
        Reason to episodes: `missing_` and the column that is empty; `impossible_dates`, the
        episode ends before it starts; `unwritable`, a code has a comma, a quotation mark or a
        letter that is not plain; `number_of_two_patients`, the grouper would take two spells of
        one number for one; `rest_of_spell`, another episode of its spell is left out, without
        which the grouper would group the spell wrongly.
    shortened : int
        Episodes in the file with more codes than it has room for; the last ones are not in it.
    """

    path: Path
    written: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    shortened: int = 0


def write_input(
    con: duckdb.DuckDBPyConnection, out: Path, *, financial_year: str | None = None
) -> GrouperInput:
    """
    Write the episodes as the grouper reads them: plain text, commas, no quotation marks.

    One row an episode, headings in the first line. Not held, so that they are written as the
    grouper takes for none: NEOCARE (empty), REHABILITATIONDAYS and SPCDAYS (0), CRITICALCAREDAYS
    where it is not recorded (0). An episode that did not end with a discharge has DISDEST 98 and
    DISMETH 8. EPIDUR is counted from the dates [days].

    Parameters
    ----------
    con : DuckDBPyConnection
        With the table `episodes`.
    out : Path
        The file to write; one that is there is replaced whole.
    financial_year : str, optional
        Of discharge, as in 2018/19; of the last day known for spells without; all, if left out.

    Returns
    -------
    GrouperInput
        Every episode of the year is in the file or counted with its reason.

    Raises
    ------
    SelectionError
        If the year is not a financial year.
    StoreError
        If the file cannot be written.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE for_grouper AS {input_rows(financial_year)}")
    unfinished = out.with_name(out.name + ".part")
    place = str(unfinished).replace("'", "''")
    try:
        con.execute(
            f"COPY (SELECT {', '.join(COLUMNS)} FROM for_grouper WHERE reason IS NULL "
            "ORDER BY PROCODET, PROVSPNO, CAST(EPIORDER AS INTEGER), episode_start, episode_id) "
            f"TO '{place}' (FORMAT csv, HEADER, DELIMITER ',')"
        )
        unfinished.replace(out)
        counted = con.execute(
            "SELECT reason, count(*), count(*) FILTER (is_shortened) FROM for_grouper "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    except (duckdb.IOException, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(
            f"The grouper's input cannot be written to {out} ({type(error).__name__}), so there is "
            "none. Name a folder that exists and that you may write to."
        ) from error
    finally:
        con.execute("DROP TABLE for_grouper")
    written = [(n, shortened) for reason, n, shortened in counted if reason is None]
    return GrouperInput(
        path=out,
        written=sum(n for n, _ in written),
        left_out={reason: n for reason, n, _ in counted if reason is not None},
        shortened=sum(shortened for _, shortened in written),
    )


def input_rows(financial_year: str | None = None) -> str:
    """Write the SELECT of an episode a row: its `spell`, what would be written, why it cannot."""
    still_in = "CASE WHEN discharge_date IS NULL THEN"
    values = ", ".join(
        f"CAST({sql.format(still_in=still_in)} AS VARCHAR) AS {name}"
        for name, sql in _VALUES.items()
    )
    missing = " ".join(f"WHEN {name} IS NULL THEN 'missing_{name}'" for name in _MANDATORY)
    together = ", ".join(COLUMNS)
    chosen = "TRUE"
    if financial_year is not None:
        first = periods.start(financial_year)
        after = periods.start(periods.following(financial_year))
        chosen = f"last_day >= DATE '{first}' AND last_day < DATE '{after}'"
    return _SELECTED.format(
        chosen=chosen,
        diagnoses=DIAGNOSES,
        procedures=PROCEDURES,
        values=values,
        reason=(
            f"CASE {missing} WHEN episode_end < episode_start THEN 'impossible_dates' "
            f"WHEN NOT regexp_full_match(concat({together}), '[ -~]*') "
            f"OR regexp_matches(concat({together}), '[,\"]') THEN 'unwritable' "
            "WHEN is_shared THEN 'number_of_two_patients' END"
        ),
    )
