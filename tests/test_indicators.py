"""Indicators of coding: each against a slow count, a planted shift, documents with faults."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from scipy.stats import beta
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.costing.chain import model
from pbcanalytics.creep.indicators import AS_BEFORE, ASK, MORE, NO_YEAR, compared
from pbcanalytics.demand.comparing.limits import wilson_limits
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.indicators import FIELDS, indicator_documents
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ReferenceGap
from tests.drawn import priced, put
from tests.oracle_indicators import Counts, Rows, slow_counts

FIRST_DAY, LAST_DAY = dt.date(2017, 4, 1), dt.date(2019, 3, 31)
PROVIDERS = ("XD1", "XD1S2", "XT1")
HRGS = ("DZ12C", "DZ12F", "EB10B", "EB10D", "DZ11K")
DIAGNOSES = ("A419", "J189", "N390", "N39.0", "E119", "I10X", "G811", "J440", "N189")
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


BY_MODEL = [
    name for name, one in indicator_documents(Shelf.open()).items() if one["counted_by"] == "model"
]


@pytest.mark.parametrize("name", BY_MODEL)
def test_the_model_counts_what_a_slow_count_finds(name: str, world: tuple[Counts, Counts]) -> None:
    by_model, slowly = ({k[1:]: v for k, v in counts.items() if k[0] == name} for counts in world)
    assert by_model == slowly
    assert len(slowly) > 3
    assert any(upper for upper, _ in slowly.values())


def months_of(
    name: str, provider: str, before: tuple[int, int], now: tuple[int, int], square: float = 0.0
) -> Rows:
    """A provider's two years, every month alike."""
    return [
        {
            "indicator": name,
            "provider_code": provider,
            "month": month,
            "n_upper": float(x),
            "n_lower": float(n),
            "n_square": square,
        }
        for (x, n), first in ((before, "2017-04"), (now, "2018-04"))
        for month in pd.date_range(first, periods=12, freq="MS")
    ]


def answers(rows: Rows) -> dict[str, pd.Series]:
    found = compared(
        pd.DataFrame(rows),
        indicator_documents(Shelf.open()),
        pd.Timestamp("2019-03-01"),
        wilson_limits,
    )
    return {str(row["provider_code"]): row for _, row in found.iterrows()}


def test_a_planted_shift_is_asked_about_and_only_where_it_was_planted() -> None:
    name = "sepsis_share"
    found = answers(
        months_of(name, "A", (20, 100), (30, 100)) + months_of(name, "B", (20, 100), (21, 100))
    )
    assert (found["A"]["answer"], found["B"]["answer"]) == (ASK, AS_BEFORE)
    assert found["A"]["change"] == pytest.approx(0.10)
    assert (found["A"]["place"], found["B"]["place"], found["A"]["n_providers"]) == (1, 2, 2)
    falls = answers(months_of("severe_outcomes", "A", (30, 100), (20, 100)))
    assert falls["A"]["answer"] == ASK


def test_more_of_one_and_not_less_of_the_other_is_more_activity() -> None:
    name = "elective_ordinary_share"
    found = answers(
        months_of(name, "moved", (20, 100), (40, 100))
        + months_of(name, "added", (20, 100), (40, 120))
    )
    assert (found["moved"]["answer"], found["added"]["answer"]) == (ASK, MORE)
    assert (found["moved"]["n_gained"], found["moved"]["n_lost"]) == (240, 240)
    assert (found["added"]["n_gained"], found["added"]["n_lost"]) == (240, 0)


def test_a_year_that_is_not_held_is_no_year_without_any() -> None:
    found = answers(months_of("sepsis_share", "A", (20, 100), (30, 100))[12:])
    assert found["A"]["answer"] == NO_YEAR
    assert pd.isna(found["A"]["change"])


def test_limits_of_a_ratio_hold_the_exact_ones_of_two_counts() -> None:
    found = answers(months_of("zero_day_rate", "A", (5, 50), (5, 50)))["A"]
    low, high = beta.ppf(0.025, 60, 601), beta.ppf(0.975, 61, 600)
    assert found["value"] == pytest.approx(0.1)
    assert found["low"] == pytest.approx(low / (1 - low), rel=0.03)
    assert found["high"] == pytest.approx(high / (1 - high), rel=0.03)


def test_limits_of_a_mean_are_those_of_its_values() -> None:
    # In each month 50 stays of 1 and 50 of 3 diagnoses: the mean is 2, its deviation 1.
    found = answers(months_of("coding_depth", "A", (200, 100), (200, 100), square=500.0))["A"]
    assert (found["low"], found["high"]) == pytest.approx(
        (2 - 1.96 / 1200**0.5, 2 + 1.96 / 1200**0.5), abs=1e-4
    )


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
    for number in ("I5", "I10", "I18", "I24"):
        assert f"Not counted: {number} " in told.output
    assert set(frame.loc[frame["not_counted"].isna(), "provider_code"]) == {"XD1"}
    assert "questions, not findings" in told.output or "nothing to ask about" in told.output
