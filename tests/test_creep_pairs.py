"""HRGs of v3.5 that belong together: read from names, written to be edited, read back, refused."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.creep.families import dear, families, pairs_by_name
from pbcanalytics.pipeline.coding.pairs import write_pairs
from pbcanalytics.pipeline.coding.preparing import prepared_from
from pbcanalytics.reference.coding_events import coding_events
from pbcanalytics.reference.creep_pairs import COLUMNS, FILE, FROM_NAMES, creep_pairs
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError


def tariff(*named: tuple[str, str]) -> pd.DataFrame:
    """A price list of invented names, the first code the dearest."""
    rows = [(hrg, name, 900 - 10 * place) for place, (hrg, name) in enumerate(named)]
    frame = pd.DataFrame(rows, columns=["hrg", "name", "non_elective_pence"])
    return frame.assign(elective_pence=pd.NA)


NAMED = tariff(
    ("X10", "Wheezing >69 or w cc"),
    ("X11", "Wheezing <70 w/o cc"),
    ("X12", "Sneezing w cc"),
    ("X13", "Sneezing w/o cc"),
    ("X14", "Minor Procedures"),
    ("X20", "Complex Operations age >49 or w cc"),
    ("X21", "Complex Operations age <50 w/o cc"),
    ("Y12", "Sneezing w cc"),
    ("DZ11A", "Pneumonia with CC"),
    ("DZ11B", "Pneumonia without CC"),
)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder in which nothing but price lists of two years is held."""
    with Warehouse.open(tmp_path, doing="the test", create=True) as warehouse:
        years = [NAMED.assign(financial_year=year) for year in ("2005/06", "2006/07")]
        years[1] = years[1][years[1]["hrg"] != "X14"]
        listed = pd.concat(years).astype({"elective_pence": "Int64"})
        warehouse.con.register("listed", listed)
        warehouse.con.execute("CREATE TABLE tariff AS SELECT * FROM listed")
        warehouse.con.execute(
            "CREATE OR REPLACE TABLE providers "
            "(provider_code VARCHAR, successor_code VARCHAR, close_date DATE)"
        )
    return tmp_path


def put(data: Path, text: str) -> Path:
    path = data / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_names_of_v3_5_tell_pairs_within_a_chapter_and_whatever_the_age() -> None:
    found = families(NAMED).set_index("hrg")
    assert found["root"].to_dict() == {
        **dict.fromkeys(("X10", "X11"), "X10/X11"),
        **dict.fromkeys(("X12", "X13"), "X12/X13"),
        **dict.fromkeys(("X20", "X21"), "X20/X21"),
        **dict.fromkeys(("DZ11A", "DZ11B"), "DZ11"),
        "X14": "X14",
        "Y12": "Y12",
    }
    assert found.loc[["X10", "X20"], "name"].tolist() == ["Wheezing", "Complex Operations"]


NAMES = ("Wheezing", "Sneezing", "Sneezing w cc", "Sneezing w/o cc", "Wheezing >69 or w cc", "")


@given(
    st.dictionaries(
        st.sampled_from(("X10", "X11", "X12", "Y11", "DZ11A", "DZ11B")),
        st.sampled_from(NAMES),
        min_size=1,
    )
)
def test_a_table_of_what_names_say_changes_nothing(named: dict[str, str]) -> None:
    listed = tariff(*named.items())
    again = families(listed, pairs_by_name(listed))
    pd.testing.assert_frame_equal(again, families(listed), check_dtype=False)


def test_cuts_equally_near_to_a_third_are_put_where_fewer_are_dear() -> None:
    # 26 and 84 of 165 are both 29 from 55; as shares, rounding would choose the second.
    listed = tariff(("X10", "Wheezing w cc"), ("X11", "Wheezing w/o cc"), ("X12", "Wheezing"))
    pairs = pd.DataFrame({"hrg": ["X10", "X11", "X12"], "root": "X10/X11/X12"})
    volumes = pd.Series({"X10": 26, "X11": 58, "X12": 81})
    found = dear(families(listed, pairs), volumes).set_index("hrg")
    assert found.index[found["is_dear"]].tolist() == ["X10"]


