"""A year of an indicator beside the year before: what is asked about, and what chance explains."""

import random
from math import hypot
from statistics import stdev, variance

import pandas as pd
import pytest
from scipy.stats import beta

from pbcanalytics.creep.indicator_years import AS_BEFORE, ASK, MORE, NO_YEAR, compared
from pbcanalytics.demand.comparing.limits import wilson_limits
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.indicators import indicator_documents
from tests.oracle_indicators import Rows

DOCUMENTS = indicator_documents(Shelf.open())


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
    last_month = pd.Timestamp("2019-03-01")
    found = compared(pd.DataFrame(rows), DOCUMENTS, last_month, wilson_limits)
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


def drawn_years(
    chance: random.Random, provider: str, n: int, level: tuple[float, float], spread: float
) -> Rows:
    """Two years of a share at some level each, whose months differ by more than chance."""
    rows = []
    for share, first in zip(level, ("2017-04", "2018-04"), strict=True):
        for month in pd.date_range(first, periods=12, freq="MS"):
            of_month = min(max(chance.gauss(share, spread), 0.01), 0.99)
            upper = float(sum(chance.random() < of_month for _ in range(n)))
            rows.append(
                {
                    **{"indicator": "sepsis_share", "provider_code": provider, "month": month},
                    **{"n_upper": upper, "n_lower": float(n), "n_square": 0.0},
                }
            )
    return rows


def by_chance_alone(row: pd.Series) -> bool:
    """Whether limits by chance alone leave out nought, whatever months and others differ by."""
    down = hypot(row["value"] - row["low"], row["high_before"] - row["value_before"])
    up = hypot(row["high"] - row["value"], row["value_before"] - row["low_before"])
    return bool(row["change"] > down or -row["change"] > up)


def test_months_that_differ_beyond_chance_are_no_question_and_a_true_shift_is() -> None:
    chance, naive, asked, n_drawn = random.Random(3), 0, 0, 40
    for _ in range(n_drawn):
        found = answers(
            drawn_years(chance, "quiet", 150, (0.3, 0.3), 0.09)
            + drawn_years(chance, "other", 150, (0.3, 0.3), 0.09)
        )
        naive += sum(map(by_chance_alone, found.values()))
        asked += sum(row["answer"] == ASK for row in found.values())
    assert naive > 0.2 * 2 * n_drawn
    assert asked <= 0.06 * 2 * n_drawn
    found = answers(
        drawn_years(chance, "risen", 150, (0.2, 0.4), 0.09)
        + drawn_years(chance, "quiet", 150, (0.3, 0.3), 0.09)
    )
    assert (found["risen"]["answer"], found["quiet"]["answer"]) == (ASK, AS_BEFORE)


def test_dispersion_is_of_months_less_the_same_months_before_and_no_season_counts() -> None:
    rows = months_of("sepsis_share", "A", (20, 100), (20, 100))
    for at in (3, 15):
        rows[at]["n_upper"] += 30.0
    assert answers(rows)["A"]["dispersion"] == 1
    for at, more in ((13, 40), (14, -20), (20, 10), (22, -20), (23, 40)):
        rows[at]["n_upper"] += more
    before, now = ([row["n_upper"] / 100 for row in year] for year in (rows[:12], rows[12:]))
    moved = [a - b for a, b in zip(now, before, strict=True)]
    shares = [sum(year) / 12 for year in (before, now)]
    by_chance = sum(p * (1 - p) / 100 for p in shares)
    # No provider stands beside it, so that it is drawn to itself.
    assert answers(rows)["A"]["dispersion"] == pytest.approx(variance(moved) / by_chance, rel=1e-12)
    assert variance(moved) > 2 * by_chance


def by_chance(chance: random.Random, kind: str) -> tuple[float, float, float]:
    """A month of a kind in which nothing but chance is at work."""
    if kind == "share":
        return sum(chance.random() < 0.3 for _ in range(100)), 100, 0
    if kind == "ratio":
        return round(chance.gauss(80, 80**0.5)), round(chance.gauss(400, 20)), 0
    if kind == "net":
        return sum(1 if chance.random() < 0.7 else -1 for _ in range(100)), 100, 0
    values = [chance.gauss(2, 1) for _ in range(50)]
    if kind == "mean":
        return sum(values), 50, sum(value**2 for value in values)
    return sum(values), 50, 50


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("share", "sepsis_share"), ("ratio", "zero_day_rate"), ("net", "trim_point_bunching")),
        *(("mean", "coding_depth"), ("index", "excess_tariff_index")),
    ],
)
def test_what_is_counted_four_times_over_is_four_times_as_dispersed(kind: str, name: str) -> None:
    assert DOCUMENTS[name]["kind"] == kind
    chance = random.Random(25)
    rows = [
        {
            **{"indicator": name, "provider_code": f"P{n}", "month": month},
            **dict(
                zip(
                    ("n_upper", "n_lower", "n_square"),
                    (4.0 * x for x in by_chance(chance, kind)),
                    strict=True,
                )
            ),
        }
        for n in range(80)
        for month in pd.date_range("2017-04", periods=24, freq="MS")
    ]
    found = [row["dispersion"] for row in answers(rows).values()]
    assert sum(found) / len(found) == pytest.approx(4, rel=0.15)


def test_what_other_providers_move_by_anyway_is_no_question() -> None:
    name, changes = "sepsis_share", {"A": -60, "B": 50, "C": -40, "D": 60, "E": -50, "F": 45}
    rows = [
        row
        for code, more in changes.items()
        for row in months_of(name, code, (300, 1000), (300 + more, 1000))
    ]
    found = answers(rows)
    assert {row["answer"] for row in found.values()} == {AS_BEFORE}
    assert all(map(by_chance_alone, found.values()))
    assert found["A"]["spread"] == pytest.approx(0.05, abs=0.01)
    found = answers(rows + months_of(name, "planted", (300, 1000), (500, 1000)))
    assert {code for code, row in found.items() if row["answer"] == ASK} == {"planted"}
    # Its own change makes the others' no wider.
    assert found["planted"]["spread"] == pytest.approx(stdev(changes.values()) / 1000, rel=0.02)


def test_of_many_comparisons_chance_makes_no_question_and_planted_ones_stand() -> None:
    chance, names = random.Random(11), [f"P{n}" for n in range(200)]
    quiet = {code: drawn_years(chance, code, 60, (0.3, 0.3), 0.0) for code in names}
    found = answers([row for rows in quiet.values() for row in rows]).values()
    assert any(row["change_low"] > 0 for row in found)
    assert ASK not in {row["answer"] for row in found}
    planted = {code: drawn_years(chance, code, 60, (0.3, 0.5), 0.0) for code in names[:10]}
    found = answers([row for rows in (quiet | planted).values() for row in rows]).values()
    asked = {row["provider_code"] for row in found if row["answer"] == ASK}
    assert len(asked & set(planted)) >= 9
    assert len(asked - set(planted)) <= 1


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
