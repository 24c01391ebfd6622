"""What suppliers call things: matched, confirmed, saved with dates; unknown codes are listed."""

import datetime as dt
import tempfile
from pathlib import Path

import pytest

from pbcanalytics import intake, pipeline
from pbcanalytics.intake import ImportMap, Undecided, Wishes
from pbcanalytics.intake.layouts.layout import Field, Layout
from pbcanalytics.intake.teaching import faults_in, taught
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ExtractError
from tests.test_intake import HEADINGS, episode

THEIRS = HEADINGS.replace("PROCODE3", "Trust").replace("EPIKEY", "Episode No")


def extract(folder: Path, *rows: str, headings: str = THEIRS, name: str = "apc.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
    return path


def saved(data: Path, **changed: object) -> ImportMap:
    fields: dict[str, object] = {
        "name": "north",
        "supplier": "North",
        "layout": "hes_apc",
        "columns": {"provider_code": ("Trust",), "episode_id": ("Episode No",)},
    }
    new = ImportMap(**(fields | changed))  # type: ignore[arg-type]
    intake.save(data, new)
    return new


def rows(data: Path, select: str) -> list[tuple[object, ...]]:
    with Warehouse.open(data, doing="the test") as warehouse:
        return warehouse.rows(select)


def test_a_saved_map_reads_what_the_supplier_calls_otherwise(tmp_path: Path) -> None:
    data, path = tmp_path / "data", extract(tmp_path, episode("7"))
    with pytest.raises(ExtractError, match=r"has no column EPIKEY, no column PROCODE3.*pbc map"):
        pipeline.load(data, [path])
    saved(data)
    (done,) = pipeline.load(data, [path])
    assert (done.import_map, done.supplier, done.accepted) == ("north", "North", 1)
    assert rows(data, "SELECT episode_id, provider_code FROM episodes") == [("7", "XD1")]
    assert rows(data, "SELECT supplier, import_map FROM loads") == [("North", "north")]


def test_a_map_comes_back_from_its_file_as_it_was_saved(tmp_path: Path) -> None:
    new = saved(tmp_path, codes={"sex": {"MALE": "1"}}, given={"commissioner_code": "9E1"})
    assert intake.saved_maps(tmp_path) == [new]


def test_codes_are_translated_and_those_nobody_knows_are_listed_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, codes={"sex": {"M": "1", "F": "2"}})
    sexes = ("m", "F", "1", "U", "U")
    path = extract(tmp_path, *(episode(str(i), SEX=sex) for i, sex in enumerate(sexes)))
    (done,) = pipeline.load(data, [path])
    assert done.accepted == 5
    assert done.unknown_codes == 1
    found = rows(data, "SELECT episode_id, sex FROM episodes ORDER BY 1")
    assert [sex for _, sex in found] == ["1", "2", "1", "U", "U"]
    listed = rows(data, "SELECT column_name, code, n_rows FROM unknown_codes")
    assert listed == [("SEX", "U", 2)]


@pytest.mark.parametrize(("day", "hrg"), [("2018-03-31", "OLD1A"), ("2018-04-01", "NEW1A")])
def test_of_two_maps_that_holds_whose_days_the_activity_falls_in(
    tmp_path: Path, day: str, hrg: str
) -> None:
    data = tmp_path / "data"
    saved(data, name="old", valid_to=dt.date(2018, 3, 31), codes={"hrg": {"7": "OLD1A"}})
    saved(data, name="new", valid_from=dt.date(2018, 4, 1), codes={"hrg": {"7": "NEW1A"}})
    days = {c: day for c in ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")}
    pipeline.load(data, [extract(tmp_path, episode("1", SUSHRG="7", **days))])
    assert rows(data, "SELECT hrg FROM episodes") == [(hrg,)]


def test_a_map_that_has_run_out_is_not_used_in_silence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, valid_to=dt.date(2017, 3, 31))
    with pytest.raises(ExtractError, match="none holds for its latest activity, 1 May 2018"):
        pipeline.load(data, [extract(tmp_path, episode())])


