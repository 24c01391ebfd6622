"""The NHS grouper's input is what it asks for, no episode is lost, and its output comes back."""

import csv
import itertools
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from pbcanalytics import intake
from pbcanalytics.costing import chain
from pbcanalytics.intake.grouping import COLUMNS, input_rows, write_input
from pbcanalytics.words.errors import SelectionError, StoreError

# Domain 2.7, word for word but for the two ranges.
DEFINITION = (
    "PROCODET, PROVSPNO, EPIORDER, STARTAGE, SEX, CLASSPAT, ADMISORC, ADMIMETH, DISDEST, DISMETH, "
    "EPIDUR, MAINSPEF, NEOCARE, TRETSPEF, {diagnoses}, {procedures}, CRITICALCAREDAYS, "
    "REHABILITATIONDAYS, SPCDAYS"
).format(
    diagnoses=", ".join(f"DIAG_{i:02d}" for i in range(1, 15)),
    procedures=", ".join(f"OPER_{i:02d}" for i in range(1, 13)),
)
EPISODE = {
    "EPIKEY": "1",
    "PSEUDO_HESID": "p1",
    "PROCODE3": "XD1",
    "GPPRAC": "X80001",
    "PROVSPNO": "S1",
    "ADMIDATE": "2018-05-01",
    "ADMIMETH": "11",
    "ADMISORC": "19",
    "CLASSPAT": "1",
    "EPISTART": "2018-05-01",
    "EPIEND": "2018-05-03",
    "EPIORDER": "1",
    "DISDATE": "2018-05-03",
    "DISMETH": "1",
    "DISDEST": "19",
    "STARTAGE": "50",
    "SEX": "1",
    "MAINSPEF": "100",
    "TRETSPEF": "110",
    "SUSHRG": "HN12F",
    "DIAG_01": "M16.1",
    "DIAG_02": "I10X",
    "OPERTN_01": "W371",
    "CRITICALCAREDAYS": "",
}
"""A row of an APC extract that the grouper would take."""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    intake.prepare(opened)
    return opened


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="ascii", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(h for row in rows for h in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def land(con: duckdb.DuckDBPyConnection, folder: Path, *changes: Mapping[str, str]) -> None:
    """Load an episode for each change, each in a spell of its own unless the change says."""
    rows = [
        {**EPISODE, "EPIKEY": str(i), "PROVSPNO": f"S{i}", **changed}
        for i, changed in enumerate(changes, start=1)
    ]
    done = intake.load_file(con, write(folder / "apc.csv", rows))
    assert done.rejected == 0


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def test_the_input_has_the_columns_of_the_definition_in_order() -> None:
    assert list(COLUMNS) == DEFINITION.split(", ")


def test_an_episode_is_written_as_the_grouper_reads_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    land(con, tmp_path, {"CRITICALCAREDAYS": "2"}, {})
    done = write_input(con, tmp_path / "in.csv")
    assert (done.written, done.left_out, done.shortened) == (2, {}, 0)
    text = (tmp_path / "in.csv").read_bytes()
    assert b'"' not in text
    lines = text.decode("ascii").splitlines()
    codes = "M161,I10X" + "," * 12 + ",W371" + "," * 11
    assert lines == [
        DEFINITION.replace(", ", ","),
        f"XD1,S1,1,50,1,1,19,11,19,1,2,100,,110,{codes},2,0,0",
        f"XD1,S2,1,50,1,1,19,11,19,1,2,100,,110,{codes},0,0,0",
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"PROVSPNO": ""}, "missing_PROVSPNO"),
        ({"PROVSPNO": "0000-00"}, "missing_PROVSPNO"),
        ({"EPIORDER": ""}, "missing_EPIORDER"),
        ({"STARTAGE": ""}, "missing_STARTAGE"),
        ({"SEX": ""}, "missing_SEX"),
        ({"CLASSPAT": ""}, "missing_CLASSPAT"),
        ({"ADMISORC": ""}, "missing_ADMISORC"),
        ({"ADMIMETH": ""}, "missing_ADMIMETH"),
        ({"DISDEST": ""}, "missing_DISDEST"),
        ({"DISMETH": ""}, "missing_DISMETH"),
        ({"EPIEND": ""}, "missing_EPIDUR"),
        ({"MAINSPEF": ""}, "missing_MAINSPEF"),
        ({"TRETSPEF": ""}, "missing_TRETSPEF"),
        ({"DIAG_01": "", "DIAG_02": ""}, "missing_DIAG_01"),
        ({"EPIEND": "2018-04-30"}, "impossible_dates"),
        ({"PROVSPNO": "S,2"}, "unwritable"),
        ({"PROVSPNO": 'S"2'}, "unwritable"),
    ],
)
def test_an_episode_that_cannot_be_written_is_counted_with_its_reason(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, changed: dict[str, str], reason: str
) -> None:
    land(con, tmp_path, {}, changed)
    done = write_input(con, tmp_path / "in.csv")
    assert (done.written, done.left_out) == (1, {reason: 1})
    assert [row["PROVSPNO"] for row in read(done.path)] == ["S1"]


