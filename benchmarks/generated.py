"""A made-up year of a country's activity, in the landing schema, written as Parquet by DuckDB.

Every value is a function of a row's number, so the same size gives the same rows. A year has 6
appointments and 1.25 A&E attendances for each episode; 12% of the spells have two to four episodes.
The rows of a month lie in one file, in no order within it, as many providers' extracts would.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import duckdb
import yaml

from pbcanalytics.reference import Shelf
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

YEAR: Final = "2018/19"

_EPISODES_PER_SPELL: Final = 1.162


@dataclass(frozen=True)
class Size:
    """How much a year holds; episodes about, the rest exactly."""

    episodes: int
    outpatients: int
    emergency_attendances: int
    practices: int
    providers: int

    @classmethod
    def national(cls, episodes: int) -> "Size":
        """Give the size of a country's year; 20 million episodes are England's."""
        return cls(episodes, 6 * episodes, 5 * episodes // 4, 7_000, 150)


PCT: Final = Size(75_000, 500_000, 108_000, 46, 12)
"""The size of one PCT's year."""

_MACROS: Final = (
    # A number in [0, 1), and one of 0 … k - 1, of a row's number and what is drawn.
    "CREATE MACRO u(i, salt) AS (hash(i * 64 + salt) >> 11)::DOUBLE / 9007199254740992.0",
    "CREATE MACRO d(i, salt, k) AS (hash(i * 64 + salt) % k)::INTEGER",
    "CREATE MACRO practice(p) AS chr(65 + p // 1000) || (81000 + p % 1000)::VARCHAR",
    "CREATE MACRO provider(v) AS 'R' || chr(65 + v // 26) || chr(65 + v % 26)",
    "CREATE MACRO pct(p) AS '5' || chr(65 + (p * 152 // 7000) // 10) || (p * 152 // 7000) % 10",
    # Most go to the nearest provider, some to four others near by, few anywhere.
    "CREATE MACRO nearby(i, p, n, k) AS CASE WHEN u(i, 1) < .80 THEN p * k // n "
    "WHEN u(i, 1) < .97 THEN (p * k // n + 1 + d(i, 2, 4)) % k ELSE d(i, 3, k) END",
    "CREATE MACRO patient(p, j) AS md5((p * 100000 + j)::VARCHAR)",
    "CREATE MACRO code(i, salt) AS chr(65 + d(i, salt, 20)) || (10 + d(i, salt + 1, 90)) "
    "|| d(i, salt + 2, 10)",
)

_EPISODES: Final = """
WITH spells AS (
  SELECT i, d(i, 4, $practices) AS p, u(i, 5) AS ua, u(i, 6) AS ul,
         DATE '2018-04-01' + (i * 365 // $spells)::INTEGER AS discharged
  FROM range($first, $last) AS t(i)),
stays AS (
  SELECT *, nearby(i, p, $practices, $providers) AS v, patient(p, d(i, 7, $people)) AS person,
         CASE WHEN ua < .02 THEN 'RA' WHEN ua < .36 THEN 'DC' WHEN ua < .48 THEN 'EL'
              WHEN ua < .89 THEN 'NEL' ELSE 'NELNE' END AS kind,
         CASE WHEN ua < .36 OR ul < .25 THEN 0 WHEN ul < .42 THEN 1
              ELSE least(180, (2 - ln(1 - u(i, 8)) * 6)::INTEGER) END AS los,
         CASE WHEN ua < .36 OR u(i, 9) >= .1875 THEN 1 WHEN u(i, 9) < .135 THEN 2
              WHEN u(i, 9) < .175 THEN 3 ELSE 4 END AS n,
         (pow(u(i, 10), .7) * 95)::BIGINT AS age
  FROM spells),
many AS (
  SELECT s.*, s.i * 8 + e AS k, e, discharged - los AS admitted
  FROM stays AS s, (SELECT range::INTEGER AS e FROM range(4)) WHERE e < n)
SELECT 1 AS load_id, 2 + row_number() OVER () AS line_number, 'E' || k AS episode_id,
       person AS person_id, provider(v) AS provider_code, practice(p) AS practice_code,
       pct(p) AS commissioner_code, age AS age_years, (1 + d(i, 11, 2))::VARCHAR AS sex,
       s.specialty_code, s.specialty_code AS main_specialty_code,
       CASE WHEN u(i, 12) < .995 THEN 'S' || i END AS spell_number,
       admitted AS admission_date,
       CASE kind WHEN 'NEL' THEN ['21', '22', '23', '24', '28'][1 + d(i, 13, 5)]
                 WHEN 'NELNE' THEN ['31', '32', '81', '82'][1 + d(i, 13, 4)]
                 ELSE ['11', '12', '13'][1 + d(i, 13, 3)] END AS admission_method,
       '19' AS admission_source,
       CASE kind WHEN 'RA' THEN '3' WHEN 'DC' THEN '2' ELSE '1' END AS patient_class,
       CASE kind WHEN 'DC' THEN '2' ELSE '1' END AS intended_management,
       admitted + (los * e) // n AS episode_start, admitted + (los * (e + 1)) // n AS episode_end,
       e + 1 AS episode_order, CASE WHEN e + 1 = n THEN discharged END AS discharge_date,
       CASE WHEN e + 1 = n THEN '1' ELSE '8' END AS discharge_method,
       CASE WHEN e + 1 = n THEN '19' ELSE '98' END AS discharge_destination,
       los AS supplied_los_days,
       CASE WHEN los > 2 AND u(k, 14) < .03 THEN 1 + d(k, 15, 3) ELSE 0 END AS critical_care_days,
       CASE WHEN u(k, 16) < .002 THEN 'UZ01Z' WHEN u(k, 16) < .999 THEN h.hrg END AS hrg,
       '01' AS administrative_category,
       code(k, 17) AS primary_diagnosis, code(k, 17) || ' ' || code(k, 20) AS diagnoses,
       2 AS coding_depth, CASE WHEN u(k, 23) < .6 THEN code(k, 24) END AS procedures
FROM many
JOIN hrgs AS h ON h.place = (pow(u(k, 27), 2.5) * $hrgs)::INTEGER % $hrgs
JOIN specialties AS s ON s.place = (pow(u(i, 28), 2) * $specialties)::INTEGER % $specialties
ORDER BY hash(k)
"""

