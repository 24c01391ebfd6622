"""Weighted lists of a PCT's practices: as they were loaded, or weighted here by age and need."""

from collections import defaultdict
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.shares.age_weights import weigh
from pbcanalytics.budgets.shares.chance import shrunk
from pbcanalytics.budgets.shares.fair_shares import with_factors
from pbcanalytics.pipeline.budgets.weight_sets import chosen_weights, factors_of, share_rules
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

GIVEN: Final = "given"
BY_AGE: Final = "age"
WEIGHTS: Final = (GIVEN, BY_AGE)
"""Weighted lists as they were loaded; or lists weighted here by age, sex, need and local costs."""

SERVICES: Final = {
    "all": "weighted_list",
    "general_acute": "general_acute_weighted_list",
    "community": "community_weighted_list",
    "mental_health": "mental_health_weighted_list",
    "maternity": "maternity_weighted_list",
    "inequalities": "inequalities_weighted_list",
    "prescribing": "prescribing_weighted_list",
    "primary_care": "primary_care_weighted_list",
}
"""Which of the weighted lists that were loaded counts, by service."""


def given(
    warehouse: Warehouse, year: str, service: str, answers: dict[str, str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """
    Take the weighted lists that were loaded, those of merged practices added up.

    Parameters
    ----------
    warehouse : Warehouse
    year, service : str
        Financial year, and one of SERVICES.
    answers : dict of str to str
        Which practice answers for which, of one PCT.

    Returns
    -------
    DataFrame, one row per practice of the PCT
        `practice_code`, `n_patients`, `weight` (Fractions or None), `reason`. [patients]
    dict
        `weights`, `service`, `files`.

    Raises
    ------
    SelectionError
        If none of the year is loaded.
    """
    rows = warehouse.frame(
        f"SELECT practice_code, {SERVICES[service]} AS weight, population, file "
        "FROM weighted_lists LEFT JOIN loads USING (load_id) WHERE financial_year = ? "
        "ORDER BY practice_code",
        [year],
    )
    rows["practice_code"] = rows["practice_code"].map(answers)
    rows = rows.dropna(subset=["practice_code"])
    if rows.empty:
        held = warehouse.rows("SELECT DISTINCT financial_year FROM weighted_lists ORDER BY 1")
        raise SelectionError(
            f"No weighted lists of {year} are loaded for these practices (held: "
            f"{', '.join(str(y) for (y,) in held) or 'none'}), so there are no fair shares. Load "
            "them with 'pbc load', or weigh the lists by age with --weights age."
        )
    if rows["weight"].isna().all():
        raise SelectionError(
            f"The weighted lists of {year} that are loaded hold none for the service '{service}', "
            "so there are no fair shares by it. Choose --service all, or load a file that has it."
        )
    counted = _listed(warehouse, year, answers)
    weight: dict[str, list[Any]] = defaultdict(list)
    people: dict[str, list[Any]] = defaultdict(list)
    for code, own, population in zip(
        rows["practice_code"], rows["weight"], rows["population"], strict=True
    ):
        weight[code].append(own)
        people[code].append(population)
    codes = sorted({*answers.values()})
    frame = pd.DataFrame(
        [(c, _sum(people[c]) or counted.get(c), _sum(weight[c]), None) for c in codes],
        columns=["practice_code", "n_patients", "weight", "reason"],
        dtype=object,
    )
    files = sorted({str(f) for f in rows["file"].dropna()})
    return frame, {"weights": GIVEN, "service": service, "files": files}


def _sum(values: list[Any]) -> Fraction | None:
    """Add up numbers as they were written; unknown if one is, or if there is none."""
    if not values or any(pd.isna(v) for v in values):
        return None
    return sum((Fraction(repr(float(v))) for v in values), Fraction(0))


def _listed(warehouse: Warehouse, year: str, answers: dict[str, str]) -> dict[str, Fraction]:
    if not warehouse.has("build"):
        return {}
    rows = warehouse.frame(
        "SELECT practice_code, n_patients FROM practice_lists WHERE count_date = ?",
        [periods.start(year)],
    )
    found = regrouped(rows, answers, ["practice_code"])
    return {
        str(c): Fraction(int(n))
        for c, n in zip(found["practice_code"], found["n_patients"], strict=True)
    }


def by_age(
    warehouse: Warehouse, held: Shelf, year: str, answers: dict[str, str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """
    Weigh the lists of 1 April by age, sex, need and market forces factor.

    Returns
    -------
    DataFrame, one row per practice of the PCT
        As `given`, with `age_index`, `need_ratio`, `mff_ratio`. [ratios]
    dict
        `weights`, `service`, `files` and what the weights and factors are.

    Raises
    ------
    ReferenceGap
        If a weight set or the factors are missing or wrong.
    """
    lists = warehouse.frame(
        "SELECT practice_code, sex, age, n_patients FROM list_sizes WHERE count_date = ? "
        "ORDER BY ALL",
        [periods.start(year)],
    )
    by = ["practice_code", "sex", "age"]
    chosen = chosen_weights(held, year)
    weighed = weigh(regrouped(lists, answers, by), chosen)
    codes = pd.DataFrame({"practice_code": sorted({*answers.values()})})
    weighed = codes.merge(weighed, on="practice_code", how="left", validate="one_to_one")
    weighed = weighed.astype(object).where(weighed.notna(), None)
    factors, said = factors_of(held, year)
    if said["need_spread_share"] is not None:
        factors = _drawn_in(factors, weighed, said["need_spread_share"], held)
    basis = {"weights": BY_AGE, "service": "all", "files": [], "dated": chosen.dated,
             "status": chosen.status, "source": chosen.source, "note": chosen.note}  # fmt: skip
    return with_factors(weighed, factors), basis | said


def _drawn_in(
    factors: pd.DataFrame, weighed: pd.DataFrame, spread_share: Fraction, held: Shelf
) -> pd.DataFrame:
    """Draw need that practices' own records gave towards the mean, as far as chance made it."""
    k_ratio = share_rules(held)["person_cost_variation_ratio"]["value"]
    listed = dict(zip(weighed["practice_code"], weighed["n_patients"], strict=True))
    known = [
        (c, need, listed[c])
        for c, need in zip(factors["practice_code"], factors["need_ratio"], strict=True)
        if need is not None and listed.get(c)
    ]
    if not known:
        return factors
    codes, needs, people = zip(*known, strict=True)
    drawn = dict(zip(codes, shrunk(needs, people, spread_share, k_ratio), strict=True))
    return factors.assign(
        need_ratio=pd.Series([drawn.get(c) for c in factors["practice_code"]], dtype=object)
    )
