"""The demo PCT is repeatable, holds together, looks like the NHS, and hides what its key says."""

import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import NTPS, PBR, casemix, planting, write
from pbcanalytics.synthetic.days import REFERRAL_INDEX, is_working
from pbcanalytics.words.errors import SelectionError

TWO_YEARS = ("2016/17", "2017/18")
THREE_YEARS = (*TWO_YEARS, "2018/19")


AGREED = {
    "apc_2016-17.csv": (
        "FYEAR,EPIKEY,PSEUDO_HESID,PROCODE3,PROVSPNO,GPPRAC,PCTCODE,ADMIDATE,ADMIMETH,ADMISORC,"
        "CLASSPAT,INTMANAG,EPISTART,EPIEND,EPIORDER,EPISTAT,EPIDUR,SPELDUR,DISDATE,DISMETH,DISDEST,"
        "STARTAGE,SEX,MAINSPEF,TRETSPEF,DIAG_01,DIAG_02,DIAG_03,DIAG_04,DIAG_05,DIAG_06,OPERTN_01,"
        "OPERTN_02,SUSHRG,CRITICALCAREDAYS"
    ),
    "op_2016-17.csv": (
        "FYEAR,ATTENDKEY,PSEUDO_HESID,PROCODE3,GPPRAC,PCTCODE,APPTDATE,APPTAGE,SEX,FIRSTATT,"
        "ATTENDED,REFSOURC,REQDATE,MAINSPEF,TRETSPEF,OPERTN_01,SUSHRG"
    ),
    "ae_2016-17.csv": (
        "FYEAR,AEKEY,PSEUDO_HESID,PROCODE3,GPPRAC,PCTCODE,ARRIVALDATE,ARRIVALTIME,ARRIVALAGE,SEX,"
        "AEATTENDCAT,AEATTENDDISP,AEDEPTTYPE,AEREFSOURCE,SUSHRG"
    ),
    "referrals_2016-17.csv": (
        "REFERRALKEY,PSEUDO_HESID,GPPRAC,PCTCODE,PROCODE3,REQDATE,REFSOURC,TRETSPEF,PRIORITY,AGE,SEX"
    ),
    "list_sizes.csv": (
        "PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,"
        "NUMBER_OF_PATIENTS"
    ),
    "weighted_lists.csv": "PRACTICE_CODE,FINANCIAL_YEAR,WEIGHTED_POPULATION",
    "practices.csv": (
        "PRACTICE_CODE,NAME,PCT_CODE,CONSORTIUM_CODE,OPEN_DATE,CLOSE_DATE,SUCCESSOR_CODE"
    ),
    "providers.csv": "PROVIDER_CODE,NAME,KIND",
    "pcts.csv": "PCT_CODE,PCT_NAME,OPEN_DATE,CLOSE_DATE,SUCCESSOR_CODE",
    "consortia.csv": "CONSORTIUM_CODE,CONSORTIUM_NAME,PCT_CODE",
    "memberships.csv": "PRACTICE_CODE,CONSORTIUM_CODE,FROM_DATE,TO_DATE",
    "plan.csv": "PCT_CODE,FINANCIAL_YEAR,ITEM,LINE,VALUE,UNIT,NOTE",
    "budget_adjustments.csv": (
        "PCT_CODE,FINANCIAL_YEAR,PRACTICE_CODE,LINE,AMOUNT,REASON,AGREED_BY,AGREED_ON"
    ),
}


@functools.cache
def read_back(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).assign(file=path.name)


