"""Dirty files: each ends in rows accounted for, or in one clear sentence. Nothing is lost."""

import datetime as dt
import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import pytest

from pbcanalytics import intake
from pbcanalytics.words.errors import ExtractError
from tests.test_intake import HEADINGS, episode

HEADING = HEADINGS.encode() + b"\n"
ROW = episode("1").encode() + b"\n"


def rows(*changed: dict[str, str]) -> bytes:
    """Some rows with keys from 1, each changed as said."""
    return b"".join(episode(str(i), **c).encode() + b"\n" for i, c in enumerate(changed, 1))


def many(n: int) -> bytes:
    return b"".join(episode(str(i)).encode() + b"\n" for i in range(n))


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def workbook(*sheets: list[list[object]]) -> bytes:
    """A small Excel workbook, written by hand: numbers, days (style 1) and inline texts."""

    def cell(value: object) -> str:
        if isinstance(value, dt.date):
            return f'<c s="1"><v>{(value - dt.date(1899, 12, 30)).days}</v></c>'
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>'
            for i in numbers
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="S{i}" sheetId="{i}" r:id="r{i}"/>' for i in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in numbers
        )
        + f'<Relationship Id="s" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for i, sheet in zip(numbers, sheets, strict=True):
        body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in sheet)
        files[f"xl/worksheets/sheet{i}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def sheet(*changed: dict[str, object]) -> list[list[object]]:
    """A worksheet of episodes, with days as Excel keeps them."""
    names = HEADINGS.split(",")
    day = {
        n: dt.date(2018, 5, 3 if n in ("EPIEND", "DISDATE") else 1)
        for n in ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")
    }
    body = [
        list((dict(zip(names, episode(str(i)).split(","), strict=True)) | day | c).values())
        for i, c in enumerate(changed, 1)
    ]
    return [list(names), *body]


def parquet() -> bytes:
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT * FROM range(3) r(i)")
    columns = ", ".join(
        f"DATE '2018-05-01' AS {n}"
        if "DATE" in n or (n.startswith("EPI") and n[3:] in ("START", "END"))
        else ("CAST(i AS VARCHAR) AS EPIKEY" if n == "EPIKEY" else f"'{v}' AS {n}")
        for n, v in zip(HEADINGS.split(","), episode("0").split(","), strict=True)
    )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "t.parquet"
        con.execute(f"COPY (SELECT {columns} FROM t) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


GOOD: dict[str, tuple[Callable[[], bytes], int, int]] = {
    # name: (content, rows read, rows accepted)
    "plain": (lambda: HEADING + ROW, 1, 1),
    "heading only": (lambda: HEADING, 0, 0),
    "heading without line end": (lambda: HEADING.rstrip(), 0, 0),
    "last line without end": (lambda: HEADING + ROW.rstrip(), 1, 1),
    "Windows line ends": (lambda: (HEADING + rows({}, {})).replace(b"\n", b"\r\n"), 2, 2),
    "old Mac line ends": (lambda: (HEADING + rows({}, {})).replace(b"\n", b"\r"), 2, 2),
    "blank lines between": (lambda: HEADING + b"\n" + ROW + b"\n\n", 1, 1),
    "blank lines at the end": (lambda: HEADING + ROW + b"\n\n\n", 1, 1),
    "lines of blanks": (lambda: HEADING + b"   \n" + ROW, 1, 1),
    "UTF-8 mark": (lambda: b"\xef\xbb\xbf" + HEADING + ROW, 1, 1),
    "UTF-16, little end first": (lambda: (HEADING + ROW).decode().encode("utf-16"), 1, 1),
    "UTF-16, big end first": (
        lambda: b"\xfe\xff" + (HEADING + ROW).decode().encode("utf-16-be"),
        1,
        1,
    ),
    "Windows-1252": (lambda: HEADING + rows({"DIAG_02": "–£"}).decode().encode("cp1252"), 1, 1),
    "semicolons": (lambda: (HEADING + ROW).replace(b",", b";"), 1, 1),
    "tabs": (lambda: (HEADING + ROW).replace(b",", b"\t"), 1, 1),
    "bars": (lambda: (HEADING + ROW).replace(b",", b"|"), 1, 1),
    "every field quoted": (
        lambda: b"".join(
            b",".join(b'"' + f + b'"' for f in line.split(b",")) + b"\n"
            for line in (HEADING + rows({}, {})).splitlines()
        ),
        2,
        2,
    ),
    "quotes inside quotes": (lambda: HEADING + rows({"DIAG_02": '"a ""b"" c"'}), 1, 1),
    "a comma inside quotes": (lambda: HEADING + rows({"DIAG_02": '"a,b"'}), 1, 1),
    "a line break inside quotes": (lambda: HEADING + rows({"DIAG_02": '"a\nb"'}, {}), 2, 2),
    "many line breaks inside quotes": (lambda: HEADING + rows({"DIAG_02": '"a\n\n\n\nb"'}), 1, 1),
    "an inch mark": (lambda: HEADING + rows({"DIAG_02": '5" nail'}, {}), 2, 2),
    "an unclosed quote": (lambda: HEADING + rows({}, {"DIAG_01": '"M16'}, {}), 3, 2),
    "two unclosed quotes in a row": (
        lambda: HEADING + rows({}, {"DIAG_01": '"a'}, {"DIAG_01": '"a'}, {}),
        4,
        2,
    ),
    "an unclosed quote on the last line": (lambda: HEADING + rows({}, {"DIAG_02": '"a'}), 2, 1),
    "an unclosed quote among many rows": (
        lambda: HEADING + many(5000) + rows({"EPIKEY": "x", "DIAG_01": '"a'}) + many(0),
        5001,
        5000,
    ),
    "too few fields": (lambda: HEADING + ROW + b"2,p1\n", 2, 1),
    "too many fields": (lambda: HEADING + ROW.rstrip() + b",x\n" + rows({}), 2, 1),
    "a delimiter at every line's end": (
        lambda: HEADING.rstrip() + b",\n" + ROW.rstrip() + b",\n",
        1,
        1,
    ),
    "a line of commas": (lambda: HEADING + ROW + b"," * HEADINGS.count(",") + b"\n", 2, 1),
    "the heading again in the middle": (lambda: HEADING + ROW + HEADING, 2, 1),
    "a total line": (lambda: HEADING + ROW + b"Total,1\n", 2, 1),
    "a NUL character": (lambda: HEADING + rows({}, {"DIAG_02": "a\0b"}), 2, 1),
    "a field of three megabytes": (lambda: HEADING + rows({}, {"DIAG_02": "a" * 3_000_000}), 2, 1),
    "blanks around values": (lambda: HEADING + ROW.replace(b",", b" , ").strip() + b"\n", 1, 1),
    "tabs around values": (lambda: HEADING + rows({"GPPRAC": "\tX80001\t"}), 1, 1),
    "hard blanks around values": (lambda: HEADING + rows({"GPPRAC": "\u00a0X80001\u00a0"}), 1, 1),
    "headings in small letters": (lambda: HEADING.lower() + ROW, 1, 1),
    "blanks around headings": (lambda: HEADING.replace(b",", b" , ") + ROW, 1, 1),
    "columns in another order": (
        lambda: (
            b"\n".join(
                b",".join(reversed(line.split(b","))) for line in (HEADING + ROW).splitlines()
            )
            + b"\n"
        ),
        1,
        1,
    ),
    "two nameless columns": (lambda: HEADING.rstrip() + b",,\n" + ROW.rstrip() + b",1,\n", 1, 1),
    "columns nobody asked for": (
        lambda: HEADING.rstrip() + b",A,B\n" + ROW.rstrip() + b",1,2\n",
        1,
        1,
    ),
    "a quoted heading": (lambda: HEADING.replace(b"EPIKEY", b'"EPIKEY"') + ROW, 1, 1),
    "a heading with an apostrophe": (
        lambda: HEADING.rstrip() + b",it's\n" + ROW.rstrip() + b",1\n",
        1,
        1,
    ),
    "a date that does not exist": (lambda: HEADING + rows({"DISDATE": "2018-02-30"}), 1, 0),
    "an American date": (lambda: HEADING + rows({"DISDATE": "05/31/2018"}), 1, 0),
    "a date with a time": (lambda: HEADING + rows({"DISDATE": "2018-05-03 00:00:00"}), 1, 1),
    "a two-digit year": (lambda: HEADING + rows({"DISDATE": "03/05/18"}), 1, 1),
    "a date of 1801": (lambda: HEADING + rows({"DISDATE": "01/01/1801"}), 1, 1),
    "a spelt number": (lambda: HEADING + rows({"EPIORDER": "one"}), 1, 0),
    "an age in words": (lambda: HEADING + rows({"STARTAGE": "fifty"}), 1, 1),
    "a number with a point": (lambda: HEADING + rows({"EPIORDER": "1.0"}), 1, 1),
    "every row twice": (lambda: HEADING + rows({}, {}) * 2, 4, 2),
    "formulas": (lambda: HEADING + rows({"DIAG_02": "=1+1", "GPPRAC": "@cmd"}), 1, 1),
    "markup": (lambda: HEADING + rows({"GPPRAC": "<script>alert(1)</script>"}), 1, 1),
    "SQL": (lambda: HEADING + rows({"GPPRAC": "'; DROP TABLE episodes; --"}), 1, 1),
    "emoji and accents": (lambda: HEADING + rows({"DIAG_02": "é😀"}), 1, 1),
    "gzip": (lambda: gzip.compress(HEADING + rows({}, {})), 2, 2),
    "gzip in two parts": (lambda: gzip.compress(HEADING) + gzip.compress(ROW), 1, 1),
    "zip": (lambda: zipped({"apc.csv": HEADING + ROW}), 1, 1),
    "Parquet": (parquet, 3, 3),
    "Excel": (lambda: workbook(sheet({}, {})), 2, 2),
    "Excel with an empty second sheet": (lambda: workbook(sheet({}), []), 1, 1),
    "Excel codes kept as numbers": (
        lambda: workbook(sheet({"EPIKEY": 12345, "SEX": 1, "STARTAGE": 50.0})),
        1,
        1,
    ),
    "Excel with blank rows": (lambda: workbook([*sheet({}), [""] * 18]), 1, 1),
}

BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "blank lines only": (lambda: b"\n\n\n", "is empty or has no heading"),
    "no text": (lambda: HEADING + b"\x81\x8d\x8f\x90\n", "not a text file"),
    "a picture": (
        lambda: b"\x89PNG\r\n\x1a\n\x81\x8d" + bytes(range(256)),
        "not a text file|none of",
    ),
    "a heading twice": (lambda: HEADING.replace(b"SEX", b"EPIKEY") + ROW, "more than one column"),
    "a missing column": (lambda: HEADING.replace(b"ADMIDATE", b"WHEN") + ROW, "no column ADMIDATE"),
    "other headings": (lambda: b"colour,shape\nred,round\n", "none of the files"),
    "no heading at all": (lambda: ROW + ROW, "none of the files|more than one column"),
    "a first line of two megabytes": (lambda: b"x" * 2_000_000 + b"\n", "longer than a heading"),
    "gzip that ends early": (
        lambda: gzip.compress(HEADING + many(500))[:-200],
        "ends too early or is damaged",
    ),
    "gzip that is damaged": (
        lambda: b"\x1f\x8b\x08\x00" + bytes(100),
        "ends too early or is damaged|damaged",
    ),
    "zip that ends early": (lambda: zipped({"a.csv": HEADING + many(200)})[:-300], "damaged zip"),
    "zip of two files": (lambda: zipped({"a.csv": HEADING, "b.csv": HEADING}), "holds 2 files"),
    "zip of nothing": (lambda: zipped({}), "zip|empty|none of"),
    "Excel with two sheets": (lambda: workbook(sheet({}), sheet({})), "2 sheets with rows"),
    "Excel without rows": (lambda: workbook([]), "0 sheets with rows"),
    "Excel that is damaged": (
        lambda: zipped({"[Content_Types].xml": b"<Types/>"}),
        "cannot be read as an Excel",
    ),
    "an old Excel file that is damaged": (
        lambda: b"\xd0\xcf\x11\xe0" + bytes(600),
        "cannot be read as an Excel",
    ),
}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    intake.prepare(opened)
    return opened


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(GOOD) + len(BAD) >= 60


@pytest.mark.parametrize("name", GOOD)
def test_every_row_is_accounted_for(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    content, rows_read, accepted = GOOD[name]
    path = tmp_path / "thing.csv"
    path.write_bytes(content())
    done = intake.load_file(con, path)
    assert (done.rows_read, done.accepted) == (rows_read, accepted)
    landed = con.execute("SELECT count(*) FROM episodes").fetchone()
    refused = con.execute("SELECT count(*), count(DISTINCT line_number) FROM rejects").fetchone()
    assert landed == (accepted,)
    assert refused == (rows_read - accepted, rows_read - accepted)
    told = con.execute("SELECT count(*) FROM rejects WHERE sentence LIKE '%_.'").fetchone()
    assert told == (rows_read - accepted,)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_in_a_sentence_and_leaves_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    content, says = BAD[name]
    path = tmp_path / "thing.csv"
    path.write_bytes(content())
    with pytest.raises(ExtractError, match=says) as refused:
        intake.load_file(con, path)
    assert "thing.csv" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert con.execute("SELECT count(*) FROM loads").fetchone() == (0,)


def test_a_value_that_excel_would_run_is_not_run_when_it_is_saved() -> None:
    import base64

    from pbcanalytics.faces.charts.cards import download

    link = download([{"name": "=HYPERLINK(1)", "n": -5}], file="a.csv", text="save")
    saved = base64.b64decode(link.split("base64,")[1].split('"')[0]).decode("utf-8-sig")
    assert saved.splitlines()[1] == "'=HYPERLINK(1),-5"