_OUTPATIENTS: Final = """
WITH seen AS (
  SELECT i, d(i, 4, $practices) AS p, u(i, 5) AS ut, u(i, 6) AS us,
         DATE '2018-04-01' + (i * 365 // $outpatients)::INTEGER AS day
  FROM range($first, $last) AS t(i))
SELECT 1 AS load_id, 2 + row_number() OVER () AS line_number, 'O' || i AS attendance_id,
       patient(p, d(i, 7, $people)) AS person_id,
       provider(nearby(i, p, $practices, $providers)) AS provider_code,
       practice(p) AS practice_code,
       pct(p) AS commissioner_code, (pow(u(i, 10), .7) * 95)::BIGINT AS age_years,
       (1 + d(i, 11, 2))::VARCHAR AS sex, s.specialty_code,
       s.specialty_code AS main_specialty_code, day AS appointment_date,
       CASE WHEN ut < .28 THEN '1' WHEN ut < .95 THEN '2' WHEN ut < .96 THEN '3' ELSE '4' END
         AS attendance_type,
       CASE WHEN us < .86 THEN '5' WHEN us < .88 THEN '6' WHEN us < .95 THEN '3' ELSE '2' END
         AS attended,
       CASE WHEN u(i, 12) < .6 THEN '03' ELSE '05' END AS referral_source,
       day - d(i, 13, 90) AS request_date, CAST(NULL AS VARCHAR) AS diagnoses,
       CASE WHEN u(i, 14) < .10 THEN code(i, 15) END AS procedures,
       CASE WHEN u(i, 14) < .10 THEN h.hrg WHEN ut < .28 THEN 'WF01B' ELSE 'WF01A' END AS hrg
FROM seen
JOIN procedures AS h ON h.place = (pow(u(i, 18), 2.5) * $procedures)::INTEGER % $procedures
JOIN specialties AS s ON s.place = (pow(u(i, 28), 2) * $specialties)::INTEGER % $specialties
"""

_EMERGENCY: Final = """
WITH seen AS (
  SELECT i, d(i, 4, $practices) AS p FROM range($first, $last) AS t(i))
SELECT 1 AS load_id, 2 + row_number() OVER () AS line_number, 'A' || i AS attendance_id,
       patient(p, d(i, 7, $people)) AS person_id,
       provider(nearby(i, p, $practices, $providers)) AS provider_code,
       practice(p) AS practice_code,
       pct(p) AS commissioner_code, (pow(u(i, 10), .9) * 95)::BIGINT AS age_years,
       (1 + d(i, 11, 2))::VARCHAR AS sex, '180' AS specialty_code, '180' AS main_specialty_code,
       DATE '2018-04-01' + (i * 365 // $emergency_attendances)::INTEGER AS arrival_date,
       printf('%02d%02d', d(i, 12, 24), d(i, 13, 60)) AS arrival_time, '1' AS attendance_category,
       CASE WHEN u(i, 14) < .25 THEN '01' ELSE '03' END AS disposal,
       CASE WHEN u(i, 15) < .67 THEN '1' ELSE '3' END AS department_type, h.hrg
FROM seen JOIN emergencies AS h ON h.place = d(i, 16, $emergencies)
"""