@dataclass(frozen=True, eq=False)
class Demo:
    """A written demo PCT, read back as text."""

    folder: Path
    key: dict[str, Any]

    def read(self, dataset: str) -> pd.DataFrame:
        paths = sorted((self.folder / "landing").glob(f"{dataset}*.csv"))
        whole = pd.concat([read_back(p) for p in paths], ignore_index=True)
        for broken in self.planted("data error"):
            where = broken["where"]
            if broken["kind"] == "malformed row" and where["dataset"] == dataset[:2]:
                of_file = whole.index[whole["file"] == where["file"]]
                whole = whole.drop(index=of_file[where["line"] - 2])
        return whole

    def sound(self, dataset: str) -> pd.DataFrame:
        """Give the rows in which no error is planted, dates as dates."""
        return sound(self, dataset).copy()

    def spells(self) -> pd.DataFrame:
        """Give each spell's last episode and length of stay; regular attenders are left out."""
        rows = self.sound("apc")
        last = rows[(rows["SPELDUR"] != "") & (rows["CLASSPAT"] != "3")].copy()
        last["los"] = (last["DISDATE"] - last["ADMIDATE"]).dt.days
        last["is_emergency"] = last["ADMIMETH"].str.startswith("2")
        return last

    def planted(self, item: str) -> list[dict[str, Any]]:
        return [p for p in self.key["planted"] if p["item"] == item]


@functools.cache
def sound(made: Demo, dataset: str) -> pd.DataFrame:
    """Read the rows in which no error is planted, dates as dates."""
    keys = {"apc": "EPIKEY", "op": "ATTENDKEY", "ae": "AEKEY", "referrals": "REFERRALKEY"}
    rows = made.read(dataset)
    wrong = {
        str(k)
        for item in made.planted("data error")
        if item["where"]["dataset"] == dataset
        for k in item.get("keys", [])
    }
    rows = rows[~rows[keys[dataset]].isin(wrong)].copy()
    for column in rows.columns:
        if column.endswith("DATE") or column in ("EPISTART", "EPIEND"):
            rows[column] = pd.to_datetime(rows[column], format="%Y-%m-%d")
    return rows


