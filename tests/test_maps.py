"""What suppliers call things: matched, confirmed, saved with dates; unknown codes are listed."""

from pathlib import Path

import pytest

from pbcanalytics import intake, pipeline
from pbcanalytics.intake import ImportMap, Undecided, Wishes
from pbcanalytics.intake.layouts.layout import Field, Layout
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
    import datetime as dt

    data = tmp_path / "data"
    saved(data, name="old", valid_to=dt.date(2018, 3, 31), codes={"hrg": {"7": "OLD1A"}})
    saved(data, name="new", valid_from=dt.date(2018, 4, 1), codes={"hrg": {"7": "NEW1A"}})
    days = {c: day for c in ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")}
    pipeline.load(data, [extract(tmp_path, episode("1", SUSHRG="7", **days))])
    assert rows(data, "SELECT hrg FROM episodes") == [(hrg,)]


def test_a_map_that_has_run_out_is_not_used_in_silence(tmp_path: Path) -> None:
    import datetime as dt

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
        ("layout: hes_apc\n", "supplier"),
        ("supplier: A\nlayout: hes_apc\nvalid_from: yesterday\n", "yesterday"),
        ("supplier: [unclosed", "while parsing"),
        ("just text", "broken.yaml"),
    ],
)
def test_a_map_that_cannot_be_used_is_named_with_its_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    folder = tmp_path / "data" / "maps"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text(text)
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
    from pbcanalytics.intake.files.headings import Headless

    bare = Headless(r"[A-Z][0-9]{5}", ("PRACTICE_CODE", "NAME", "PCT_CODE"))
    monkeypatch.setattr("pbcanalytics.intake.loading.HEADLESS", (bare,))
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
