"""Creep on a PCT whose truth is in the answer key: found, priced, and told from a catch-up."""

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from pbcanalytics import pipeline
from pbcanalytics.cli import app
from pbcanalytics.creep.result import Creep
from pbcanalytics.creep.severity import LEAST_AUC
from pbcanalytics.faces.sentences import creep as words
from pbcanalytics.pipeline.coding.creep import find_creep
from pbcanalytics.synthetic import NTPS
from pbcanalytics.words.errors import SelectionError, StoreError
from pbcanalytics.words.tables.signals import CREEP_PRACTICES, CREEP_SIGNALS

pytestmark = pytest.mark.slow

YEARS = NTPS.last(5)
"""Two years say what is usual; creep begins in the middle of the five."""

N_PRACTICES, N_QUIET = 20, 5
"""The usual PCT, of which the claims speak, and a small quiet one."""

NEEDED = ("apc", "ae", "practices", "providers", "pcts")
FORBIDDEN = ("fraud", "gaming", "cheat", "dishonest", "abuse", "upcod")


def made(data: Path, n_practices: int, years: tuple[str, ...], *, quiet: bool) -> Path:
    """Make, load and price the hospital stays of a PCT."""
    extracts = pipeline.demo(data, n_practices=n_practices, years=years, quiet=quiet)
    wanted = [p for p in sorted(extracts.iterdir()) if p.name.startswith(NEEDED)]
    pipeline.load(data, wanted)
    pipeline.build(data)
    return data


@pytest.fixture(scope="module")
def pct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("creep"), N_PRACTICES, YEARS, quiet=False)


@pytest.fixture(scope="module")
def found(pct: Path) -> Creep:
    return find_creep(pct)


def of_provider(found: Creep, provider: str, mechanism: str = "cc_split") -> pd.Series:
    """The first signal of all of a provider's roots together."""
    at = found.signals
    mine = at[(at["provider_code"] == provider) & (at["level"] == "provider")]
    mine = mine[mine["mechanism"] == mechanism]
    return mine.sort_values("month").iloc[0]


def is_followed(found: Creep, provider: str, hrg: str) -> bool:
    """Whether emergencies of an HRG are in a root that its provider's pounds are of."""
    at = found.tested
    mine = at[(at["provider_code"] == provider) & (at["auc"] >= LEAST_AUC)]
    for name in mine["root"]:
        (stem, _, letters), setting = name.split(" ")[0].partition("/"), name.split(" ")[1]
        if setting == "non-elective" and hrg[:4] == stem and (not letters or hrg[4] in letters):
            return True
    return False


def planted_pence(pct: Path, found: Creep, first: str, last: str) -> float:
    """What planted creep cost in the roots followed: each price less that of the true class."""
    key = pd.read_csv(pct / "demo" / "answer_key_spells.csv", dtype=str)
    key = key[(key["ITEM"] == "creep") & (key["ADMIDATE"] >= first) & (key["ADMIDATE"] < last)]
    key = key[[is_followed(found, "XD1", hrg) for hrg in key["RECORDED"]]]
    with duckdb.connect(str(pct / "warehouse.duckdb"), read_only=True) as con:
        stays = con.execute(
            "SELECT e.episode_id AS EPIKEY, p.los_days, p.base_pence + p.short_stay_pence + "
            "p.long_stay_pence AS gross, p.mff_pence FROM spell_episodes AS e "
            "JOIN priced_spells AS p ON p.spell_id = e.spell_id WHERE p.is_reported"
        ).df()
        tariff = con.execute(
            "SELECT hrg, CAST(non_elective_pence AS DOUBLE) AS pence, "
            "CAST(short_stay_millionths AS DOUBLE) / 1e6 AS share FROM tariff "
            "WHERE financial_year = '2017/18'"
        ).df()
    stays["EPIKEY"] = stays["EPIKEY"].astype(str)
    both = key.merge(stays, on="EPIKEY", validate="one_to_one")
    assert len(both) == len(key) > 80
    of = tariff.set_index("hrg")
    is_short = both["los_days"] <= 1

    def price(column: str) -> pd.Series:
        full = both[column].map(of["pence"])
        return full.where(~is_short, full * both[column].map(of["share"]).fillna(1.0))

    return float(
        ((price("RECORDED") - price("OTHERWISE")) * (1 + both["mff_pence"] / both["gross"])).sum()
    )