def demo(folder: Path, **parameters: Any) -> Demo:
    return Demo(folder, write(folder, Shelf.open(), **parameters))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(tmp_path_factory.mktemp("small"), n_practices=5, years=TWO_YEARS, seed=5)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(tmp_path_factory.mktemp("quiet"), years=TWO_YEARS, quiet=True)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(tmp_path_factory.mktemp("usual"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(small: Demo, tmp_path: Path) -> None:
    again = demo(tmp_path, n_practices=5, years=TWO_YEARS, seed=5)
    assert contents(again.folder) == contents(small.folder)


def test_another_seed_gives_another_pct(small: Demo, tmp_path: Path) -> None:
    other = demo(tmp_path, n_practices=1, years=("2017/18",), seed=6)
    assert other.read("apc")["PSEUDO_HESID"].isin(small.read("apc")["PSEUDO_HESID"]).mean() < 0.01


def test_a_second_run_replaces_the_first_and_leaves_nothing_beside(tmp_path: Path) -> None:
    demo(tmp_path, n_practices=1, years=TWO_YEARS)
    demo(tmp_path, n_practices=1, years=("2017/18",), quiet=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "answer_key.json",
        "answer_key_spells.csv",
        "landing",
    ]
    assert not (tmp_path / "landing" / "apc_2016-17.csv").exists()


@pytest.mark.parametrize("years", [(), ("2016/17", "2018/19"), ("2017/18", "2016/17")])
def test_years_that_do_not_follow_one_another_are_refused(
    tmp_path: Path, years: tuple[str, ...]
) -> None:
    with pytest.raises(SelectionError, match="follow one another"):
        write(tmp_path, Shelf.open(), years=years)


def test_an_era_names_its_last_years_and_refuses_more_than_it_has() -> None:
    assert NTPS.last(3) == THREE_YEARS == NTPS.years
    assert NTPS.last(5) == ("2014/15", "2015/16", *THREE_YEARS)
    assert PBR.last(3) == PBR.years
    for era, n_years in ((NTPS, 6), (NTPS, 0), (PBR, 4)):
        with pytest.raises(SelectionError, match=f"1 to {era.most_years} years, not {n_years}"):
            era.last(n_years)


def test_years_without_prices_get_no_plan(tmp_path: Path) -> None:
    made = demo(tmp_path, n_practices=1, years=NTPS.last(4))
    assert set(made.read("plan")["FINANCIAL_YEAR"]) == {"2017/18", "2018/19"}


@pytest.mark.parametrize("n_practices", [0, 401])
def test_a_number_of_practices_out_of_range_is_refused(tmp_path: Path, n_practices: int) -> None:
    with pytest.raises(SelectionError, match="1 to 400"):
        write(tmp_path, Shelf.open(), n_practices=n_practices)


def test_progress_is_told_and_ends_with_everything_done(tmp_path: Path) -> None:
    told: list[float] = []
    parameters: dict[str, Any] = {"n_practices": 1, "years": ("2017/18",)}
    demo(tmp_path, **parameters, progress=lambda step, done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_headings_are_those_agreed(small: Demo) -> None:
    first_lines = {
        p.name: p.read_text().splitlines()[0] for p in (small.folder / "landing").iterdir()
    }
    later = {n.replace("2016-17", "2017-18"): h for n, h in AGREED.items()}

    assert first_lines == AGREED | later


def test_the_key_counts_the_rows_of_every_file(small: Demo) -> None:
    held = {
        p.name: len(p.read_bytes().splitlines()) - 1
        for p in (small.folder / "landing").glob("*.csv")
    }
    assert held == small.key["files"]


def test_rows_stand_in_the_file_of_their_own_year(quiet: Demo) -> None:
    for dataset, day in (("apc", "EPIEND"), ("op", "APPTDATE"), ("ae", "ARRIVALDATE")):
        rows = quiet.sound(dataset)
        year = rows[day].dt.year - (rows[day].dt.month < 4)
        assert (rows["file"].str.extract(r"_(\d{4})-")[0].astype(int) == year).all()
        assert (rows["FYEAR"].str[:2].astype(int) == year % 100).all()


def test_lists_equal_the_people_and_join_the_key(small: Demo) -> None:
    lists = small.read("list_sizes")
    assert not ((lists["SEX"] == "ALL") | (lists["AGE"] == "ALL")).any()
    sums = lists.groupby("EXTRACT_DATE")["NUMBER_OF_PATIENTS"].apply(lambda n: n.astype(int).sum())
    told = {f"01APR{day[:4]}": n for day, n in small.key["lists"].items()}
    assert sums.to_dict() == told
    weighted = small.read("weighted_lists")
    for year, rows in weighted.groupby("FINANCIAL_YEAR"):
        total = rows["WEIGHTED_POPULATION"].astype(float).sum()
        assert round(total, 2) == told[f"01APR{year[:4]}"]


def test_a_person_ages_with_the_calendar_and_keeps_one_sex(quiet: Demo) -> None:
    seen = quiet.sound("op")[["PSEUDO_HESID", "APPTDATE", "APPTAGE", "SEX"]]
    came = quiet.sound("ae")[["PSEUDO_HESID", "ARRIVALDATE", "ARRIVALAGE", "SEX"]]
    came.columns = seen.columns
    both = pd.concat([seen, came])
    age = both["APPTAGE"].astype(int)
    both["age"] = age.where(age < 7000, 0)
    assert both.groupby("PSEUDO_HESID")["SEX"].nunique().max() == 1
    # Born between day - (age + 1) years and day - age years: all of a person's must overlap.
    day = both["APPTDATE"].dt.year + (both["APPTDATE"].dt.day_of_year - 1) / 365.25
    both["earliest"], both["latest"] = day - both["age"] - 1, day - both["age"]
    bounds = both.groupby("PSEUDO_HESID").agg({"earliest": "max", "latest": "min"})
    assert (bounds["earliest"] <= bounds["latest"] + 0.01).all()


def test_a_person_has_one_practice_a_year(quiet: Demo) -> None:
    rows = quiet.sound("op")
    assert rows.groupby(["FYEAR", "PSEUDO_HESID"])["GPPRAC"].nunique().max() == 1


def test_every_admission_through_a_and_e_has_its_attendance(small: Demo) -> None:
    who = ["PSEUDO_HESID", "PROCODE3"]
    came = small.sound("ae")
    came = came[came["AEATTENDDISP"] == "01"][[*who, "ARRIVALDATE"]]
    struck = {str(k) for p in small.planted("data error") for k in p.get("keys", [])}
    every = small.read("ae")
    assert not every["AEKEY"].duplicated().any()
    spells = small.spells()
    via = spells[(spells["ADMIMETH"] == "21") & (spells["ADMIDATE"] >= "2016-04-01")]
    found = via.merge(
        came, "left", left_on=[*who, "ADMIDATE"], right_on=[*who, "ARRIVALDATE"], indicator=True
    )
    lost = (found["_merge"] == "left_only").sum()
    assert lost <= sum(k.startswith("7") for k in struck)
    assert found["EPIKEY"].is_unique


def test_episodes_of_a_spell_follow_one_another_without_gap(quiet: Demo) -> None:
    rows = quiet.sound("apc")
    rows = rows[rows["CLASSPAT"] != "3"].assign(order=lambda r: r["EPIORDER"].astype(int))
    rows = rows.sort_values(["PROCODE3", "PROVSPNO", "order"])
    spell = rows["PROCODE3"] + rows["PROVSPNO"]
    follows = spell == spell.shift()
    assert follows.sum() > 1000
    assert (rows["EPISTART"] == rows["EPIEND"].shift())[follows].all()
    assert (rows["order"] == rows["order"].shift() + 1)[follows].all()
    ends = spell != spell.shift(-1)
    assert (rows["DISDATE"].notna() == ends)[rows["DISMETH"] != "8"].all()
    assert (rows["SPELDUR"] == "")[rows["DISMETH"] == "8"].all()
    for column in ("PSEUDO_HESID", "ADMIDATE", "ADMIMETH", "CLASSPAT", "SEX", "GPPRAC"):
        assert rows.groupby(spell)[column].nunique().max() == 1


def test_keys_are_unique_and_nobody_is_in_two_beds(quiet: Demo) -> None:
    for dataset, key in (("apc", "EPIKEY"), ("op", "ATTENDKEY"), ("ae", "AEKEY")):
        assert quiet.read(dataset)[key].is_unique
    stays = quiet.spells().sort_values(["PSEUDO_HESID", "ADMIDATE", "DISDATE"])
    same = stays["PSEUDO_HESID"] == stays["PSEUDO_HESID"].shift()
    gap = (stays["ADMIDATE"] - stays["DISDATE"].shift()).dt.days
    assert (gap[same] >= 0).all()
    together = same & (gap == 0)
    assert (stays.loc[together, "ADMISORC"] == "51").all()


def test_critical_care_never_exceeds_the_stay(quiet: Demo) -> None:
    rows = quiet.sound("apc")
    held = rows[rows["CRITICALCAREDAYS"] != ""]
    assert len(held) > 50
    assert (held["CRITICALCAREDAYS"].astype(int) <= held["EPIDUR"].astype(int)).all()


def test_nothing_happens_after_death(quiet: Demo) -> None:
    spells = quiet.spells()
    died = spells[spells["DISMETH"] == "4"].set_index("PSEUDO_HESID")["DISDATE"]
    assert died.index.is_unique
    for dataset, day in (("op", "APPTDATE"), ("ae", "ARRIVALDATE"), ("referrals", "REQDATE")):
        rows = quiet.sound(dataset)
        assert not (rows[day] > rows["PSEUDO_HESID"].map(died)).any()


def test_spend_is_as_skewed_as_hospital_spend_is(quiet: Demo) -> None:
    for year in TWO_YEARS:
        found = quiet.key["facts"][year]
        assert 0.28 <= found["top_1pc_share"] <= 0.34
        assert 3.4 <= found["k"] <= 4.8
        assert 0.105 <= found["admitted_share"] <= 0.125
        # The person model that the skew is calibrated on has £496 a head.
        assert 450 <= found["spend_per_head_gbp"] <= 560


def test_people_come_as_often_as_in_life(quiet: Demo) -> None:
    rates = quiet.key["facts"]["2017/18"]["per_1000"]
    for kind, low, high in (
        ("emergency_spells", 88, 102),
        ("day_cases", 60, 80),
        ("elective_spells", 15, 20),
        ("gp_referrals", 250, 300),
        ("ae_attendances", 350, 400),
    ):
        assert low <= rates[kind] <= high, kind


def test_lengths_of_stay_and_returns_are_as_in_life(quiet: Demo) -> None:
    spells = quiet.spells().sort_values(["PSEUDO_HESID", "ADMIDATE", "DISDATE"])
    same = spells["PSEUDO_HESID"] == spells["PSEUDO_HESID"].shift()
    gap = (spells["ADMIDATE"] - spells["DISDATE"].shift()).dt.days.where(same)
    acute = spells[spells["is_emergency"]]
    assert 0.08 <= (gap[spells["is_emergency"]] <= 30).mean() <= 0.11
    trims = Shelf.open().read("tariff", "2017/18").set_index("hrg")["non_elective_trim_days"]
    long = acute[acute["los"] >= 2]
    beyond = long["los"] > trims.reindex(long["SUSHRG"]).to_numpy(dtype=float)
    assert 0.03 <= beyond.mean() <= 0.06
    assert 0.65 <= (acute["ADMIMETH"] == "21").mean() <= 0.76
    of_long = acute[acute["los"] >= 2].groupby(acute["STARTAGE"].astype(int) >= 75)["los"].mean()
    assert of_long[True] > of_long[False]


def test_referrals_keep_to_working_days_and_to_their_season(quiet: Demo) -> None:
    sent = quiet.sound("referrals")["REQDATE"]
    days = pd.Series(pd.date_range("2016-04-01", "2018-03-31"))
    working = days[is_working(days.to_numpy().astype("datetime64[D]").astype(np.int64))]
    assert sent.isin(working).all()
    per_day = sent.dt.month.value_counts() / working.dt.month.value_counts()
    index = (per_day / (len(sent) / len(working))).sort_index()
    assert np.abs(index.to_numpy() - REFERRAL_INDEX).max() < 0.03


@pytest.mark.parametrize(
    ("setting", "price"),
    [
        ("day_case", "day_case_pence"),
        ("elective", "elective_pence"),
        ("non_elective_short_stay", "non_elective_pence"),
        ("non_elective_long_stay", "non_elective_pence"),
    ],
)
def test_the_mix_of_hrgs_is_the_nations(quiet: Demo, setting: str, price: str) -> None:
    spells = quiet.spells()
    acute, short = spells["is_emergency"], spells["los"] < 2
    planned = spells["ADMIMETH"].str.startswith("1")
    rows = {
        "day_case": spells["CLASSPAT"] == "2",
        "elective": planned & (spells["CLASSPAT"] == "1"),
        "non_elective_short_stay": acute & short,
        "non_elective_long_stay": acute & ~short,
    }[setting]
    shelf = Shelf.open()
    mix = shelf.read("hrg_mix", "2024/25")
    national = mix[mix["setting"] == setting].set_index("hrg")["n_activity"].astype(float)
    priced = shelf.read("tariff", "2017/18").set_index("hrg")[price].dropna().index
    national = national[national.index.isin(priced)]
    ours = spells.loc[rows, "SUSHRG"].value_counts().reindex(national.index, fill_value=0)
    assert np.corrcoef(national, ours)[0, 1] > 0.95


def test_children_have_childrens_hrgs_and_women_theirs(quiet: Demo) -> None:
    rows = quiet.sound("apc")
    age = rows["STARTAGE"].astype(int)
    age = age.where(age < 7000, 0)
    names = Shelf.open().read("tariff", "2017/18").set_index("hrg")["name"]
    named = names.reindex(rows["SUSHRG"]).to_numpy(dtype=object)
    under = pd.Series(named, index=rows.index).str.contains("18 years and under").astype(bool)
    over = pd.Series(named, index=rows.index).str.contains("19 years and over").astype(bool)
    assert (age[under] <= 18).all()
    assert (age[over] >= 19).all()
    assert (age[rows["SUSHRG"].str.startswith("P")] <= 18).all()
    assert (rows.loc[rows["SUSHRG"].str.startswith("M"), "SEX"] == "2").all()


def test_a_quiet_pct_has_nothing_planted(quiet: Demo) -> None:
    assert quiet.key["planted"] == []
    assert len(quiet.read("practices")["CLOSE_DATE"].unique()) == 1
    assert len((quiet.folder / "answer_key_spells.csv").read_text().splitlines()) == 1
    shares = [f["share_65_and_over"] for f in quiet.key["facts"].values()]
    assert max(shares) - min(shares) < 0.0005


def test_every_planted_error_is_in_the_files_as_often_as_the_key_says(small: Demo) -> None:
    rows = {d: small.read(d + "_2") for d in ("apc", "op", "ae")}
    apc = rows["apc"]
    whole = apc[(apc["SPELDUR"] != "") & (apc["CLASSPAT"] != "3")]
    day = {c: pd.to_datetime(whole[c], format="%Y-%m-%d", errors="coerce") for c in whole}
    los = (day["DISDATE"] - day["ADMIDATE"]).dt.days
    found = {
        ("unreadable date", "apc"): (~apc["ADMIDATE"].str.match(r"^\d{4}-")).sum(),
        ("unreadable date", "op"): (rows["op"]["APPTDATE"] == "00/00/0000").sum(),
        ("unreadable date", "ae"): (rows["ae"]["ARRIVALDATE"] == "2017-13-45").sum(),
        ("missing provider", "apc"): (apc["PROCODE3"] == "").sum(),
        ("missing provider", "op"): (rows["op"]["PROCODE3"] == "").sum(),
        ("unfinished episode", "apc"): (apc["EPISTAT"] == "1").sum(),
        ("invalid episode order", "apc"): (apc["EPIORDER"] == "99").sum(),
        ("unknown HRG", "apc"): (apc["SUSHRG"] == "ZZ99Z").sum(),
        ("ungroupable", "apc"): (apc["SUSHRG"] == "UZ01Z").sum(),
        ("missing HRG", "apc"): (apc["SUSHRG"] == "").sum(),
        ("missing HRG", "ae"): (rows["ae"]["SUSHRG"] == "").sum(),
        ("unknown practice", "apc"): (apc["GPPRAC"] == "V81999").sum(),
        ("unknown practice", "op"): (rows["op"]["GPPRAC"] == "V81999").sum(),
        ("practice of another PCT", "apc"): (apc["GPPRAC"] == "X89901").sum(),
        ("practice of another PCT", "op"): (rows["op"]["GPPRAC"] == "X89901").sum(),
        ("discharge before admission", "apc"): (los < 0).sum(),
        ("spell duration disagrees", "apc"): (
            (los >= 0) & (whole["SPELDUR"].astype(int) != los)
        ).sum(),
        ("day case with nights", "apc"): ((whole["CLASSPAT"] == "2") & (los > 0)).sum(),
        ("duplicate key", "apc"): apc["EPIKEY"].duplicated().sum(),
        ("duplicate key", "op"): rows["op"]["ATTENDKEY"].duplicated().sum(),
    }
    told = {
        (p["kind"], p["where"]["dataset"]): p["n_affected"]
        for p in small.planted("data error")
        if p["kind"] != "malformed row"
    }
    assert {k: int(v) for k, v in found.items()} == told


def test_the_malformed_row_is_on_the_line_that_the_key_names(small: Demo) -> None:
    (broken,) = (p for p in small.planted("data error") if p["kind"] == "malformed row")
    lines = (small.folder / "landing" / broken["where"]["file"]).read_text().splitlines()
    short = [n for n, x in enumerate(lines, 1) if x.count(",") != lines[0].count(",")]
    assert short == [broken["where"]["line"]]


def test_a_merged_practices_people_are_on_the_successors_list(small: Demo) -> None:
    (merger,) = small.planted("merger")
    lists = small.read("list_sizes")
    size = lists.astype({"NUMBER_OF_PATIENTS": int}).pivot_table(
        index="CODE", columns="EXTRACT_DATE", values="NUMBER_OF_PATIENTS", aggfunc="sum"
    )
    closed, successor = merger["where"]["practice"], merger["successor"]
    before, after = "01APR2016", "01APR2017"
    assert size.loc[closed, before] == merger["n_people"]
    assert np.isnan(size.loc[closed, after])
    joined = size.loc[successor, before] + merger["n_people"]
    assert abs(size.loc[successor, after] / joined - 1) < 0.05
    known = small.sound("op")
    was = known[(known["APPTDATE"] < "2017-04-01") & (known["GPPRAC"] == closed)]["PSEUDO_HESID"]
    now = known[(known["APPTDATE"] >= "2017-04-01") & known["PSEUDO_HESID"].isin(was)]
    assert set(now["GPPRAC"]) == {successor}


def test_every_spell_recorded_otherwise_is_named_beside_the_key(small: Demo) -> None:
    named = pd.read_csv(small.folder / "answer_key_spells.csv", dtype=str)
    told = {
        i: p["n_affected"]
        for i in ("creep", "zero-day admissions", "recording catch-up")
        for p in small.planted(i)
    }
    assert named["ITEM"].value_counts().to_dict() == {i: n for i, n in told.items() if n}
    prices = Shelf.open().read("tariff", "2017/18").set_index("hrg")["non_elective_pence"]
    prices = prices.astype(float)
    crept = named[named["ITEM"] == "creep"]
    missed = named[named["ITEM"] == "recording catch-up"]
    gained = prices[crept["RECORDED"]].to_numpy() - prices[crept["OTHERWISE"]].to_numpy()
    lost = prices[missed["RECORDED"]].to_numpy() - prices[missed["OTHERWISE"]].to_numpy()
    assert (gained > 0).all()
    assert (lost <= 0).all()


def test_what_creep_records_is_dear_wherever_the_line_is_drawn(small: Demo) -> None:
    named = pd.read_csv(small.folder / "answer_key_spells.csv", dtype=str)
    crept, missed = (named[named["ITEM"] == item] for item in ("creep", "recording catch-up"))
    table = casemix.catalogue(Shelf.open())
    volume = table["non_elective_short_stay"] + table["non_elective_long_stay"]
    price = table["non_elective_pence"]
    for moved, high, low in (
        (crept, "RECORDED", "OTHERWISE"),
        (missed, "OTHERWISE", "RECORDED"),
    ):
        at = {c: moved[c].map(pd.Series(table.index, index=table["hrg"])) for c in (high, low)}
        stem = table["stem"].to_numpy()
        assert (stem[at[high]] == stem[at[low]]).all()
        assert (price.to_numpy()[at[high]] > price.to_numpy()[at[low]]).all()
    for code in crept["RECORDED"].unique():
        own = table[table["hrg"] == code].iloc[0]
        same = table["stem"] == own["stem"]
        from_here = volume[same & (price >= own["non_elective_pence"])].sum() / volume[same].sum()
        assert from_here <= 0.36 or own["step_up"] < 0


@pytest.mark.slow
def test_the_usual_pct_has_the_sizes_agreed(usual: Demo) -> None:
    lists = usual.read("list_sizes")
    first = lists[lists["EXTRACT_DATE"] == "01APR2016"]
    sizes = first["NUMBER_OF_PATIENTS"].astype(int).groupby(first["CODE"]).sum()
    assert len(sizes) == 20
    assert sizes.between(2_000, 18_000).all()
    assert 135_000 <= sizes.sum() <= 165_000
    practices = usual.read("practices")
    assert (practices["CONSORTIUM_CODE"] == "C01").sum() == 17


@pytest.mark.slow
def test_planted_growth_stands_out_at_its_practices_and_nowhere_else(usual: Demo) -> None:
    sent = usual.sound("referrals")
    sent = sent[sent["REFSOURC"] == "03"]
    for growth in usual.planted("referral growth"):
        mine = sent["TRETSPEF"].isin(growth["specialties"])
        after = sent["REQDATE"] >= growth["since"]
        n = sent[mine].groupby(["GPPRAC", after[mine]]).size().unstack()
        rise = (n[True] / n[False]) / (n[True].sum() / n[False].sum()) - 1
        practice = growth["where"]["practice"]
        assert abs(rise[practice] - growth["size"]) < 0.2
        assert practice in rise.nlargest(3).index


@pytest.mark.slow
def test_creep_raises_the_dear_share_at_its_provider_and_not_the_stay(usual: Demo) -> None:
    (creep,) = usual.planted("creep")
    dear = set(itertools.chain(*creep["dear_classes"].values()))
    acute = usual.spells()
    acute = acute[acute["is_emergency"] & acute["SUSHRG"].str[:4].isin(creep["roots"])]
    acute = acute.assign(
        is_dear=acute["SUSHRG"].isin(dear), after=acute["ADMIDATE"] >= creep["since"]
    )
    mine = acute[acute["PROCODE3"] == creep["where"]["provider"]]
    share = mine.groupby("after")["is_dear"].mean()
    error = np.sqrt(0.25 * (1 / mine["after"].sum() + 1 / (~mine["after"]).sum()))
    assert abs(share[True] - share[False] - planting.CREEP_POINTS) < 3 * error
    keys = pd.Series(creep["keys"], dtype=str)
    impostors = mine[mine["EPIKEY"].isin(keys)]
    others = mine[mine["is_dear"] & ~mine["EPIKEY"].isin(keys)]
    assert impostors["los"].mean() < others["los"].mean()


@pytest.mark.slow
def test_catch_up_finds_patients_who_were_truly_severe(usual: Demo) -> None:
    (caught,) = usual.planted("recording catch-up")
    named = pd.read_csv(usual.folder / "answer_key_spells.csv", dtype=str)
    missed = named[named["ITEM"] == "recording catch-up"]
    assert (missed["ADMIDATE"] < caught["since"]).all()
    spells = usual.spells()
    spells = spells[spells["PROCODE3"] == "XT1"]
    hidden = spells[spells["EPIKEY"].isin(missed["EPIKEY"])]
    alike = spells[spells["SUSHRG"].isin(missed["RECORDED"]) & spells["is_emergency"]]
    alike = alike[~alike["EPIKEY"].isin(missed["EPIKEY"])]
    assert hidden["los"].mean() > alike["los"].mean()


@pytest.mark.slow
def test_admissions_of_no_days_jump_at_their_provider(usual: Demo) -> None:
    (zero,) = usual.planted("zero-day admissions")
    acute = usual.spells()
    brief = acute[acute["is_emergency"] & (acute["los"] == 0)]
    months = brief.groupby(["PROCODE3", brief["ADMIDATE"].dt.to_period("M")]).size()
    for provider, jumps in (("XD1", True), ("XT1", False)):
        of = months[provider]
        of = of[of.index >= pd.Period("2016-04")]
        since = pd.Period(zero["since"], "M")
        rise = of[of.index >= since].mean() / of[of.index < since].mean()
        assert (rise > 1.12) == jumps


@pytest.mark.slow
def test_the_late_provider_is_nearly_absent_at_the_end(usual: Demo) -> None:
    (late,) = usual.planted("late provider")
    came = usual.sound("ae")
    mine = came[came["PROCODE3"] == late["where"]["provider"]]
    months = mine["ARRIVALDATE"].dt.to_period("M").value_counts()
    usual_month = months[months.index < "2019-02"].mean()
    left = months[months.index >= "2019-02"].mean() / usual_month
    assert left == pytest.approx(1 - late["size"], abs=0.05)


@pytest.mark.slow
def test_the_pct_ages_as_planted(usual: Demo) -> None:
    (ageing,) = usual.planted("ageing population")
    shares = list(ageing["share_65_and_over"].values())
    assert np.diff(shares) == pytest.approx([ageing["size"]] * 3, abs=0.001)
    (unlucky,) = usual.planted("unlucky practice")
    assert unlucky["emergency_spend_gbp"] > unlucky["mean_of_draws_gbp"]
