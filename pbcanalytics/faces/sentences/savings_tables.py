"""The savings of a budget year as tables, for a file and for machines."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pandas as pd

from pbcanalytics.budgets.savings.year_savings import YearSavings
from pbcanalytics.words import periods


def flat(found: YearSavings, names: Mapping[str, str]) -> pd.DataFrame:
    """
    Give the savings of a year as a table.

    Returns
    -------
    DataFrame, one row per group
        The fields of GroupSavings but its months; shares as numbers from 0 to 1, sums in pence,
        blank where not known.
    """
    rows = []
    for group in found.groups:
        chain, noise = group.chain, group.noise
        row: dict[str, Any] = {
            "pct_code": found.pct_code,
            "financial_year": found.financial_year,
            "n_months": found.n_months,
            "group_code": group.code,
            "group_name": names.get(group.code),
            "is_consortium": group.is_consortium,
            "n_patients": group.n_patients,
            "year_budget_pence": group.year_budget_pence,
            **{f"so_far_{k}": v for k, v in vars(group.so_far).items()},
            "historic_net_pence": group.historic_net_pence,
            "year_net_pence": group.year_net_pence,
        }
        if chain is not None:
            row |= {k: v for k, v in vars(chain).items() if k != "not_recorded"}
            row["practice_share"] = _number(chain.practice_share)
            row["not_recorded"] = " ".join(chain.not_recorded)
        if group.historic_chain is not None:
            row["historic_entitlement_pence"] = group.historic_chain.entitlement_pence
        if group.months:
            last = group.months[-1]
            row["chance_of_share"] = last.chance_of_share
            row["expected_share_pence"] = last.expected_share_pence
        row["beyond_chance_pence"] = group.beyond_chance_pence
        if noise is not None:
            row |= {f"noise_{k}": v for k, v in vars(noise).items()}
        rows.append(row)
    frame = pd.DataFrame(rows)
    whole = [c for c in frame.columns if c.endswith("_pence")]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def by_month(found: YearSavings) -> pd.DataFrame:
    """
    Give what the end of each month foresaw as a table.

    Returns
    -------
    DataFrame, one row per group and month
        `pct_code`, `financial_year`, `month` ("2018-04") and the columns of `prospects_by_group`.
        [pence, share]
    """
    start = periods.first_year(found.financial_year)
    table = found.by_month
    months = [f"{start + (n > 9)}-{(n + 2) % 12 + 1:02d}" for n in table["n_months"]]
    own = {"pct_code": found.pct_code, "financial_year": found.financial_year, "month": months}
    return table.assign(**own)[[*own, *table.columns]]


def _number(share: Fraction | None) -> float | None:
    """Give a share as a number."""
    return None if share is None else float(share)