def test_of_two_suppliers_with_the_same_headings_the_named_one_counts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("North", "South"):
        saved(data, name=name.lower(), supplier=name, codes={"hrg": {"7": f"{name[0]}A01A"}})
    pipeline.load(data, [extract(tmp_path, episode(SUSHRG="7"))], Wishes(supplier="South"))
    assert rows(data, "SELECT hrg FROM episodes") == [("SA01A",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("supplier: A\nlayout: hes_xyz\n", "no layout"),
        ("supplier: A\nlayout: hes_apc\ncolumns: {colour: [X]}\n", "no column colour"),
        ("layout: hes_apc\n", "broken.yaml: it names no supplier; write it as 'supplier: …'"),
        ("supplier: A\nlayout:\n", "it names no layout"),
        ("supplier: A\nlayout: hes_apc\nvalid_from: yesterday\n", "'yesterday', which is no day"),
        ("supplier: A\nlayout: hes_apc\ncodes: {sex: M}\n", "sex has no pairs"),
        ("supplier: A\nlayout: hes_apc\ncolumns: Trust\n", "'columns' holds no pairs"),
        (
            "supplier: A\nlayout: hes_apc\nvalid_from: 2018-04-01\nvalid_to: 2017-04-01\n",
            "would end .2017-04-01. before it begins",
        ),
        ("supplier: A\nlayout: }\n", "line 2 of it is not YAML"),
        ("supplier: [unclosed", "line 1 of it is not YAML"),
        ("just text", "broken.yaml: it is no map"),
    ],
)
def test_a_map_that_cannot_be_used_is_named_with_its_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    folder = tmp_path / "data" / "maps"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text(text, "utf-8")
    with pytest.raises(ExtractError, match=said):
        pipeline.load(tmp_path / "data", [extract(tmp_path, episode(), headings=HEADINGS)])


def test_headings_match_whatever_their_case_blanks_and_punctuation(tmp_path: Path) -> None:
    headings = HEADINGS.replace("ADMIDATE", "Admi Date").replace("DIAG_01", "diag-01")
    (done,) = pipeline.load(tmp_path / "data", [extract(tmp_path, episode(), headings=headings)])
    assert done.accepted == 1


def test_two_headings_that_mean_the_same_are_refused(tmp_path: Path) -> None:
    path = extract(tmp_path, episode() + ",x", headings=HEADINGS + ",SUS_HRG")
    with pytest.raises(ExtractError, match="'SUSHRG' and 'SUS_HRG', which mean the same"):
        pipeline.load(tmp_path / "data", [path])


def test_a_heading_that_looks_like_a_missing_one_is_proposed_and_never_used(
    tmp_path: Path,
) -> None:
    path = extract(tmp_path, episode(), headings=HEADINGS.replace("PROCODE3", "PROV_CODE3"))
    with pytest.raises(ExtractError, match="'PROV_CODE3' looks like provider_code"):
        pipeline.load(tmp_path / "data", [path])


def twin(name: str, *columns: str) -> Layout:
    fields = tuple(Field(c, (c,), required=c == "practice_code") for c in columns)
    return Layout(name, f"the {name}", tables.PRACTICES, fields, key=("practice_code",))


def test_a_file_that_fits_two_layouts_is_not_guessed_at() -> None:
    one = twin("one", "practice_code", "practice_name", "pct_code")
    other = twin("other", "practice_code", "practice_name", "open_date")
    headings = ["practice_code", "practice_name", "pct_code", "open_date"]
    with pytest.raises(Undecided, match="--as one") as raised:
        intake.recognise("x.csv", headings, [one, other])
    assert raised.value.choices == ("one", "other")
    assert intake.recognise("x.csv", headings, [one, other], wanted="other") is other
    assert intake.recognise("x.csv", headings[:3], [one, other]) is one


def test_an_undecided_file_is_asked_about_where_somebody_can_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = twin("one", "practice_code", "practice_name", "pct_code")
    other = twin("other", "practice_code", "practice_name", "open_date")
    monkeypatch.setattr("pbcanalytics.intake.choosing.LAYOUTS", (one, other))
    path = tmp_path / "p.csv"
    path.write_text("practice_code,practice_name,pct_code,open_date\nX1,Mill,9E1,2001-01-01\n")
    with pytest.raises(Undecided.__mro__[1], match="fits more than one"):
        pipeline.load(tmp_path / "data", [path])
    (done,) = pipeline.load(tmp_path / "data", [path], choose=lambda _, choices: choices[1])
    assert done.layout == "other"


def test_a_file_without_headings_is_read_by_its_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pbcanalytics.intake.files.headings import FirstLines

    bare = FirstLines(r"[A-Z][0-9]{5}", ("PRACTICE_CODE", "NAME", "PCT_CODE"))
    monkeypatch.setattr("pbcanalytics.intake.loading.FIRST_LINES", (bare,))
    for name, text in (
        ("fast.csv", "X80001,Mill,9E1\nX80002,Mill,9E1\n"),
        ("careful.csv", 'X80003,Mill,9E1\nX80004,"Mill,9E1\nX80005,Mill,9E1\n'),
    ):
        (tmp_path / name).write_text(text)
    done = pipeline.load(tmp_path / "data", [tmp_path / "fast.csv", tmp_path / "careful.csv"])
    assert [(d.rows_read, d.accepted, d.rejected) for d in done] == [(2, 2, 0), (3, 2, 1)]
    lines = rows(tmp_path / "data", "SELECT practice_code, line_number FROM practices ORDER BY 1")
    assert lines == [("X80001", 1), ("X80002", 2), ("X80003", 1), ("X80005", 3)]


