"""Two engines, one text: of the same models DuckDB and Spark make the same, cell by cell."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pbcanalytics import costing, pipeline
from pbcanalytics.costing.aggregates import price_aggregates
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.store.spark import SparkEngine, lacking, rendered, session
from pbcanalytics.store.spark.rendering import FUNCTIONS, OPERATORS
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError
from tests.drawn import put

MODELS = {
    Path(file.name).stem: file.read_text(encoding="utf-8")
    for file in (resources.files("pbcanalytics.costing") / "models").iterdir()
    if file.name.endswith(".sql")
}

without_sqlglot = pytest.mark.skipif(
    find_spec("sqlglot") is None, reason="SQLGlot is not installed; make spark installs it"
)
without_spark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")

CONSTRUCTS = {
    "of_one_row": """
        SELECT id, n // 1000000 AS cut, (n * m + 500000) // 1000000 AS half_up, n // m AS by_other,
               n // 7 * 7 AS in_weeks,
               -n - m AS less, n * m + id AS much, n < m OR n >= id AS either,
               n <> m AND NOT n <= 0 AS both_so, n IS DISTINCT FROM m AS is_other,
               n IS NOT DISTINCT FROM m AS is_same, n BETWEEN -1 AND m AS is_between,
               n IN (0, 1, 500000) AS is_in, n > 0 AS is_more, n = m AS is_equal,
               GREATEST(0, n) AS at_least, LEAST(0, m) AS at_most, COALESCE(n, m, -9) AS known,
               CASE WHEN is_so THEN 'so' WHEN NOT is_so THEN 'not' END AS told,
               CASE word WHEN 'a b' THEN 1 WHEN '' THEN 2 END AS switched,
               share <> FLOOR(share) AS has_part, word || '|' || CAST(n AS VARCHAR) AS key,
               word || CAST(day AS VARCHAR) AS day_key, RIGHT(word, 2) AS last_two,
               RIGHT(CAST(YEAR(day) + 1 AS VARCHAR), 2) AS short_year,
               REPLACE(word, '0', '') AS without_noughts, UPPER(word) AS loud,
               SPLIT_PART(word, ' ', id) AS part, word LIKE 'N%' AS is_n, word LIKE '% b%' AS has_b,
               word < 'b' AS is_before, (word IS NULL) AS has_none,
               CAST(DATE_TRUNC('month', day) AS DATE) AS month,
               DATE_DIFF('day', day, other_day) AS days, YEAR(day) AS year, MONTH(day) AS month_no,
               LENGTH(word) AS n_signs, LOWER(word) AS quiet, LEFT(word, 1) AS initial,
               SUBSTRING(word, 2, 2) AS middle, TRIM(word) AS trimmed, NULLIF(word, '') AS said,
               ABS(n) AS size, n % 7 AS rest, DAY(day) AS day_no,
               CAST(CAST(day AS VARCHAR) AS DATE) AS day_again, CAST(n > m AS BIGINT) AS as_number
        FROM odd_values""",
    "of_groups": """
        SELECT word, COUNT(*) AS n_rows, COUNT(n) AS n_known, COUNT(DISTINCT m) AS n_different,
               CAST(SUM(n) AS BIGINT) AS total, MIN(n) AS least, MAX(day) AS latest,
               MIN(word) AS first_word, MIN_BY(n, order_no) AS first_n,
               MAX_BY(n, order_no) AS last_n, MAX_BY(day, order_no) AS last_day
        FROM odd_values GROUP BY word HAVING COUNT(*) > 1""",
    "of_windows": """
        SELECT id, ROW_NUMBER() OVER (PARTITION BY word ORDER BY n, id) AS rising,
               ROW_NUMBER() OVER (PARTITION BY word ORDER BY day DESC, is_so, id) AS falling,
               ROW_NUMBER() OVER (ORDER BY word NULLS FIRST, id DESC) AS alphabetic,
               LEAD(word) OVER (ORDER BY id) AS after_it,
               RANK() OVER (PARTITION BY word ORDER BY day) AS place,
               DENSE_RANK() OVER (PARTITION BY word ORDER BY day DESC) AS dense_place,
               LAG(n) OVER (PARTITION BY word ORDER BY order_no, id) AS before_it,
               CAST(SUM(n) OVER (PARTITION BY word ORDER BY order_no, id
                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS so_far
        FROM odd_values""",
    "of_tables": """
        WITH later AS (SELECT * FROM odd_values AS v WHERE EXISTS (
          SELECT 1 FROM odd_values AS w WHERE w.day > v.day AND w.word = v.word))
        SELECT DISTINCT v.word, w.n FROM odd_values AS v LEFT JOIN later AS w ON w.m = v.n
        UNION ALL SELECT NULL, 7""",
    "of_nothing": "SELECT * FROM odd_values WHERE id < 0",
}
"""Everything that a model may use, on values chosen to be awkward."""


def kinds_of(select: str) -> set[str]:
    import sqlglot

    return {type(node).__name__ for node in sqlglot.parse_one(select, read="duckdb").walk()}


@without_sqlglot
@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_is_written_in_what_both_engines_share(name: str) -> None:
    written = rendered(MODELS[name])
    assert "//" not in written
    assert ("//" in MODELS[name]) == (" DIV " in written)


@without_sqlglot
@pytest.mark.parametrize(
    ("select", "named"),
    [
        ("SELECT TRY_STRPTIME(a, '%d') FROM t", "TRY_STRPTIME"),
        ("SELECT only_here(a) FROM t", "ONLY_HERE"),
        ("SELECT a / 2 FROM t", "Div"),
        ("SELECT DATE_DIFF('month', a, b) FROM t", "DATE_DIFF by month"),
        ("SELECT DATE_TRUNC('month', a) FROM t", "DATE_TRUNC without CAST to DATE"),
        ("SELECT CAST(a AS DOUBLE) FROM t", "the type DOUBLE"),
        ("SELECT TRY_CAST(a AS BIGINT) FROM t", "TryCast"),
        ("SELECT a LIKE 'x\\_%' FROM t", "LIKE with a backslash"),
        ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1", "Qualify"),
        ("SELECT [a, b] FROM t", "Array"),
        ("SELECT FROM WHERE", "cannot be rendered"),
    ],
)
def test_what_is_not_known_to_mean_the_same_is_refused_by_name(select: str, named: str) -> None:
    with pytest.raises(StoreError, match=named):
        rendered(select)


@without_sqlglot
def test_all_that_a_model_may_use_is_among_what_is_compared() -> None:
    compared = set().union(*(kinds_of(select) for select in CONSTRUCTS.values()))
    assert compared >= FUNCTIONS | OPERATORS


@pytest.mark.parametrize("java", ["", "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n"])
def test_without_java_or_packages_one_sentence_says_what_to_install(
    java: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java").write_text(java)
    (tmp_path / "java").chmod(0o755 if java else 0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    said = str(lacking())
    if find_spec("pyspark") is None:
        assert "pip install 'pbcanalytics[spark]'" in said
    else:
        assert ("only Java 11 was found" if java else "Java 17 or newer and none") in said
        assert "Install it" in said


def test_the_command_says_so_in_a_sentence_and_loses_nothing(
    small_pct: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(small_pct / "warehouse.duckdb", data)
    environment = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"}
    done = subprocess.run(
        [sys.executable, "-m", "pbcanalytics", "build", "--engine", "spark", "--data", str(data)],
        env=environment | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == StoreError.exit_code
    assert "nstall" in done.stderr
    assert "Traceback" not in done.stderr
    assert pipeline.status(data)["spells"] == pipeline.status(small_pct)["spells"]


@without_spark
def test_a_cluster_that_is_none_is_told_in_a_sentence(small_pct: Path, tmp_path: Path) -> None:
    shutil.copy(small_pct / "warehouse.duckdb", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pbcanalytics", "build", "--engine", "spark", "--data", tmp_path],
        env=os.environ | {"PBC_SPARK_MASTER": "nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == StoreError.exit_code
    assert "did not start on nowhere" in done.stderr
    assert "PBC_SPARK_MASTER" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["warehouse.duckdb"]


def test_an_engine_that_is_not_there_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match="duckdb or spark"):
        pipeline.build(tmp_path, engine="pandas")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One small session; Java's quick compiler is enough for so few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        folder = tmp_path_factory.mktemp("spark")
        with session(folder, partitions=2, memory_bytes=1024**3) as running:
            yield running


@pytest.fixture
def both(spark: Any, tmp_path: Path) -> Iterator[tuple[Warehouse, SparkEngine]]:
    """A database in memory with a table of odd values, and the Spark engine on it."""
    with Warehouse.in_memory() as warehouse:
        warehouse.con.execute(
            """
            CREATE TABLE odd_values AS
            WITH numbers AS (SELECT [NULL, -1500000::BIGINT, -1000001, -1000000, -500001, -500000,
              -499999, -1, 0, 1, 499999, 500000, 500001, 1000000, 1499999, 1500000, 9876543] AS n,
              [NULL, '', 'a b', 'a  b', 'N01', '0-0', 'É', 'b', 'B', ' N', 'x b c'] AS word,
              [NULL, DATE '2018-03-31', DATE '2018-04-01', DATE '2016-02-29', DATE '1900-01-01',
               DATE '2018-03-25', DATE '2018-10-28', DATE '2019-12-31', DATE '1582-10-15'] AS day)
            SELECT i + 1 AS id, n[1 + i % 17] AS n,
                   CASE WHEN i % 19 = 0 THEN NULL ELSE n[2 + (i * 7) % 16] END AS m,
                   word[1 + i % 11] AS word, day[1 + i % 9] AS day,
                   day[1 + (i * 5) % 9] AS other_day,
                   CASE i % 3 WHEN 0 THEN TRUE WHEN 1 THEN FALSE END AS is_so,
                   CASE WHEN i % 13 > 0 THEN (i * 37) % 1009 END AS order_no,
                   CASE WHEN i % 5 > 0 THEN i * 0.25::DOUBLE END AS share
            FROM numbers, range(1000) AS t(i)
            """
        )
        # By nought both engines fail, DuckDB and Spark alike.
        warehouse.con.execute("UPDATE odd_values SET m = NULL WHERE m = 0")
        yield warehouse, SparkEngine(warehouse, spark, tmp_path)


def columns(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()]


def different(con: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> list[Any]:
    """Rows that one of two tables has and the other has not, but for when they were made."""
    assert columns(con, ours) == columns(con, theirs)
    names = ", ".join(name for name, _ in columns(con, ours) if name != "built_at")
    one, other = (f"SELECT {names} FROM {table}" for table in (ours, theirs))
    return con.execute(
        f"(SELECT 'duckdb', * FROM ({one} EXCEPT ALL {other})) UNION ALL "
        f"(SELECT 'spark', * FROM ({other} EXCEPT ALL {one})) LIMIT 10"
    ).fetchall()


@without_spark
@pytest.mark.parametrize("name", list(CONSTRUCTS))
def test_all_that_a_model_may_use_gives_the_same_on_awkward_values(
    name: str, both: tuple[Warehouse, SparkEngine]
) -> None:
    warehouse, engine = both
    warehouse.define("by_duckdb", CONSTRUCTS[name])
    engine.define("by_spark", CONSTRUCTS[name])
    assert different(warehouse.con, "by_duckdb", "by_spark") == []
    counted = warehouse.rows("SELECT count(*) FROM by_spark")[0][0]
    assert (counted == 0) == (name == "of_nothing")


@without_spark
def test_a_table_that_is_made_anew_is_read_anew(both: tuple[Warehouse, SparkEngine]) -> None:
    warehouse, engine = both
    engine.define("taken", "SELECT 1 AS n")
    engine.define("first", "SELECT n FROM taken")
    engine.source("taken", warehouse.frame("SELECT 2 AS n"))
    engine.define("second", "SELECT n FROM taken")
    engine.define("taken", "SELECT n + 1 AS n FROM taken")
    engine.define("third", "SELECT n FROM taken")
    found = [engine.frame(f"SELECT n FROM {t}")["n"].tolist() for t in ("first", "second", "third")]
    assert found == [[1], [2], [3]]


@without_spark
def test_a_view_is_read_on_spark_whoever_made_it(both: tuple[Warehouse, SparkEngine]) -> None:
    warehouse, engine = both
    warehouse.view("theirs", "SELECT id, n FROM odd_values WHERE n > 0")
    engine.view("ours", "SELECT id FROM theirs WHERE id < 500")
    engine.define("counted", "SELECT COUNT(*) AS n_rows FROM ours")
    expected = warehouse.rows("SELECT count(*) FROM odd_values WHERE n > 0 AND id < 500")
    assert warehouse.rows("SELECT n_rows FROM counted") == expected


@without_spark
def test_a_sum_too_large_is_an_error_and_no_other_number(
    both: tuple[Warehouse, SparkEngine],
) -> None:
    select = "SELECT CAST(SUM(n * 9000000000000) AS BIGINT) AS n FROM odd_values WHERE n > 499999"
    warehouse, engine = both
    with pytest.raises(duckdb.Error):
        warehouse.define("much", select)
    with pytest.raises(StoreError, match=r"Spark could not make the table much .*overflow"):
        engine.define("much", select)


@without_spark
def test_a_column_that_would_not_come_back_as_it_went_is_refused(
    both: tuple[Warehouse, SparkEngine],
) -> None:
    with pytest.raises(StoreError, match=r"total \(HUGEINT\)"):
        both[1].define("sums", "SELECT SUM(n) AS total FROM odd_values")


@without_spark
def test_a_column_that_spark_would_make_of_another_kind_is_refused(
    both: tuple[Warehouse, SparkEngine],
) -> None:
    with pytest.raises(StoreError, match=r"part \(double, on Spark bigint\)"):
        both[1].define("parts", "SELECT id, FLOOR(share) AS part FROM odd_values")


EPISODES = """
episode_id | spell_number | episode_order | admission_date | discharge_date | hrg    | age_years
e1         | march        | 1             | 2018-03-30     | 2018-03-31     | HN12F  | 50
e2         | april        | 1             | 2018-03-30     | 2018-04-01     | HN12F  | 50
e3         | tie          | 1             | 2018-05-01     |                | {b}    | 50
e4         | tie          | 2             | 2018-05-01     | 2018-05-03     | {a}    | 50
e5         | half         | 1             | 2018-05-01     | 2018-05-01     | {half} | 50
e6         | open         | 1             | 2018-05-01     |                | HN12F  | 50
e7         |              | 1             | 2018-05-01     | 2018-05-02     |        |
e8         |              | 2             | 2018-05-01     | 2018-05-02     | ZZ99Z  |
e9         | back         | 1             | 2018-05-09     | 2018-05-02     | HN12F  | 50
"""
"""Spells at every edge: of years, of equal prices, of half a penny, of what is known."""

OUTPATIENTS = """
attendance_id | appointment_date | attendance_type | attended
march         | 2018-03-31       | 1               | 5
april         | 2018-04-01       | 2               | 5
nowhere       | 2018-04-01       |                 |
"""

EMERGENCY = """
attendance_id | arrival_date | hrg
march         | 2018-03-31   | VB08Z
april         | 2018-04-01   | VB08Z
none          | 2018-04-01   |
"""


def of_equal_price() -> tuple[str, str]:
    """Two HRGs of one elective price, in the order of the alphabet."""
    held = Shelf.open().read("tariff", "2018/19").dropna(subset="elective_pence")
    several = held[held.duplicated("elective_pence", keep=False)]
    first = several.sort_values(["elective_pence", "hrg"])
    return str(first["hrg"].iloc[0]), str(first["hrg"].iloc[1])


def with_half_a_penny() -> str:
    """An HRG whose market forces payment at a factor of 1.0643 ends on half a penny."""
    held = Shelf.open().read("tariff", "2018/19")
    return str(held.loc[held["elective_pence"] % 10000 == 5000, "hrg"].iloc[0])


@pytest.fixture(scope="module")
def priced_twice(
    spark: Any, small_pct: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small PCT with spells at the edges, priced on both engines: `duck` and `spark`."""
    folder = tmp_path_factory.mktemp("twice")
    duck, spark_too = folder / "duck", folder / "spark"
    shutil.copytree(small_pct, duck)
    a, b = of_equal_price()
    person = {"person_id": "edge", "patient_class": "1", "admission_method": "11"}
    common = {"provider_code": "XT1", "practice_code": "X80001", "specialty_code": "300"}
    with Warehouse.open(duck, doing="the test") as warehouse:
        drawn = EPISODES.format(a=a, b=b, half=with_half_a_penny())
        put(warehouse, tables.EPISODES, drawn, **person, **common)
        put(warehouse, tables.OUTPATIENTS, OUTPATIENTS, **common)
        put(warehouse, tables.EMERGENCY, EMERGENCY, **common)
    shutil.copytree(duck, spark_too)
    pipeline.build(duck)
    steps: list[str] = []
    pipeline.build(spark_too, engine="spark", progress=lambda step, share: steps.append(step))
    assert "starting spark" in steps
    assert not (spark_too / ".reading").exists()
    for data in (duck, spark_too):
        pipeline.publish(data)
    with duckdb.connect() as con:
        for name, data in (("duck", duck), ("spark", spark_too)):
            con.execute(f"ATTACH '{data / 'warehouse.duckdb'}' AS {name} (READ_ONLY)")
            pointer = json.loads((data / "published" / "current.json").read_text())
            file = data / "published" / pointer["file"]
            con.execute(f"ATTACH '{file}' AS {name}_published (READ_ONLY)")
        yield con


def tables_of(con: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """Names of tables and views."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal",
        [database],
    )
    return {name for (name,) in found.fetchall()}


@without_spark
def test_every_cell_of_every_table_is_the_same_on_both_engines(
    priced_twice: duckdb.DuckDBPyConnection,
) -> None:
    con = priced_twice
    names = tables_of(con, "duck")
    assert names == tables_of(con, "spark")
    assert names >= set(costing.MODELS)
    cells = 0
    for name in sorted(names):
        assert different(con, f"duck.{name}", f"spark.{name}") == [], name
        if name in costing.MODELS:
            rows = con.execute(f"SELECT count(*) FROM spark.{name}").fetchone()
            cells += rows[0] * len(columns(con, f"spark.{name}")) if rows else 0
    assert cells > 1_000_000


@without_spark
def test_at_the_edges_spark_says_what_the_rules_say(
    priced_twice: duckdb.DuckDBPyConnection,
) -> None:
    found = priced_twice.execute(
        "SELECT spell_number, p.hrg, p.financial_year, p.mff_pence, p.base_pence, "
        "p.unpriced_reason FROM spark.priced_spells AS p JOIN spark.spells USING (spell_id) "
        "WHERE p.person_id = 'edge' AND price_year = '2018/19'"
    ).fetchall()
    spells = {number: rest for number, *rest in found}
    assert spells["march"][1] == "2017/18"
    assert spells["april"][1] == "2018/19"
    assert spells["tie"][0] == of_equal_price()[1]
    _, _, mff, base, _ = spells["half"]
    assert (base * 64_300) % 1_000_000 == 500_000
    assert mff == base * 64_300 // 1_000_000 + 1
    assert spells["back"][4] == "dates_disagree"
    assert spells[None][4] == "unknown_hrg"
    months = priced_twice.execute(
        "SELECT DISTINCT pod, month, financial_year FROM spark.activity WHERE provider_code = 'XT1'"
    ).fetchall()
    assert {("AE", dt.date(2018, 3, 1)), ("OPFUP", dt.date(2018, 4, 1))} <= {
        (pod, month) for pod, month, _ in months
    }
    assert {year for _, month, year in months if month == dt.date(2018, 3, 1)} == {"2017/18"}
    assert {year for _, month, year in months if month == dt.date(2018, 4, 1)} == {"2018/19"}
    (lowest,) = priced_twice.execute(
        "SELECT min(short_stay_pence) FROM spark.priced_spells"
    ).fetchall()
    assert lowest[0] < 0


@without_spark
def test_what_is_published_of_either_is_the_same(priced_twice: duckdb.DuckDBPyConnection) -> None:
    con = priced_twice
    names = tables_of(con, "duck_published")
    assert names == tables_of(con, "spark_published")
    for name in names - {"about"}:
        assert different(con, f"duck_published.{name}", f"spark_published.{name}") == [], name
    about = [
        json.loads(con.execute(f"SELECT document FROM {side}_published.about").fetchall()[0][0])
        for side in ("duck", "spark")
    ]
    for said in about:
        for moment in ("build_id", "built_at", "published_at"):
            del said[moment]
    assert about[0] == about[1]


class SideBySide:
    """An engine that works on DuckDB, and holds Spark beside it where `build` has not been."""

    def __init__(self, warehouse: Warehouse, spark: Any, folder: Path) -> None:
        self.warehouse = warehouse
        self.spark = spark
        self.folder = folder
        self.compared: set[str] = set()

    def source(self, name: str, frame: pd.DataFrame) -> None:
        self.warehouse.source(name, frame)

    def define(self, name: str, select: str) -> None:
        self.compare(select)
        self.warehouse.define(name, select)

    def view(self, name: str, select: str) -> None:
        self.compare(select)
        self.warehouse.view(name, select)

    def frame(self, select: str) -> pd.DataFrame:
        self.compare(select)
        return self.warehouse.frame(select)

    def compare(self, select: str) -> None:
        asked = [n for n in MODELS.keys() - set(costing.MODELS) if MODELS[n] in select]
        if not asked:
            return
        (name,) = asked
        place = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        place.mkdir()
        SparkEngine(self.warehouse, self.spark, place).define("by_spark", select)
        self.warehouse.define("by_duckdb", select)
        assert different(self.warehouse.con, "by_duckdb", "by_spark") == [], name
        self.compared.add(name)


@without_spark
def test_the_models_that_answer_single_questions_are_the_same_too(
    priced_twice: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    con, shelf = priced_twice, Shelf.open()
    con.execute("ATTACH ':memory:' AS questions")
    for name in tables_of(con, "duck"):
        con.execute(f"CREATE TABLE questions.{name} AS FROM duck.{name}")
    con.execute("USE questions")
    engine = SideBySide(Warehouse(con, Path(":memory:")), spark, tmp_path)
    try:
        costing.set_aside(engine)
        con.execute("DELETE FROM priced_spells WHERE spell_id LIKE '%1'")
        con.execute("UPDATE priced_spells SET price_pence = price_pence + 1 WHERE pod = 'DC'")
        costing.keep_changes(engine, 0, "now")
        costing.strategies(engine)
        for name in ("contract_aggregates", "hrg_months", "hrg_prices"):
            engine.frame(MODELS[name])
        costing.contract_effects(engine, shelf, "2018/19")
        assert len(engine.frame(MODELS["emergency_base"])) > 0
        engine.define("demand_events", MODELS["demand_events"])
        for name in ("demand_counts", "demand_ages"):
            assert len(engine.frame(MODELS[name])) > 0
        for name in ("forecast_cells", "creep_spells", "creep_counts", "indicator_counts"):
            assert len(engine.frame(MODELS[name])) > 0
        for name in ("budget_rows", "budget_lists"):
            assert len(engine.frame(MODELS[name])) > 0
        costing.bridge(engine, "2017/18", (shelf, "2017/18"), (shelf, "2018/19"))
        lines = con.execute(
            "SELECT provider_code, hrg, 'EL' AS setting, count(*) AS n_activity, "
            "CAST(sum(excess_bed_days) AS BIGINT) AS excess_bed_days "
            "FROM duck.priced_spells WHERE pod = 'EL' GROUP BY ALL ORDER BY ALL LIMIT 200"
        ).df()
        price_aggregates(engine, shelf, lines, "2018/19")
    finally:
        con.execute("USE memory")
    assert engine.compared >= MODELS.keys() - set(costing.MODELS)