def test_the_planted_creep_is_found_and_priced_within_its_interval(pct: Path, found: Creep) -> None:
    key = json.loads((pct / "demo" / "answer_key.json").read_text())
    planted = next(item for item in key["planted"] if item["item"] == "creep")
    signal = of_provider(found, planted["where"]["provider"])
    assert signal["state"] == "creep-confirmed"
    since = pd.Timestamp(planted["since"])
    assert abs((signal["onset"] - since).days) <= 100
    first = f"{signal['onset']:%Y-%m-%d}"
    last = f"{signal['onset'] + pd.DateOffset(months=12):%Y-%m-%d}"
    truth = planted_pence(pct, found, first, last)
    assert signal["creep_low_pence"] <= truth <= signal["creep_high_pence"]
    assert signal["creep_low_pence"] > 0


def test_the_planted_catch_up_is_called_recording(pct: Path, found: Creep) -> None:
    key = json.loads((pct / "demo" / "answer_key.json").read_text())
    planted = next(item for item in key["planted"] if item["item"] == "recording catch-up")
    provider = planted["where"]["provider"]
    signal = of_provider(found, provider)
    assert signal["state"] == "recording"
    assert abs((signal["onset"] - pd.Timestamp(planted["since"])).days) <= 100
    ours = found.signals[found.signals["provider_code"] == provider]
    # It is emergencies whose recording caught up; a single planned root is no part of that.
    of_it = ours[ours["root"].str.endswith("non-elective")]
    assert len(of_it) > 3
    assert "creep-confirmed" not in set(of_it["state"])


def test_the_planted_admissions_of_no_days_are_asked_about(pct: Path, found: Creep) -> None:
    key = json.loads((pct / "demo" / "answer_key.json").read_text())
    planted = next(item for item in key["planted"] if item["item"] == "zero-day admissions")
    signal = of_provider(found, planted["where"]["provider"], "zero_day")
    assert signal["state"] == "query"
    since = pd.Timestamp(planted["since"])
    assert abs((signal["onset"] - since).days) <= 100
    # The key counts all until March 2019; of those, the signal prices twelve months.
    a_month = planted["n_affected"] / 20
    told = signal["creep_share"] * signal["n_spells"] / signal["n_months"]
    assert told == pytest.approx(a_month, rel=0.4)
    others = found.signals[found.signals["mechanism"] == "zero_day"]
    assert set(others["provider_code"]) == {planted["where"]["provider"]}


def test_practices_add_up_to_their_signal_and_the_terms_to_the_change(found: Creep) -> None:
    sums = found.practices.groupby("signal").sum(numeric_only=True)
    for row in found.signals.to_dict("records"):
        if row["mechanism"] == "depth":
            # Its pounds are those of the classes.
            assert row["signal"] not in sums.index
            continue
        own = sums.loc[row["signal"]]
        assert own["creep_pence"] == row["creep_pence"]
        if row["mechanism"] != "cc_split":
            continue
        for part in ("creep", "recording", "true"):
            assert own[f"{part}_pence"] == row[f"{part}_pence"]
        terms = ("creep", "recording", "true", "volume", "between", "price")
        assert own["change_pence"] == sum(row[f"{term}_pence"] for term in terms)