def test_the_year_of_a_file_that_does_not_say_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "weights.csv"
    path.write_text("PRACTICE_CODE,WEIGHTED_POPULATION\nX80001,5100.5\n")
    with pytest.raises(ExtractError, match="--year"):
        pipeline.load(tmp_path / "data", [path])
    (done,) = pipeline.load(tmp_path / "data", [path], Wishes(year="2018/19"))
    assert done.accepted == 1
    assert rows(tmp_path / "data", "SELECT financial_year FROM weighted_lists") == [("2018/19",)]


def test_an_explanation_scores_and_names_the_next_best(tmp_path: Path) -> None:
    how = intake.explain(extract(tmp_path, episode(), headings=HEADINGS + ",OTHER"))
    assert how.score == (18, 19)
    assert how.ignored == ["OTHER"]
    assert how.others
    as_it_is = intake.explain_as(extract(tmp_path, episode()), intake.named("hes_apc"))
    assert as_it_is.lacks == ["episode_id", "provider_code"]


def test_a_list_of_market_forces_factors_is_sent_where_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "mff.csv"
    path.write_text("provider_code,provider_name,mff_factor\nXD1,Marlbridge,1.025\n")
    with pytest.raises(ExtractError, match="pbc tariff import FILE --year"):
        pipeline.load(tmp_path / "data", [path])


def test_a_map_in_another_encoding_is_named_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "old.yaml").write_bytes("supplier: Königs\n".encode("cp1252"))
    with pytest.raises(ExtractError, match=r"old.yaml: it is not a text file in UTF-8\. Correct"):
        intake.saved_maps(tmp_path)


def test_two_maps_of_one_first_day_are_refused_for_neither_goes_before(tmp_path: Path) -> None:
    saved(tmp_path)
    saved(tmp_path, name="other", supplier=" NORTH ")
    with pytest.raises(ExtractError, match=r"north.yaml and other.yaml are maps of the same"):
        intake.saved_maps(tmp_path)


def months(*days: str) -> list[str]:
    """A row for each day, all of it on that day."""
    columns = ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")
    return [
        episode(str(i), SUSHRG="7", **dict.fromkeys(columns, day))
        for i, day in enumerate(days, start=1)
    ]


@pytest.mark.parametrize(("early", "late"), [("a", "b"), ("b", "a")])
def test_of_maps_that_hold_the_one_that_began_last_counts_whatever_its_name(
    tmp_path: Path, early: str, late: str
) -> None:
    data = tmp_path / "data"
    saved(data, name=early, codes={"hrg": {"7": "OLD1A"}})
    saved(data, name=late, valid_from=dt.date(2018, 4, 1), codes={"hrg": {"7": "NEW1A"}})
    for name, day, hrg in (("x.csv", "2018-03-31", "OLD1A"), ("y.csv", "2018-04-01", "NEW1A")):
        (done,) = pipeline.load(data, [extract(tmp_path, *months(day), name=name)])
        assert rows(data, f"SELECT DISTINCT hrg FROM episodes WHERE discharge_date = '{day}'") == [
            (hrg,)
        ]
        assert done.import_map == (late if hrg == "NEW1A" else early)


def test_a_file_across_the_boundary_of_two_maps_is_refused_with_both_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, name="old", valid_to=dt.date(2018, 3, 31))
    saved(data, name="new", valid_from=dt.date(2018, 4, 1))
    path = extract(tmp_path, *months("2018-02-03", "2018-04-05"))
    with pytest.raises(
        ExtractError,
        match=r"from 1 February 2018 to 1 April 2018.*map old counts.*and new for its last.*Split",
    ):
        pipeline.load(data, [path])
    assert rows(data, "SELECT count(*) FROM loads") == [(0,)]


def test_activity_before_a_map_begins_is_not_read_by_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, valid_from=dt.date(2018, 4, 1))
    path = extract(tmp_path, *months("2018-03-31", "2018-04-05"))
    with pytest.raises(ExtractError, match="none holds for its earliest activity, 1 March 2018"):
        pipeline.load(data, [path])


