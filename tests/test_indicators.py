"""Indicators of coding: each against a slow count, a planted shift, documents with faults."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.costing.chain import model
from pbcanalytics.creep.families import families
from pbcanalytics.creep.indicators import search_counts
from pbcanalytics.creep.preparing import Prepared, prepare
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.indicators import FIELDS, indicator_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ReferenceGap
from tests.drawn import priced, put
from tests.oracle_indicators import Cells, Counts, Rows, slow_counts, slow_search

FIRST_DAY, LAST_DAY = dt.date(2017, 4, 1), dt.date(2019, 3, 31)
PROVIDERS = ("XD1", "XD1S2", "XT1")
HRGS = ("DZ12C", "DZ12F", "EB10B", "EB10D", "DZ11K")
DIAGNOSES = ("A419", "J189", "N390", "N39.0", "E119", "I10X", "G811", "J440", "N189")
DOCUMENTS = indicator_documents(Shelf.open())
OPERATIONS = (None, None, "C751", "W401", "M459 Z942")


def drawn(rows: Rows) -> str:
    """Write rows as a pipe table."""
    names = list(rows[0])
    lines = [" | ".join("" if row[n] is None else str(row[n]) for n in names) for row in rows]
    return "\n".join([" | ".join(names), *lines])


def some_day(chance: random.Random) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=chance.randrange((LAST_DAY - FIRST_DAY).days))


def stays(chance: random.Random) -> Rows:
    """Stays of one episode, of few patients, so that they return and are treated again."""
    rows = []
    for number in range(1, 421):
        start = some_day(chance)
        kind = chance.choice(("DC", "DC", "EL", "NEL", "NEL", "NELNE", "RA"))
        days = 0 if kind in ("DC", "RA") else chance.choice((0, 1, 1, 2, 3, 4, 9, 28, 29))
        listed = [chance.choice(DIAGNOSES) for _ in range(chance.randrange(1, 4))]
        is_told = chance.random() < 0.9
        rows.append(
            {
                "episode_id": f"e{number}",
                "person_id": f"p{chance.randrange(12)}",
                "provider_code": chance.choice(PROVIDERS),
                "spell_number": f"s{number}",
                "admission_date": start,
                "episode_start": start,
                "episode_end": start + dt.timedelta(days=days),
                "discharge_date": start + dt.timedelta(days=days),
                "episode_order": 1,
                "admission_method": {"NEL": "21", "NELNE": "82"}.get(kind, "11"),
                "patient_class": {"DC": "2", "RA": "3"}.get(kind, "1"),
                "intended_management": {"DC": "2", "RA": "4"}.get(kind, "1"),
                "discharge_method": chance.choice(("1", "1", "4", None)),
                "discharge_destination": chance.choice(("19", "19", "79")),
                "main_specialty_code": chance.choice(("180", "300", None)),
                "hrg": chance.choice(HRGS),
                "primary_diagnosis": listed[0] if is_told else None,
                "diagnoses": " ".join(listed) if is_told else None,
                "coding_depth": len(listed) if is_told else None,
                "procedures": chance.choice(OPERATIONS),
                "unbundled_hrgs": chance.choice((None, None, "XD01Z", "XD01Z RC02Z")),
            }
        )
        if rows[-1]["provider_code"] == "XT1":
            rows[-1]["unbundled_hrgs"] = None
        if kind == "DC" and number % 7 == 0:
            # One patient who comes for the same thing again and again.
            rows[-1] |= {"person_id": "p0", "provider_code": "XD1", "procedures": "X403"}
    return rows


def attendances(chance: random.Random) -> Rows:
    return [
        {
            "attendance_id": f"o{number}",
            "person_id": f"p{chance.randrange(6)}",
            "provider_code": chance.choice(PROVIDERS),
            "specialty_code": chance.choice(("300", "110")),
            "main_specialty_code": chance.choice(("300", "950", None)),
            "appointment_date": dt.date(2018, chance.randrange(1, 13), chance.randrange(1, 9)),
            "attendance_type": chance.choice(("1", "2", "3")),
            "attended": chance.choice(("5", "5", "6", "3")),
            "referral_source": chance.choice(("03", "05", None)),
            "procedures": chance.choice((*OPERATIONS, "U241")),
        }
        for number in range(500)
    ]


def emergencies(chance: random.Random) -> Rows:
    return [
        {
            "attendance_id": f"a{number}",
            "person_id": f"p{chance.randrange(12)}",
            "provider_code": chance.choice(("XD1", "XT1")),
            "arrival_date": some_day(chance),
            "attendance_category": chance.choice(("1", "2", "3", None)),
            "department_type": chance.choice(("1", "01", "3", None)),
            "disposal": "03",
        }
        for number in range(200)
    ]


def referrals(chance: random.Random) -> Rows:
    return [
        {
            "referral_id": f"r{number}",
            "person_id": f"p{chance.randrange(12)}",
            "provider_code": chance.choice(PROVIDERS),
            "specialty_code": chance.choice(("300", "110")),
            "request_date": some_day(chance) - dt.timedelta(days=200),
        }
        for number in range(300)
    ]


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Counts, Counts]]:
    """What the model counts of a drawn world, and what a slow count finds."""
    chance = random.Random(17)
    beds, seen, casualty, asked = (
        make(chance) for make in (stays, attendances, emergencies, referrals)
    )
    with priced(drawn(beds), drawn(seen), drawn(casualty)) as warehouse:
        put(warehouse, tables.REFERRALS, drawn(asked))
        earlier = [
            {**row, "hrg": chance.choice(HRGS), "load_id": load}
            for row in chance.sample(beds, 90)
            for load in (1, 2)
        ]
        put(warehouse, tables.EPISODES.superseded(), drawn(earlier), superseded_by=3)
        found = warehouse.frame(model("indicator_counts"))
        pods = dict(
            warehouse.con.execute(
                "SELECT e.spell_number, p.pod FROM priced_spells AS p "
                "JOIN spell_episodes AS l ON l.spell_id = p.spell_id "
                "JOIN episodes AS e ON e.episode_id = l.episode_id "
                "WHERE COALESCE(p.is_reported, TRUE) "
                "AND COALESCE(p.unpriced_reason, '') <> 'ungroupable'"
            ).fetchall()
        )
        tariff = warehouse.frame("SELECT * FROM tariff").set_index(["hrg", "financial_year"])
    by_model = {
        (str(r.indicator), str(r.provider_code), r.month.date()): (int(r.n_upper), int(r.n_lower))
        for r in found.itertuples()
    }
    yield by_model, slow_counts(beds, pods, seen, casualty, asked, earlier, tariff)


BY_MODEL = [name for name, one in DOCUMENTS.items() if one["counted_by"] == "model"]


@pytest.mark.parametrize("name", BY_MODEL)
def test_the_model_counts_what_a_slow_count_finds(name: str, world: tuple[Counts, Counts]) -> None:
    by_model, slowly = ({k[1:]: v for k, v in counts.items() if k[0] == name} for counts in world)
    assert by_model == slowly
    assert len(slowly) > 3
    assert any(upper for upper, _ in slowly.values())


CLASSES = pd.DataFrame(
    [
        ("DZ11R", "Pneumonia, with CC Score 14+", 550_800),
        ("DZ11S", "Pneumonia, with CC Score 10-13", 380_700),
        ("DZ11V", "Pneumonia, with CC Score 0-3", 148_600),
        ("EB03A", "Heart Failure, with CC Score 14+", 557_600),
        ("EB03E", "Heart Failure, with CC Score 0-3", 130_600),
        ("AA01Z", "Something without classes", 90_000),
    ],
    columns=["hrg", "name", "non_elective_pence"],
).assign(elective_pence=pd.NA)


def class_spells(chance: random.Random) -> pd.DataFrame:
    """Thirty months of six providers, with gaps of every kind that real extracts have."""
    rows: Rows = []
    for provider in ("A", "B", "C", "D", "E", "F"):
        for month in pd.date_range("2017-04", periods=30, freq="MS"):
            n = chance.randrange(32, 44)
            if (provider, f"{month:%Y-%m}") in {("B", "2019-06"), ("D", "2018-01")}:
                n = 12  # an incomplete month, after the baseline and within it
            if (provider, f"{month:%Y-%m}") == ("C", "2019-07"):
                continue
            for _ in range(n // 3 if provider == "F" else n):
                hrg = chance.choice(("DZ11R", "DZ11S", *("DZ11V",) * 4, "EB03A", "EB03E", "EB03E"))
                hrg = chance.choice((hrg, hrg, hrg, "AA01Z"))
                hrg = "QQ99Z" if chance.random() < 0.02 else hrg
                # The dear of one root stay longer, those of the other do not.
                days = chance.randrange(9) + 3 * (hrg in ("DZ11R", "DZ11S"))
                pence = chance.randrange(50_000, 500_000)
                rows.append(
                    {
                        "spell_id": f"s{len(rows)}",
                        "provider_code": provider,
                        "month": month,
                        "pod": chance.choice(("NEL", "NEL", "NEL", "EL", "DC")),
                        "hrg": hrg,
                        "los_days": days,
                        "age_years": chance.randrange(20, 95),
                        "sex": chance.choice(("1", "2")),
                        "admission_method": chance.choice(("21", "11")),
                        "admission_source": "19",
                        "discharge_destination": chance.choice(("19", "19", "54", "79", None)),
                        "critical_care_days": chance.choice((0, 0, 0, 2, None)),
                        "coding_depth": chance.choice((0, 1, 2, 2, 3, 5, None)),
                        "price_year": chance.choice(("2017/18", "2018/19")),
                        "price_pence": None if chance.random() < 0.05 else pence,
                        "long_stay_pence": chance.choice((0, 0, 0, 20_000)),
                    }
                )
    whole = ("critical_care_days", "coding_depth", "price_pence", "long_stay_pence")
    return pd.DataFrame(rows).astype(dict.fromkeys(whole, "Int64"))


def slowly(prepared: Prepared, tariff: pd.DataFrame, fewest: float) -> Cells:
    """What a slow count finds, in the spells and at the prices that the search has."""
    known = prepared.spells.astype(object).where(prepared.spells.notna(), None)
    rows = [{**row, "month": row["month"].date()} for row in known.to_dict("records")]
    latest = tariff.drop_duplicates("hrg")
    listed = latest["non_elective_pence"].astype("Float64").fillna(latest["elective_pence"])
    pence = dict(zip(latest["hrg"], listed.astype(object).where(listed.notna(), None), strict=True))
    roots = families(tariff).set_index("hrg")["root"].to_dict()
    return slow_search(rows, {str(k): str(v) for k, v in roots.items()}, pence, fewest)


def both_ways(spells: pd.DataFrame, tariff: pd.DataFrame, fewest: float) -> tuple[Cells, Cells]:
    """What the search counts, and what a slow count finds."""
    prepared = prepare(spells, tariff, fewest=fewest)
    by_search = {
        (str(r.indicator), str(r.provider_code), r.month.date()): (
            *(float(x) for x in (r.n_upper, r.n_lower, r.n_square)),
        )
        for r in search_counts(prepared, tariff).itertuples()
    }
    return by_search, slowly(prepared, tariff, fewest)


@pytest.fixture(scope="module")
def searched(small_pct: Path) -> dict[str, tuple[Cells, Cells]]:
    """What the search and a slow count find in made-up spells and in the demonstration."""
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        demo = warehouse.frame(model("creep_spells"))
        tariff = warehouse.frame(
            "SELECT hrg, name, non_elective_pence, elective_pence FROM tariff "
            "ORDER BY financial_year DESC"
        )
    return {
        "made": both_ways(class_spells(random.Random(5)), CLASSES, 5.0),
        # Of three practices no series has five spells a month.
        "demo": both_ways(demo, tariff, 0.5),
    }


BY_SEARCH = [name for name, one in DOCUMENTS.items() if one["counted_by"] == "search"]


@pytest.mark.parametrize("where", ["made", "demo"])
@pytest.mark.parametrize("name", BY_SEARCH)
def test_the_search_counts_what_a_slow_count_finds(
    name: str, where: str, searched: dict[str, tuple[Cells, Cells]]
) -> None:
    by_search, by_loops = (
        {k[1:]: v for k, v in counts.items() if k[0] == name} for counts in searched[where]
    )
    assert by_search.keys() == by_loops.keys()
    for cell, told in by_loops.items():
        assert by_search[cell] == pytest.approx(told, rel=1e-9, abs=1e-9), cell
    assert any(upper for upper, *_ in by_loops.values())


def test_classes_are_counted_where_no_month_follows_the_first_two_years() -> None:
    spells = class_spells(random.Random(5))
    by_search, by_loops = both_ways(spells[spells["month"] < "2019-04"], CLASSES, 5.0)
    assert {name for name, *_ in by_search} == {*BY_SEARCH} - {
        *("impostor_index", "hidden_severe_index")
    }
    assert by_search.keys() == by_loops.keys()
    assert all(by_search[cell] == pytest.approx(told, rel=1e-9) for cell, told in by_loops.items())


def test_every_indicator_of_the_list_is_a_document_of_its_own() -> None:
    documents = indicator_documents(Shelf.open())
    numbers = [str(one["number"]) for one in documents.values()]
    assert len(set(numbers)) == len(numbers)
    assert {n.rstrip("b") for n in numbers} == {f"I{n}" for n in range(1, 28)}
    assert all(set(one) == set(FIELDS) for one in documents.values())
    words = " ".join(str(one) for one in documents.values()).lower()
    assert not [w for w in ("fraud", "gaming", "cheat", "dishonest", "abuse") if w in words]
    assert {n for n, one in documents.items() if one["sum_rule"] != "none"} == {
        *("elective_ordinary_share", "day_case_of_procedures", "repeated_day_cases", "first_share")
    }


def test_faulty_documents_are_refused_with_all_their_faults(tmp_path: Path) -> None:
    folder = tmp_path / "indicators"
    folder.mkdir()
    shipped = indicator_documents(Shelf.open())["sepsis_share"]
    wrong = {k: v for k, v in shipped.items() if k != "limits"}
    wrong |= {"number": "13", "kind": "rate", "catches": ["M9"], "questions_to_ask": ["Why?"]}
    wrong |= {"reviewer": "pbcanalytics", "colour": "red"}
    (folder / "sepsis_share.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    other = shipped | {"name": "other", "number": "I28"}
    (folder / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    (folder / "broken.yaml").write_text("name: [", encoding="utf-8")
    (folder / "notes.txt").write_text("", encoding="utf-8")
    with pytest.raises(ReferenceGap) as caught:
        indicator_documents(Shelf.open(tmp_path))
    said = str(caught.value)
    for fault in (
        "fields that do not exist: colour",
        "it has no limits",
        "number is '13'",
        "kind is 'rate'",
        "catches has 'M9'",
        "a list of 3 questions",
        "nobody reviews himself",
        "review_date is empty",
        "nothing counts 'other'",
        "cannot be read",
        "only files that end in .yaml",
    ):
        assert fault in said, fault


def test_own_words_replace_the_shipped_ones_and_what_is_counted_stays(tmp_path: Path) -> None:
    folder = tmp_path / "indicators"
    folder.mkdir()
    shipped = indicator_documents(Shelf.open())["sepsis_share"]
    own = shipped | {"title": "Sepsis", "author": "A", "reviewer": "B"}
    own["review_date"] = dt.date(2026, 4, 30)
    path = folder / "sepsis_share.yaml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")
    assert indicator_documents(Shelf.open(tmp_path))["sepsis_share"]["title"] == "Sepsis"
    assert Shelf.open(tmp_path).digest() == Shelf.open().digest()
    path.write_text(yaml.safe_dump(own | {"kind": "ratio"}), encoding="utf-8")
    with pytest.raises(ReferenceGap, match="kind is 'ratio', and is counted as 'share'"):
        indicator_documents(Shelf.open(tmp_path))


def test_the_command_counts_what_it_can_and_names_the_rest(small_pct: Path, tmp_path: Path) -> None:
    csv = tmp_path / "indicators.csv"
    told = CliRunner().invoke(
        app, ["indicators", "--data", str(small_pct), "--csv", str(csv), "--provider", "XD1"]
    )
    assert told.exit_code == 0, told.output
    frame = pd.read_csv(csv)
    documents = indicator_documents(Shelf.open())
    assert set(frame["number"]) == {one["number"] for one in documents.values()}
    # Three practices have no series in which severity could be followed, and classes all the same.
    for number in ("I5", "I7", "I8", "I10", "I18", "I24"):
        assert f"Not counted: {number} " in told.output
    counted = frame[frame["not_counted"].isna()]
    assert set(counted["provider_code"]) == {"XD1"}
    assert {"I1", "I2", "I3", "I6", "I12"} <= set(counted["number"])
    assert "Small numbers are shown, here and in --csv" in told.output
    assert "questions, not findings" in told.output or "nothing to ask about" in told.output