def test_the_command_writes_the_table_once_and_leaves_it_to_its_editor(data: Path) -> None:
    path = data / FILE
    first = CliRunner().invoke(app, ["creep", "--pairs", "--data", str(data)])
    assert first.exit_code == 0, first.output
    written = pd.read_csv(path, dtype=str)
    assert tuple(written) == COLUMNS
    assert written["hrg"].tolist() == [h for h in sorted(NAMED["hrg"]) if len(h) == 3]
    assert set(written["status"]) == {FROM_NAMES}
    source = written.set_index("hrg")["source"]
    assert (source["X10"], source["X14"]) == (
        "names of the price list of 2006/07",
        "names of the price list of 2005/06",
    )
    edited = path.read_text(encoding="utf-8").replace("X14,X14", "X14,X12/X13/X14")
    edited = edited.replace("X12/X13,", "X12/X13/X14,").replace(FROM_NAMES, "example")
    path.write_text(edited, encoding="utf-8")
    again = CliRunner().invoke(app, ["creep", "--pairs", "--data", str(data)])
    assert again.exit_code == 1
    assert path.read_text(encoding="utf-8") == edited
    pairs = creep_pairs(data, set(NAMED["hrg"]))
    assert pairs is not None
    assert families(NAMED, pairs).set_index("hrg").loc["X14", "root"] == "X12/X13/X14"


@pytest.mark.parametrize("lines", ["", "\n", ",,,,\n"])
def test_a_table_with_no_line_yet_leaves_it_to_the_names(data: Path, lines: str) -> None:
    put(data, ",".join(COLUMNS) + "\n" + lines)
    pairs = creep_pairs(data, set(NAMED["hrg"]))
    pd.testing.assert_frame_equal(families(NAMED, pairs), families(NAMED), check_dtype=False)


def test_codes_of_hrg4_need_no_table(data: Path) -> None:
    with Warehouse.open(data, doing="the test") as warehouse:
        warehouse.con.execute("DELETE FROM tariff WHERE length(hrg) = 3")
    with pytest.raises(SelectionError, match="tell by their codes"):
        write_pairs(data)
    assert not (data / FILE).exists()


def test_the_search_compares_what_the_table_puts_together(data: Path) -> None:
    rows = [
        {
            **{"spell_id": f"{month:%Y-%m} {n}", "provider_code": "XD1", "month": month},
            **{"hrg": ("Y12", "X14", "X14")[n % 3], "pod": "NEL", "los_days": n % 5, "sex": "1"},
            **{"age_years": 40 + n, "admission_method": "21", "admission_source": "19"},
            **{"discharge_destination": "19", "critical_care_days": 0},
        }
        for month in pd.date_range("2004-04", periods=30, freq="MS")
        for n in range(12)
    ]
    with Warehouse.open(data, doing="the test") as warehouse:
        with pytest.raises(SelectionError, match="no share can be tested"):
            prepared_from(warehouse, pd.DataFrame(rows))
        put(data, "hrg,root\nY12,SNEEZES\nX14,SNEEZES\n")
        found = prepared_from(warehouse, pd.DataFrame(rows))
    assert found.index["root"].tolist() == ["SNEEZES non-elective"]
    assert set(found.spells.loc[found.spells["is_dear"], "hrg"]) == {"X14"}


def test_a_faulty_table_is_refused_with_all_its_faults(data: Path) -> None:
    put(
        data,
        "hrg,root,name,status,source\n"
        "X10,X10/X11,Wheezing,example,\n"
        "X11,,Wheezing,,\n"
        "X10,X10/X11,Wheezing,sure,\n"
        "x12,A,Sneezing,,\n"
        "X99,B,Unheard of,,\n"
        "X12,X14,Sneezing,,\n"
        "X13,C,Sneezing, or not,example,\n"
        ",,,,\n",
    )
    with pytest.raises(ReferenceGap) as caught:
        creep_pairs(data, set(NAMED["hrg"]))
    said = str(caught.value)
    for fault in (
        "line 2: the root X10/X11 is called by X11",
        "line 3: it does not say to which root X11 belongs",
        "line 4: its status is 'sure'",
        "line 4: X10 stands in line 2 already",
        "line 5: 'x12' is no HRG",
        "line 6: X99 has no price",
        "line 7: the root X14 is called by X14",
        "line 8: it has more cells",
    ):
        assert fault in said, fault
    assert "line 9" not in said
    for text, fault in ((b"hrg,name\nX10,a\n", "no column root"), (b"h\xe9", "UTF-8")):
        put(data, "").write_bytes(text)
        with pytest.raises(ReferenceGap, match=fault):
            creep_pairs(data, set(NAMED["hrg"]))


@pytest.mark.parametrize("name", ["pairs.csv", "events.csv"])
def test_a_table_that_the_system_keeps_shut_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "reference" / "creep" / name
    path.parent.mkdir(parents=True)
    path.write_text("hrg,root\n")

    def shut(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", shut)
    with pytest.raises(ReferenceGap, match=r"it cannot be read \(Permission denied\)"):
        creep_pairs(tmp_path, set(NAMED["hrg"])) if name == "pairs.csv" else coding_events(tmp_path)
