"""What a change of cost is made of, to the penny; classes; audits; published figures."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.creep.families import dear, families
from pbcanalytics.creep.pounds import Cell, Terms, decompose, total
from pbcanalytics.creep.preparing import efficiency, months_held
from pbcanalytics.creep.severity import auc, scored
from pbcanalytics.creep.validation import audit_of, audit_size, failing, worth_a_look


def shares(*texts: str) -> list[Fraction]:
    return [Fraction(t) for t in texts]


def worked_example() -> list[Cell]:
    """Two cells, two classes; the figures were worked out by hand before this code was written."""
    cells = []
    for n, x0, p0, x0v, p0v, x1, creep, recording, created in (
        (
            (400, 430),
            shares("0.70", "0.30"),
            (150_000, 250_000),
            shares("0.68", "0.32"),
            (149_000, 249_000),
            shares("0.61", "0.39"),
            shares("-0.04", "0.04"),
            shares("-0.01", "0.01"),
            8,
        ),
        (
            (100, 110),
            shares("0.60", "0.40"),
            (80_000, 140_000),
            shares("0.60", "0.40"),
            (80_000, 140_000),
            shares("0.57", "0.43"),
            shares("0", "0"),
            shares("0", "0"),
            0,
        ),
    ):
        before = n[0] * sum(x * p for x, p in zip(x0, p0, strict=True))
        after = n[1] * sum(x * p * Fraction("1.025") for x, p in zip(x1, p0v, strict=True))
        assert before.denominator == after.denominator == 1
        prices = [Fraction(p) for p in p0v]
        cells.append(
            Cell(*n, int(before), int(after), x0v, x1, prices, creep, recording, Fraction(created))
        )
    return cells


def test_the_worked_example_comes_out_to_the_penny() -> None:
    cells = worked_example()
    assert sum(c.pence_before for c in cells) == 82_400_000
    assert sum(c.pence_after for c in cells) == 94_789_950
    found = total(decompose(cells))
    assert found == Terms(
        version=400_000,
        volume=5_299_200,
        between_roots=-277_200,
        creep_volume=1_448_000,
        true_mix=1_058_000,
        recording=430_000,
        creep_mix=1_720_000,
        price=2_311_950,
    )
    assert found.change == 12_389_950


def test_half_a_penny_is_rounded_up_and_the_rest_is_true_mix() -> None:
    half = shares("-0.5", "0.5")
    cell = Cell(1, 1, 0, 0, shares("1", "0"), shares("1", "0"), shares("0", "3"), half, half)
    (found,) = decompose([cell])
    assert (found.creep_mix, found.recording, found.true_mix) == (2, 2, -4)


def test_creep_that_comes_from_nowhere_is_refused() -> None:
    cell = worked_example()[0]
    odd = Cell(**{**cell.__dict__, "creep": shares("0", "0.04")})
    with pytest.raises(ValueError, match="takes from others"):
        decompose([odd])


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    n_classes = draw(st.integers(2, 4))

    def mix() -> list[Fraction]:
        parts = draw(st.lists(st.integers(0, 50), min_size=n_classes, max_size=n_classes))
        return [Fraction(p, max(sum(parts), 1)) for p in parts]

    def moves() -> list[Fraction]:
        away = [Fraction(draw(st.integers(-99, 99)), 1_000) for _ in range(n_classes - 1)]
        return [*away, -sum(away, Fraction(0))]

    return Cell(
        n_before=draw(st.integers(0, 500)),
        n_after=draw(st.integers(0, 500)),
        pence_before=draw(st.integers(0, 10**9)),
        pence_after=draw(st.integers(0, 10**9)),
        shares_before=mix(),
        shares_after=mix(),
        prices=[Fraction(draw(st.integers(0, 10**6)), 7) for _ in range(n_classes)],
        creep=moves(),
        recording=moves(),
        n_created=Fraction(draw(st.integers(0, 40)), 3),
    )


@given(st.lists(cells(), min_size=1, max_size=6))
def test_every_cell_closes_to_the_penny(given: list[Cell]) -> None:
    found = decompose(given)
    for cell, terms in zip(given, found, strict=True):
        assert terms.change == cell.pence_after - cell.pence_before
    assert total(found).change == sum(c.pence_after - c.pence_before for c in given)


@given(st.lists(cells(), min_size=1, max_size=6))
def test_prices_twice_as_high_make_pounds_twice_as_high(given: list[Cell]) -> None:
    doubled = [
        Cell(
            **{
                **c.__dict__,
                "prices": [2 * p for p in c.prices],
                "pence_before": 2 * c.pence_before,
                "pence_after": 2 * c.pence_after,
            }
        )
        for c in given
    ]
    once, twice = total(decompose(given)), total(decompose(doubled))
    for name in ("creep_mix", "recording", "volume", "between_roots", "price", "version"):
        assert abs(getattr(twice, name) - 2 * getattr(once, name)) <= len(given)


def test_the_order_of_the_cells_does_not_matter() -> None:
    one, other = worked_example()
    assert decompose([other, one]) == decompose([one, other])[::-1]


TARIFF = pd.DataFrame(
    [
        ("DZ11R", "Pneumonia, without Interventions, with CC Score 14+", 550_800),
        ("DZ11S", "Pneumonia, without Interventions, with CC Score 10-13", 380_700),
        ("DZ11V", "Pneumonia, without Interventions, with CC Score 0-3", 148_600),
        ("DZ11K", "Pneumonia, with Multiple Interventions, with CC Score 14+", 786_600),
        ("DZ11L", "Pneumonia, with Multiple Interventions, with CC Score 9-13", 647_300),
        ("EB03A", "Heart Failure or Shock, with CC Score 14+", 557_600),
        ("EB03E", "Heart Failure or Shock, with CC Score 0-3", 130_600),
        ("AA01Z", "Something without classes", 90_000),
        ("D12", "Bronchitis with cc", 100_000),
        ("D13", "Bronchitis without cc", 60_000),
        ("E35", "Chest pain >69 or with complications", 100_000),
        ("E36", "Chest pain <70 without complications", 60_000),
    ],
    columns=["hrg", "name", "non_elective_pence"],
).assign(elective_pence=pd.NA)
PAIRS = pd.DataFrame({"hrg": ["E35", "E36"], "root": ["E35/E36", "E35/E36"]})


def test_only_a_diagnosis_tells_the_classes_of_a_root_apart() -> None:
    found = families(TARIFF, PAIRS).set_index("hrg")
    assert found["root"].to_dict() == {
        "DZ11R": "DZ11/RSV",
        "DZ11S": "DZ11/RSV",
        "DZ11V": "DZ11/RSV",
        "DZ11K": "DZ11/KL",
        "DZ11L": "DZ11/KL",
        "EB03A": "EB03",
        "EB03E": "EB03",
        "AA01Z": "AA01",
        "D12": "D12/D13",
        "D13": "D12/D13",
        "E35": "E35/E36",
        "E36": "E35/E36",
    }
    assert not found.loc["AA01Z", "is_split"]
    assert found["is_split"].sum() == 11


def test_the_dear_classes_are_those_nearest_to_a_third() -> None:
    volumes = pd.Series({"DZ11R": 10, "DZ11S": 20, "DZ11V": 70, "EB03A": 90, "EB03E": 10, "E35": 5})
    found = dear(families(TARIFF, PAIRS), volumes).set_index("hrg")
    assert found.index[found["is_dear"]].sort_values().tolist() == ["DZ11R", "DZ11S", "EB03A"]
    # Only one class occurs: nothing can be recorded for something else.
    assert not found.loc[["E35", "E36", "DZ11K", "DZ11L"], "is_split"].any()


def test_other_codes_for_the_same_classes_give_the_same_cut() -> None:
    renamed = TARIFF.assign(hrg=TARIFF["hrg"].str.replace("DZ11", "QQ77"))
    volumes = pd.Series({"DZ11R": 10, "DZ11S": 20, "DZ11V": 70})
    there = dear(families(TARIFF), volumes)
    here = dear(families(renamed), volumes.rename(lambda c: c.replace("DZ11", "QQ77")))
    assert sorted(there["is_dear"]) == sorted(here["is_dear"])


def spells(n: int, seed: int = 0) -> pd.DataFrame:
    """Spells of one root whose dear patients stay longer."""
    rng = np.random.default_rng(seed)
    is_dear = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "root": "DZ11",
            "hrg": np.where(is_dear, "DZ11A", "DZ11B"),
            "provider_code": np.where(rng.random(n) < 0.5, "XD1", "XT1"),
            "is_split": True,
            "is_dear": is_dear,
            "age_years": rng.integers(40, 95, n),
            "sex": "1",
            "los_days": rng.poisson(np.where(is_dear, 9, 4)),
            "admission_method": "21",
            "admission_source": "19",
            "discharge_destination": "19",
            "critical_care_days": 0,
        }
    )


def test_the_score_tells_long_stays_and_not_what_was_coded() -> None:
    frame = spells(4_000)
    early = np.arange(4_000) < 2_000
    found = scored(frame, early)
    assert found.q[early].var() == pytest.approx(1, abs=0.05)
    assert found.auc["DZ11"] > 0.85
    # What is coded later changes no score.
    recoded = frame.assign(is_dear=frame["is_dear"] | ~early)
    assert np.abs(scored(recoded, early).q - found.q).max() == 0


def test_the_area_under_the_curve_counts_pairs() -> None:
    q, is_dear = np.array([3.0, 1.0, 2.0, 2.0]), np.array([True, False, True, False])
    pairs = [(a > b) + 0.5 * (a == b) for a in q[is_dear] for b in q[~is_dear]]
    assert auc(q, is_dear) == pytest.approx(np.mean(pairs))
    assert math.isnan(auc(q, np.zeros(4, dtype=bool)))


def test_shorter_stays_where_nobody_gains_are_efficiency() -> None:
    n = 6_000
    frame = spells(n, 1).assign(is_split=False, provider_code="XD1")
    month = np.arange(n) % 60
    rng = np.random.default_rng(2)
    frame["q"] = rng.normal(size=n) - 0.8 * (month >= 30)
    found = efficiency(frame, month, 60)
    # The baseline shows no such spread, so a single month is believed only in part.
    assert found[month >= 30].mean() < found[month < 30].mean() <= 0.05


def test_a_spell_of_another_century_does_not_make_a_history() -> None:
    usual = pd.date_range("2014-04-01", "2019-03-01", freq="MS").repeat(40)
    strays = pd.to_datetime(["1900-01-01", "2099-12-01", "2014-03-01"])
    found = months_held(pd.Series(usual.append(strays)))
    assert (len(found), str(found[0].date()), str(found[-1].date())) == (
        60,
        "2014-04-01",
        "2019-03-01",
    )


def test_an_audit_of_sixty_notes_is_as_published() -> None:
    expected = failing(0.30, 0.05)
    assert expected == pytest.approx(0.05 / 0.35 + 0.08)
    found = audit_of(60, 0.22)
    assert (found.n_failures, round(found.level, 3), round(found.power, 2)) == (9, 0.048, 0.93)
    enough = audit_size(0.30, 0.05)
    assert enough is not None
    assert enough.n_notes <= 60
    assert enough.power >= 0.90 > audit_of(enough.n_notes - 8, enough.expected_share).power
    assert audit_size(0.30, 0.0001) is None


def test_the_least_ill_of_the_dear_come_first() -> None:
    frame = pd.DataFrame(
        {"spell_id": list("abcd"), "is_dear": [True, True, False, True], "q": [0.5, -1, -9, 0.1]}
    )
    assert worth_a_look(frame, 2)["spell_id"].tolist() == ["b", "d"]


def test_the_arithmetic_of_published_reports() -> None:
    # RAND (Carter): half of a rise of 3.3% was true. Crespin 2024: 41% observed, 13% expected.
    assert pytest.approx(1.65) == 3.3 * 0.5
    assert pytest.approx(0.683, abs=0.0005) == (41 - 13) / 41
    # Zero-length stays: 64k admissions at 45% to 331k at 68%, split into volume and share.
    before, after = (64.0, 0.45), (331.0, 0.68)
    volume = (after[0] - before[0]) * before[1]
    share = after[0] * (after[1] - before[1])
    assert (volume, share) == pytest.approx((120.2, 76.1), abs=0.06)
    assert (volume + share) / (after[0] - before[0]) == pytest.approx(0.735, abs=0.0005)
    # Bolton: 800 septicaemia codes where 200 were expected.
    assert (800 - 200) / math.sqrt(200) == pytest.approx(42.4, abs=0.05)