_KINDS: Final[tuple[tuple[Table, str], ...]] = (
    (tables.EPISODES, _EPISODES),
    (tables.OUTPATIENTS, _OUTPATIENTS),
    (tables.EMERGENCY, _EMERGENCY),
)


def year(folder: Path, size: Size) -> None:
    """
    Write a year of activity.

    Parameters
    ----------
    folder : Path
        Gets a folder each of `episodes`, `outpatients` and `emergency_attendances`, a Parquet file
        a month in each.
    size : Size
        How much.
    """
    shelf = Shelf.open()
    con = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder / "spill")})
    for macro in _MACROS:
        con.execute(macro)
    tariff = shelf.read("tariff", YEAR)
    codes = {
        "hrgs": tariff["hrg"],
        "procedures": tariff.loc[tariff["outpatient_procedure_pence"].notna(), "hrg"],
        "specialties": shelf.read("outpatient", YEAR)["specialty_code"],
        "emergencies": shelf.read("emergency", YEAR)["hrg"],
    }
    for name, held in codes.items():
        frame = held.rename("hrg" if name != "specialties" else "specialty_code")
        con.register("incoming", frame.reset_index(drop=True).rename_axis("place").reset_index())
        con.execute(f"CREATE TABLE {name} AS FROM incoming")
    spells = round(size.episodes / _EPISODES_PER_SPELL)
    sizes = {
        **asdict(size),
        "spells": spells,
        "people": max(20, spells // size.practices),
        **{name: len(held) for name, held in codes.items()},
    }
    for table, select in _KINDS:
        (folder / table.name).mkdir(parents=True, exist_ok=True)
        n = sizes["spells" if table is tables.EPISODES else table.name]
        for month in range(12):
            bounds = {"first": n * month // 12, "last": n * (month + 1) // 12}
            text = select
            for name, value in sorted({**sizes, **bounds}.items(), key=lambda x: -len(x[0])):
                text = text.replace(f"${name}", str(value))
            con.execute(
                f"COPY ({_landed(con, table, text)}) TO "
                f"'{folder / table.name / f'{month + 1:02d}.parquet'}' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
    con.close()


def _landed(con: duckdb.DuckDBPyConnection, table: Table, select: str) -> str:
    """Give a SELECT the columns of a landing table, in order; those it does not make are empty."""
    made = {name for (name, *_) in con.execute(f"DESCRIBE {select}").fetchall()}
    columns = (
        f"CAST({c.name if c.name in made else 'NULL'} AS {c.sql_type}) AS {c.name}"
        for c in table.columns
    )
    return f"SELECT {', '.join(columns)} FROM ({select})"


def store(folder: Path, path: Path) -> None:
    """Keep a year's Parquet files as landing tables in a database."""
    with duckdb.connect(str(path), config={"memory_limit": "4GB"}) as con:
        con.execute("SET preserve_insertion_order = false")
        for table, _ in _KINDS:
            con.execute(f"CREATE TABLE {table.name} AS FROM '{folder / table.name / '*.parquet'}'")


def reference(folder: Path, size: Size) -> Shelf:
    """Write market forces factors of the made-up providers, and open the shelf with them."""
    with duckdb.connect() as con:
        for macro in _MACROS:
            con.execute(macro)
        made = con.execute(
            "SELECT provider(v::INTEGER) AS provider_code, provider(v::INTEGER) AS provider_name, "
            f"1 + d(v, 1, 300) / 1000 AS mff_ratio FROM range({size.providers}) AS t(v)"
        ).df()
    own = folder / "reference" / "mff"
    own.mkdir(parents=True, exist_ok=True)
    stem = YEAR.replace("/", "-")
    made.to_csv(own / f"{stem}.csv", index=False)
    status = {"unit": "as shipped", "status": "example"}
    record = {
        "title": "Market forces factors of made-up providers",
        "financial_year": YEAR,
        "source": "pbc_example",
        "grain": "one row per provider",
        "columns": {c: status for c in made.columns},
    }
    (own / f"{stem}.yaml").write_text(yaml.safe_dump(record), encoding="utf-8")
    return Shelf.open(folder / "reference")