def test_a_line_that_is_no_row_does_not_hide_the_months_of_the_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, valid_from=dt.date(2018, 4, 1))
    (done,) = pipeline.load(data, [extract(tmp_path, episode("1"), "2,p1", episode("3"))])
    assert (done.accepted, done.reasons) == (2, {"wrong_number_of_fields": 1})


def test_between_two_suppliers_with_the_same_headings_nobody_guesses(tmp_path: Path) -> None:
    data, path = tmp_path / "data", extract(tmp_path, episode(SUSHRG="7"))
    for name in ("North", "South"):
        saved(data, name=name.lower(), supplier=name, codes={"hrg": {"7": f"{name[0]}A01A"}})
    with pytest.raises(ExtractError, match=r'North, South.*--supplier "North"'):
        pipeline.load(data, [path])
    with pytest.raises(Undecided) as raised:
        intake.explain(path, maps=intake.saved_maps(data))
    assert (raised.value.option, raised.value.choices) == ("supplier", ("North", "South"))
    (done,) = pipeline.load(data, [path], choose=lambda _, choices: choices[1])
    assert (done.supplier, done.import_map) == ("South", "south")
    assert rows(data, "SELECT hrg FROM episodes") == [("SA01A",)]


@pytest.mark.parametrize("written", ["NORTH", " north ", "North"])
def test_a_supplier_is_known_whatever_the_case_and_the_blanks(tmp_path: Path, written: str) -> None:
    data = tmp_path / "data"
    saved(data, codes={"hrg": {"7": "NA01A"}})
    path = extract(tmp_path, episode(SUSHRG="7"))
    (done,) = pipeline.load(data, [path], Wishes(supplier=written))
    assert (done.supplier, done.import_map) == ("North", "north")


def test_a_supplier_whose_name_is_a_slip_is_not_read_without_the_map(tmp_path: Path) -> None:
    data = tmp_path / "data"
    saved(data, supplier="Marlbridge", columns={}, codes={"hrg": {"7": "NA01A"}})
    path = extract(tmp_path, episode(SUSHRG="7"), headings=HEADINGS)
    with pytest.raises(ExtractError, match="supplier 'Marlbrige', but for 'Marlbridge'"):
        pipeline.load(data, [path], Wishes(supplier="Marlbrige"))
    (done,) = pipeline.load(data, [path], Wishes(supplier="Thornleigh"))
    assert (done.supplier, done.import_map) == ("Thornleigh", "")


def said(**changed: object) -> ImportMap:
    fields: dict[str, object] = {"name": "", "supplier": "north", "layout": "hes_apc"}
    return ImportMap(**(fields | changed))  # type: ignore[arg-type]


def test_what_is_taught_is_added_to_what_was_taught_before(tmp_path: Path) -> None:
    held = saved(tmp_path, codes={"sex": {"M": "1", "F": "1"}}, valid_to=dt.date(2019, 3, 31))
    lesson = taught([held], said(codes={"sex": {"F": "2"}}, given={"commissioner_code": "9E1"}))
    assert lesson.map.name == "north"
    assert lesson.map.supplier == "North"
    assert lesson.map.columns == held.columns
    assert lesson.map.codes == {"sex": {"M": "1", "F": "2"}}
    assert lesson.map.valid_to == dt.date(2019, 3, 31)
    assert lesson.changes == [
        "Added: commissioner_code in every row is 9E1.",
        "Changed: sex: F is 2; it was 1.",
    ]


def test_taught_anew_nothing_of_before_stays_and_that_is_told(tmp_path: Path) -> None:
    held = saved(tmp_path, codes={"sex": {"M": "1"}})
    lesson = taught([held], said(codes={"sex": {"F": "2"}}), anew=True)
    assert (lesson.map.columns, lesson.map.codes) == ({}, {"sex": {"F": "2"}})
    assert "Dropped: sex: M is 1." in lesson.changes


def test_the_next_map_ends_the_open_one_before_it_and_no_other(tmp_path: Path) -> None:
    first = saved(tmp_path)
    others = [
        saved(tmp_path, name="op", layout="hes_op", columns={}),
        saved(tmp_path, name="south", supplier="South"),
        saved(tmp_path, name="done", valid_from=dt.date(2010, 4, 1), valid_to=dt.date(2011, 3, 31)),
        saved(tmp_path, name="later", valid_from=dt.date(2020, 4, 1)),
    ]
    lesson = taught([first, *others], said(valid_from=dt.date(2018, 4, 1)))
    assert [(m.name, m.valid_to) for m in lesson.ended] == [("north", dt.date(2018, 3, 31))]
    assert [m.name for m in lesson.later] == ["later"]
    assert lesson.map.name == "north_hes_apc_2018-04-01"


