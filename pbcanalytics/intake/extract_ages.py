"""What successive extracts showed of each month: counted as held at each age, and as held now."""

from typing import Final

import duckdb
import pandas as pd

_STAY: Final = """CASE WHEN patient_class = '2' THEN 'DC'
  WHEN admission_method IN ('11', '12', '13') THEN 'EL'
  WHEN left(admission_method, 1) = '2' THEN 'NEL'
  WHEN admission_method IN ('31', '32', '81', '82', '83') THEN 'NELNE' ELSE 'OTHER' END"""

# Table, its month, its line, and what must be there for a price.
_SOURCES: Final = (
    ("episodes", "COALESCE(discharge_date, episode_end)", _STAY, "hrg IS NOT NULL"),
    (
        "outpatients",
        "appointment_date",
        "CASE WHEN attendance_type = '1' THEN 'OPFA' ELSE 'OPFUP' END",
        "attended IN ('5', '6')",
    ),
    ("emergency_attendances", "arrival_date", "'AE'", "hrg IS NOT NULL"),
)

# An extract's age is told by what it brings and not by when it was loaded here: one whose latest
# month is June shows June at age 0 and May at age 1. A month counts at an age only where a later
# extract brought it again; sent once, nobody knows whether it was whole.
_SEEN: Final = """
WITH versions AS (
  SELECT provider_code, load_id, superseded_by, {pod} AS pod,
         CAST(date_trunc('month', {day}) AS DATE) AS month, COALESCE({counts}, FALSE) AS counts
  FROM (SELECT *, NULL::BIGINT AS superseded_by FROM {table}
        UNION ALL BY NAME SELECT * FROM superseded_{table})),
sent AS (
  SELECT provider_code, load_id, month FROM versions WHERE month IS NOT NULL GROUP BY ALL),
extracts AS (
  SELECT provider_code, load_id, max(month) AS latest FROM sent GROUP BY ALL),
looks AS (
  SELECT sent.provider_code, sent.month, e.latest, date_diff('month', sent.month, e.latest) AS age
  FROM sent JOIN extracts AS e USING (provider_code, load_id)
  WHERE date_diff('month', sent.month, e.latest) < {n_ages}
  GROUP BY ALL),
again AS (
  SELECT looks.* FROM looks
  WHERE EXISTS (SELECT 1 FROM sent JOIN extracts AS e USING (provider_code, load_id)
                WHERE sent.provider_code = looks.provider_code AND sent.month = looks.month
                  AND e.latest > looks.latest)),
counted AS (
  SELECT v.provider_code, v.pod, v.month, came.latest AS came, gone.latest AS gone,
         v.superseded_by, count(*) FILTER (v.counts) AS n
  FROM versions AS v
  JOIN extracts AS came ON came.provider_code = v.provider_code AND came.load_id = v.load_id
  LEFT JOIN extracts AS gone
    ON gone.provider_code = v.provider_code AND gone.load_id = v.superseded_by
  GROUP BY ALL)
SELECT a.provider_code, c.pod, a.month, CAST(a.age AS BIGINT) AS age_months,
       CAST(COALESCE(sum(c.n) FILTER (c.came <= a.latest
         AND (c.superseded_by IS NULL OR c.gone > a.latest)), 0) AS BIGINT) AS n_known,
       CAST(COALESCE(sum(c.n) FILTER (c.superseded_by IS NULL), 0) AS BIGINT) AS n_final
FROM again AS a JOIN counted AS c ON c.provider_code = a.provider_code AND c.month = a.month
GROUP BY ALL
"""


def extract_ages(con: duckdb.DuckDBPyConnection, n_ages: int) -> pd.DataFrame:
    """
    Count what extracts showed of the months that were sent more than once.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the landing tables and what was superseded in them.
    n_ages : int
        Ages that are asked for, from 0. [months]

    Returns
    -------
    DataFrame, one row per provider, point of delivery, month and age
        `provider_code`, `pod`, `month`, `age_months`, and of what can be priced `n_known`, held at
        that age, and `n_final`, held now. [stays and attendances] Empty where every month was sent
        once.
    """
    parts = [
        con.execute(_SEEN.format(table=table, day=day, pod=pod, counts=counts, n_ages=n_ages)).df()
        for table, day, pod, counts in _SOURCES
    ]
    return pd.concat(parts, ignore_index=True)