def test_signals_are_kept_as_the_dictionary_has_them(pct: Path, found: Creep) -> None:
    assert list(found.signals.columns) == CREEP_SIGNALS.names
    with duckdb.connect(str(pct / "warehouse.duckdb"), read_only=True) as con:
        for table in (CREEP_SIGNALS, CREEP_PRACTICES):
            held = con.execute(f"DESCRIBE {table.name}").fetchall()
            assert [row[:2] for row in held] == [(c.name, c.sql_type) for c in table.columns]
        counted = con.execute("SELECT count(*) FROM creep_signals").fetchone()
    assert counted == (len(found.signals),)


def test_the_price_at_the_margin_is_kept_with_the_signal(pct: Path, found: Creep) -> None:
    classes = of_provider(found, "XD1")
    # No threshold is agreed: what emergencies earn above one is not known, and not nought.
    assert classes["price_used"] == "no_threshold"
    assert pd.isna(classes["margin_pence"])
    with duckdb.connect(str(pct / "warehouse.duckdb"), read_only=True) as con:
        kept = con.execute(
            "SELECT signal, margin_pence, price_used FROM creep_signals ORDER BY signal"
        ).df()
    assert kept["price_used"].fillna("").tolist() == found.signals["price_used"].fillna("").tolist()
    known = found.signals.dropna(subset=["margin_pence"])
    assert set(known["price_used"]) <= {"full", "no_rate", "marginal"}
    firsts = found.signals[found.signals["mechanism"] == "follow_up_to_first"]
    assert (firsts["margin_pence"] == firsts["creep_pence"]).all()
    assert "full tariff: no threshold" in {row[-1] for row in words.rows(found)}
    told = words.machine(found)
    assert "price_used" in told["signals"][0]
    assert told["closing"] == "not said"
    assert "do not say whether months are flex" in " ".join(words.notes(found))


def test_the_list_holds_dear_spells_least_ill_first(found: Creep) -> None:
    for number, listed in found.spells.groupby("signal"):
        assert listed["q"].is_monotonic_increasing
        assert number in set(found.signals["signal"])
        assert len(listed) <= 60
    assert "person_id" not in found.spells


def test_the_words_ask_and_do_not_accuse(found: Creep) -> None:
    said = " ".join([*words.sentences(found), *words.notes(found)])
    assert "queries for validation, not findings" in said
    assert "Other explanations to ask about" in said
    assert "net error near nought" in said
    assert "it is not creep" in said
    assert "at most" in said
    assert not [word for word in FORBIDDEN if word in said.lower()]
    assert {len(row) for row in words.rows(found)} == {len(words.HEADS)}
    told = json.loads(json.dumps(words.machine(found)))
    assert len(told["signals"]) == len(found.signals)
    assert told["signals"][0]["onset"].startswith("201")
    judged = found.signals[found.signals["mechanism"] == "cc_split"]
    assert set(judged["signal"]) == set(found.spells["signal"])


def test_a_quiet_pct_is_quiet(tmp_path: Path) -> None:
    data = made(tmp_path, N_QUIET, NTPS.last(4), quiet=True)
    signals, spells = tmp_path / "signals.csv", tmp_path / "spells.csv"
    options = ["creep", "--data", str(data), "--csv", str(signals), "--validation", str(spells)]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "nothing to ask about" in said
    assert "Other explanations" not in said
    written = pd.read_csv(signals)
    assert list(written.columns) == CREEP_SIGNALS.names
    assert set(written["state"]) <= {"new service"}
    assert pd.read_csv(spells).empty
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        held = con.execute("DESCRIBE creep_signals").fetchall()
    assert [row[1] for row in held] == [c.sql_type for c in CREEP_SIGNALS.columns]


def test_too_few_spells_or_a_wrong_provider_is_refused(pct: Path, small_pct: Path) -> None:
    with pytest.raises(SelectionError, match=r"Those that can are of: .*XD1"):
        find_creep(pct, "NOBODY")
    with pytest.raises(SelectionError, match="five spells a month"):
        find_creep(small_pct)


def test_nothing_priced_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No activity has been loaded"):
        find_creep(tmp_path)