def test_a_letter_that_is_not_plain_is_not_written(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    land(con, tmp_path, {})
    con.execute("UPDATE episodes SET spell_number = 'é1'")
    assert write_input(con, tmp_path / "in.csv").left_out == {"unwritable": 1}


def test_a_spell_is_written_whole_or_not_at_all(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    spell = {"PROVSPNO": "S9"}
    land(con, tmp_path, spell, spell | {"EPIORDER": "2", "SEX": ""}, {"PROVSPNO": "S1"})
    done = write_input(con, tmp_path / "in.csv")
    assert (done.written, done.left_out) == (1, {"missing_SEX": 1, "rest_of_spell": 1})


def test_the_grouper_is_given_the_very_spells_that_prices_are_made_from(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Every kind of patient and of number, with and without what else a spell is told by."""
    drawn = itertools.product(
        (None, "1", "2", "3", "4", "5"),
        (None, "", "0", "000-0", "S0", "s0", " S1"),
        ("XD1", "XT1", None),
        ("p1", "p2", None),
        ("2018-05-01", "2018-05-02", None),
    )
    con.executemany(
        "INSERT INTO episodes (episode_id, patient_class, spell_number, provider_code, person_id, "
        "admission_date) VALUES (?, ?, ?, ?, ?, ?)",
        [[str(i), *one] for i, one in enumerate(drawn)],
    )
    con.execute(f"CREATE VIEW keyed_supplied AS {chain.model('keyed_supplied')}")
    keys = [
        con.execute(f"SELECT episode_id, {key} FROM ({found}) AS found ORDER BY ALL").fetchall()
        for key, found in (
            ("spell", input_rows()),
            ("provider_code || '|' || stay", chain.model("given_episodes")),
        )
    ]
    assert keys[0] == keys[1]
    assert len({key for _, key in keys[0]}) > 200


def test_a_spell_number_of_two_patients_is_not_grouped_as_one_spell(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shared = {"PROVSPNO": "S9"}
    land(con, tmp_path, shared, shared | {"PSEUDO_HESID": "p2"}, shared | {"PROCODE3": "XD2"})
    done = write_input(con, tmp_path / "in.csv")
    assert (done.written, done.left_out) == (1, {"number_of_two_patients": 2})


def test_an_episode_that_did_not_end_with_a_discharge_says_so(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    spell = {"PROVSPNO": "S9"}
    first = {"DISDATE": "", "DISDEST": "", "DISMETH": "", "EPIEND": "2018-05-02"}
    land(con, tmp_path, spell | first, spell | {"EPIORDER": "2", "EPISTART": "2018-05-02"})
    write_input(con, tmp_path / "in.csv")
    found = [(r["EPIORDER"], r["DISDEST"], r["DISMETH"]) for r in read(tmp_path / "in.csv")]
    assert found == [("1", "98", "8"), ("2", "19", "1")]


def test_codes_beyond_those_the_grouper_has_room_for_are_left_out_and_counted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    many = {f"DIAG_{i:02d}": f"A{i:02d}X" for i in range(1, 16)}
    enough = {f"DIAG_{i:02d}": f"A{i:02d}X" for i in range(1, 15)}
    land(con, tmp_path, many, enough)
    done = write_input(con, tmp_path / "in.csv")
    assert (done.written, done.shortened) == (2, 1)
    assert [row["DIAG_14"] for row in read(done.path)] == ["A14X", "A14X"]


def test_a_year_is_that_of_the_discharge_of_the_spell(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    april, march = {"DISDATE": "2019-04-01"}, {"DISDATE": "2019-03-31"}
    spell = {"PROVSPNO": "S9"}
    land(con, tmp_path, march, april, spell | {"DISDATE": ""}, spell | april | {"EPIORDER": "2"})
    assert write_input(con, tmp_path / "a.csv", financial_year="2018/19").written == 1
    assert write_input(con, tmp_path / "b.csv", financial_year="2019/20").written == 3
    assert write_input(con, tmp_path / "c.csv", financial_year="2017/18").written == 0
    assert write_input(con, tmp_path / "d.csv").written == 4
    with pytest.raises(SelectionError):
        write_input(con, tmp_path / "e.csv", financial_year="2018")


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match=r"cannot be written .* Name a folder that exists"):
        write_input(con, tmp_path / "nowhere" / "in.csv")


def grouped(path: Path) -> tuple[Path, Path]:
    """What the grouper would write for an input, its groups made up from the first diagnosis."""
    rows = read(path)
    episodes = [
        {
            "RowNo": str(i),
            **row,
            "FCE_HRG": f"{row['DIAG_01'][:2]}9{row['EPIORDER']}Z",
            "GroupingMethodFlag": "D",
            "DominantProcedure": row["OPER_01"],
            "FCE_PBC": "15X",
            "FCETrimpoint": "5",
            "FCEExcessBeddays": "0",
            "SpellHRG": "NA12Z",
        }
        for i, row in enumerate(rows, start=1)
    ]
    spells = [
        {
            "RowNo": str(i),
            "PROCODET": "XD1",
            "PROVSPNO": number,
            "SpellHRG": "NA12Z",
            "SpellGroupingMethodFlag": "P",
            "SpellDominantProcedure": "W371",
            "SpellPDiag": "M161",
            "SpellEpisodeCount": str(sum(row["PROVSPNO"] == number for row in rows)),
            "SpellLOS": "2",
            "SpellTrimpoint": "5",
            "SpellExcessBeddays": "0",
            "SpellCCDays": "1",
            "SpellPBC": "15X",
            "UnbundledHRGs": "RD01A|XC07Z",
        }
        for i, number in enumerate(sorted({row["PROVSPNO"] for row in rows}), start=1)
    ]
    return (
        write(path.with_name("out_FCE.csv"), episodes),
        write(path.with_name("out_spell.csv"), spells),
    )


def test_what_the_grouper_makes_of_the_input_comes_back_to_its_episodes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    spell = {"PROVSPNO": "S9"}
    land(con, tmp_path, {}, spell, spell | {"EPIORDER": "2"})
    done = write_input(con, tmp_path / "in.csv")
    loaded = [intake.load_file(con, path) for path in grouped(done.path)]
    assert [(a.layout, a.accepted, a.rejected) for a in loaded] == [
        ("grouped_episodes", 3, 0),
        ("grouped_spells", 2, 0),
    ]
    joined = con.execute(
        "SELECT e.episode_id, g.hrg, g.programme_budgeting_category, s.hrg, s.n_episodes, "
        "s.programme_budgeting_category, s.unbundled_hrgs, s.critical_care_days "
        "FROM episodes AS e LEFT JOIN grouped_episodes AS g "
        "USING (provider_code, spell_number, episode_order) "
        "LEFT JOIN grouped_spells AS s USING (provider_code, spell_number) ORDER BY 1"
    ).fetchall()
    rest = ("15X", "RD01A XC07Z", 1)
    assert joined == [
        ("1", "M191Z", "15X", "NA12Z", 1, *rest),
        ("2", "M191Z", "15X", "NA12Z", 2, *rest),
        ("3", "M192Z", "15X", "NA12Z", 2, *rest),
    ]
    assert con.execute("SELECT DISTINCT grouping_method FROM grouped_spells").fetchall() == [("P",)]