def test_suppliers_whose_names_differ_in_signs_only_have_files_of_their_own() -> None:
    one = taught([], said(supplier="A & B")).map
    assert taught([one], said(supplier="A-B")).map.name == f"{one.name}-2"


def test_what_cannot_be_meant_is_named_all_at_once() -> None:
    wrong = said(
        columns={"provider_code": ("Trst",), "colour": ("Trust",)},
        codes={"sex": {"M": "Z"}, "shape": {"A": "B"}},
        valid_from=dt.date(2018, 4, 1),
        valid_to=dt.date(2018, 3, 31),
    )
    faults = "\n".join(faults_in(wrong, THEIRS.split(",")))
    for says in (
        "no column colour, shape",
        "no heading 'Trst' to bring provider_code",
        "'Z' is no code of sex; its codes: 0, 1, 2, 9.",
        "would end (2018-03-31) before it begins (2018-04-01)",
    ):
        assert says in faults
    assert (
        faults_in(
            said(columns={"provider_code": ("trust",)}, codes={"sex": {"M": "1"}}),
            THEIRS.split(","),
        )
        == []
    )


def test_a_layout_that_is_asked_for_and_does_not_fit_says_what_it_misses(tmp_path: Path) -> None:
    path = tmp_path / "plcm.csv"
    path.write_text("Provider Code,HRG Code,Tariff,Activity\nXD1,AA01Z,12,1\n")
    with pytest.raises(ExtractError, match=r"cannot be read as hes_apc .*no column EPIKEY") as told:
        pipeline.load(tmp_path / "data", [path], Wishes(layout="hes_apc"))
    assert "prices" not in str(told.value)


@pytest.mark.parametrize(
    ("above", "line"), [("SLAM, June 2018\n", 2), ("SLAM June\n\nMade 5 July\n", 4), ("\n", 2)]
)
def test_titles_above_the_headings_are_seen(tmp_path: Path, above: str, line: int) -> None:
    path = tmp_path / "apc.csv"
    path.write_text(f"{above}{HEADINGS}\n{episode()}\n")
    with pytest.raises(ExtractError, match=f"headings of apc.csv seem to be on line {line}"):
        pipeline.load(tmp_path / "data", [path])


def test_a_file_that_is_none_is_told_the_three_nearest_and_what_they_miss(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("EPIKEY,ADMIDATE,colour,shape\n1,2,3,4\n")
    with pytest.raises(ExtractError, match=r"none of the files.*docs/intake\.md") as told:
        pipeline.load(tmp_path / "data", [path])
    assert str(told.value).count("; no ") == 3
    assert len(str(told.value)) < 900


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "apc.csv"
    path.write_bytes(f"{HEADINGS}\n{episode('1')}\n{episode('2')}\n".encode(encoding))
    (done,) = pipeline.load(tmp_path / "data", [path])
    assert (done.rows_read, done.accepted) == (2, 2)


def test_a_file_is_unpacked_in_the_data_folder_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, path = tmp_path / "data", extract(tmp_path, episode(), headings=HEADINGS)
    data.mkdir()
    # A copy in the system's folder, which may be shared, cannot be made.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    made: list[int] = []
    real = tempfile.mkdtemp

    def noted(*words: object, **named: object) -> str:
        made.extend(p.stat().st_mode & 0o777 for p in data.iterdir())
        return real(*words, **named)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(tempfile, "mkdtemp", noted)
    assert pipeline.explain_extract(data, path).layout == "hes_apc"
    assert made == [0o700]
    assert list(data.iterdir()) == []


def test_the_nearest_layout_is_told_by_what_the_supplier_is_known_to_call_things(
    tmp_path: Path,
) -> None:
    ours = ("EPIKEY", "PSEUDO_HESID", "PROCODE3", "GPPRAC", "ADMIDATE", "ADMIMETH", "CLASSPAT")
    ours += ("EPISTART", "EPIEND", "EPIORDER", "DISDATE", "STARTAGE", "SUSHRG")
    theirs = {heading: f"Feld {i}" for i, heading in enumerate(ours)}
    columns = {
        f.column: (theirs[h],)
        for f in intake.named("hes_apc").fields
        for h in f.headings
        if h in theirs
    }
    path = extract(tmp_path, headings=",".join(theirs.get(h, h) for h in HEADINGS.split(",")))
    held = saved(tmp_path, columns=columns)
    assert intake.nearest(path).name != "hes_apc"
    assert intake.nearest(path, maps=[held]).name == "hes_apc"
