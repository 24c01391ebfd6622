"""Who a patient is stays at the door: pseudonyms, NHS numbers checked, nothing kept in clear."""

import hashlib
import hmac
import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics import pipeline
from pbcanalytics.intake import Wishes, pseudonyms
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ExtractError, StoreError

NUMBERS = ("9434765919", "943 476 5870", "987-654-4322")
"""Valid NHS numbers, as extracts write them; the first is an example that is widely published."""

PLANTED = ("9434765919", "943 476 5870", "9434765870", "9876544322", "987-654-4322")
NAMES, POSTCODES, BIRTHS = ("Wilberforce", "Quartermain"), ("ZE1 0AA", "TR21 0PW"), ("1931-11-23",)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    pseudonyms.define(opened, bytes(range(32)))
    return opened


def states(con: duckdb.DuckDBPyConnection, *numbers: str | None) -> list[str]:
    con.execute("CREATE OR REPLACE TABLE asked (i INTEGER, t VARCHAR)")
    con.executemany("INSERT INTO asked VALUES (?, ?)", list(enumerate(numbers)))
    found = con.execute("SELECT nhs_number_state(t) FROM asked ORDER BY i").fetchall()
    return [state for (state,) in found]


def check_digit(nine: str) -> int:
    """Domain 7.7: weights 10 to 2, 11 less the remainder, 11 being 0; 10 is no digit."""
    return (11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11) % 11


def test_nhs_numbers_are_judged_by_their_check_digit(con: duckdb.DuckDBPyConnection) -> None:
    said = states(
        con, *NUMBERS, "9434765918", "1111111111", "a3f0", None, "a3f09c77b1d2", "9990000018"
    )
    assert said == [*["valid"] * 3, *["invalid"] * 3, "missing", "elsewhere", "test"]


@given(st.lists(st.from_regex(r"[0-8][0-9]{9}", fullmatch=True), min_size=1, max_size=50))
def test_a_number_is_valid_just_if_its_check_digit_is_right(numbers: list[str]) -> None:
    con = duckdb.connect()
    pseudonyms.define(con, bytes(32))
    for number, state in zip(numbers, states(con, *numbers), strict=True):
        right = check_digit(number[:9]) == int(number[9]) and len(set(number)) > 1
        assert state == ("valid" if right else "invalid")


def test_one_in_eleven_of_all_numbers_is_valid_also_when_judged_in_bulk(
    con: duckdb.DuckDBPyConnection,
) -> None:
    n = con.execute(
        "SELECT count(*) FROM range(110000) AS t(i) "
        "WHERE nhs_number_state(printf('%010d', i + 4000000000)) = 'valid'"
    ).fetchone()[0]
    expected = sum(
        check_digit(f"{i:010d}"[:9]) == i % 10 for i in range(4_000_000_000, 4_000_110_000)
    )
    assert n == expected


@given(st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_the_database_makes_the_pseudonym_that_the_standard_library_makes(
    text: str, key: bytes
) -> None:
    con = duckdb.connect()
    pseudonyms.define(con, key)
    made = con.execute("SELECT pseudonym(?)", [text]).fetchone()[0]
    assert made == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def test_the_key_is_made_once_and_only_its_owner_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys" / "pseudonym.key"
    monkeypatch.setenv("PBC_KEY_FILE", str(path))
    assert pseudonyms.key() == pseudonyms.key()
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    path.write_text("not a key")
    with pytest.raises(StoreError, match="is no key for pseudonyms"):
        pseudonyms.key()


HEADINGS = (
    "Practice Code,NHS Number,Patient Name,Postcode Of Usual Address,Birth Date,Event Date,"
    "Event Type,Notes"
)


def events(folder: Path, *practices: str) -> Path:
    path = folder / "events.csv"
    rows = [
        f"{practice},{number},{NAMES[i % 2]},{POSTCODES[i % 2]},{BIRTHS[0]},2018-05-0{i + 1},"
        f"Referral,{NAMES[i % 2]} of {POSTCODES[i % 2]} seen"
        for i, number in enumerate(NUMBERS)
        for practice in practices
    ]
    path.write_text("\n".join([HEADINGS, *rows]) + "\n")
    return path


def stored(data: Path) -> str:
    """All that lies in a data folder: every file's bytes, and every row of the database."""
    texts = [p.read_bytes().decode("latin-1") for p in data.rglob("*") if p.is_file()]
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            texts.append(str(con.execute(f"SELECT * FROM {name}").fetchall()))
    return "\n".join(texts)


def test_no_stored_file_holds_an_identifier(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "sent").mkdir()
    (done,) = pipeline.load(data, [events(tmp_path / "sent", "X80001", "X80002")])
    assert done.accepted == 6
    kept = stored(data)
    for identifier in (*PLANTED, *NAMES, *POSTCODES, *BIRTHS, "(1931, 11, 23)"):
        assert identifier not in kept
    pseudonym = pseudonyms.pseudonym(pseudonyms.key(), "9434765919")
    with Warehouse.open(data, doing="the test") as warehouse:
        people = warehouse.rows("SELECT person_id, count(*) FROM practice_events GROUP BY ALL")
        ages = warehouse.rows("SELECT DISTINCT age_years FROM practice_events")
    assert dict(people)[pseudonym] == 2
    assert len(people) == 3
    assert ages == [(86,)]


def test_a_rejected_row_does_not_give_its_patient_away(tmp_path: Path) -> None:
    data, path = tmp_path / "data", tmp_path / "events.csv"
    path.write_text(f"{HEADINGS}\nX80001,{NUMBERS[0]},{NAMES[0]},{POSTCODES[0]},soon,when,,\n")
    (done,) = pipeline.load(data, [path])
    assert done.rejected == 1
    assert not any(identifier in stored(data) for identifier in (*PLANTED, *NAMES, *POSTCODES))


def test_a_practice_may_keep_the_numbers_of_its_own_patients_and_is_told_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    wishes = Wishes(keeps_identifiers=True)
    with pytest.raises(ExtractError, match="of these: X80001, X80002"):
        pipeline.load(data, [events(tmp_path, "X80001", "X80002")], wishes)
    assert not any(identifier in stored(data) for identifier in PLANTED)
    (done,) = pipeline.load(data, [events(tmp_path, "X80001")], wishes)
    assert done.identities == 3
    kept = stored(data)
    assert "9434765919" in kept
    assert not any(identifier in kept for identifier in (*NAMES, *POSTCODES, *BIRTHS))


def test_a_file_without_nhs_numbers_has_none_to_keep(tmp_path: Path, small_pct: Path) -> None:
    extract = sorted((small_pct / "demo" / "landing").glob("*ae*"))[0]
    with pytest.raises(ExtractError, match="holds no NHS numbers"):
        pipeline.load(tmp_path / "data", [extract], Wishes(keeps_identifiers=True))


def test_another_key_is_refused_for_it_would_split_patients_in_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    pipeline.load(data, [events(tmp_path, "X80001")])
    monkeypatch.setenv("PBC_KEY_FILE", str(tmp_path / "other.key"))
    with pytest.raises(StoreError, match="not the one that earlier files"):
        pipeline.load(data, [events(tmp_path, "X80002")])


def test_copies_made_while_reading_are_gone_even_after_a_kill(tmp_path: Path) -> None:
    left = tmp_path / "data" / ".reading" / "old"
    left.mkdir(parents=True)
    (left / "utf8.csv").write_text(PLANTED[0])
    pipeline.load(tmp_path / "data", [events(tmp_path, "X80001")])
    assert not (tmp_path / "data" / ".reading").exists()
