"""What a load leaves behind besides its rows: rejects, findings, codes that nobody knows."""

from typing import Final

import duckdb

from pbcanalytics.intake import refreshing
from pbcanalytics.intake.checking import DUPLICATED, Check
from pbcanalytics.intake.files.reading import Malformed

_REJECTS: Final = """
INSERT INTO rejects
WITH broken AS (
  SELECT line_number, list({{'rule': rule, 'column_name': column_name, 'value': texts[i + 1],
                             'sentence': sentence}} ORDER BY i) AS found
  FROM checked JOIN fault_rules ON (faults & bit) <> 0
  GROUP BY line_number)
SELECT {load_id}, line_number, found[1].rule, NULLIF(found[1].column_name, ''),
       {told}, found[1].sentence,
       NULLIF(array_to_string(list_sort(list_filter(list_distinct(
         list_transform(found, lambda f: f.rule)), lambda r: r <> found[1].rule)), ', '), '')
FROM broken ORDER BY line_number
"""
"""One row a line that broke a rule: the first rule in full, the names of the others."""


def find_repeated(con: duckdb.DuckDBPyConnection, check: Check) -> None:
    """Note the sound rows whose key stands again further down the file."""
    con.execute("CREATE TEMP TABLE repeated (line_number BIGINT)")
    if check.layout.key and not check.layout.rows_may_repeat:
        key = ", ".join(check.layout.key)
        con.execute(
            "INSERT INTO repeated SELECT line_number FROM checked JOIN ("
            f"SELECT {key}, max(line_number) AS last_line FROM checked WHERE faults = 0 "
            f"GROUP BY {key} HAVING count(*) > 1) USING ({key}) "
            "WHERE faults = 0 AND line_number < last_line"
        )


def reject(
    con: duckdb.DuckDBPyConnection, load_id: int, check: Check, malformed: list[Malformed]
) -> None:
    """Write a row a rejected line: what stood there, and the rule in words."""
    con.execute(
        "CREATE TEMP TABLE fault_rules (i INTEGER, bit BIGINT, rule VARCHAR, column_name VARCHAR, "
        "sentence VARCHAR)"
    )
    con.executemany(
        "INSERT INTO fault_rules VALUES (?, ?, ?, ?, ?)",
        [
            (i, 1 << i, fault.rule.name, fault.rule.column, fault.rule.sentence)
            for i, fault in enumerate(check.faults)
        ],
    )
    con.execute(_REJECTS.format(load_id=load_id, told=check.told_value()))
    key, (rule, sentence) = check.layout.key, DUPLICATED
    if key:
        con.execute(
            f"INSERT INTO rejects SELECT {load_id}, line_number, ?, ?, "
            f"concat_ws(' ', {', '.join(key)}), ?, NULL "
            "FROM checked JOIN repeated USING (line_number) ORDER BY line_number",
            [rule, ", ".join(key), sentence],
        )
    lines = [(load_id, m.line, m.rule, None, None, m.sentence, None) for m in malformed]
    if lines:
        con.executemany("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?, ?)", lines)


def remark(con: duckdb.DuckDBPyConnection, load_id: int, check: Check) -> None:
    """Count the accepted rows that break each soft rule, and list codes that nobody knows."""
    soft, coded = check.soft, check.known_codes()
    conditions = [*(rule.broken_when for rule in soft), *(unknown for _, _, unknown in coded)]
    if not conditions:
        return
    counts = ", ".join(f"count(*) FILTER ({c})" for c in conditions)
    found = con.execute(f"SELECT {counts} FROM incoming").fetchone() or ()
    for rule, n in zip(soft, found, strict=False):
        if n:
            con.execute(
                "INSERT INTO findings VALUES (?, ?, ?, ?)", [load_id, rule.name, rule.sentence, n]
            )
    for (column, heading, unknown), n in zip(coded, found[len(soft) :], strict=True):
        if n:
            con.execute(
                f"INSERT INTO unknown_codes SELECT {load_id}, ?, {check.guard.told_code(column)}, "
                f"count(*) FROM incoming WHERE {unknown} GROUP BY ALL ORDER BY ALL",
                [heading],
            )
    rule_name, sentence = refreshing.ADDED_BESIDE
    con.execute(
        f"INSERT INTO findings SELECT {load_id}, ?, ?, sum(n_added) FROM submissions "
        f"WHERE load_id = {load_id} AND outcome = 'added' HAVING count(*) > 0",
        [rule_name, sentence],
    )
