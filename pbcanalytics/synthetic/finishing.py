"""Finishing the demo PCT: its registers, and the answer key as a whole."""

import importlib.metadata
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import agreements, answers, facts, places, planting, registers
from pbcanalytics.synthetic.gathering import Run
from pbcanalytics.synthetic.landing import Landing
from pbcanalytics.words import periods

SCHEMA: Final = 1
"""Version of the answer key's layout."""

_MALFORMED_FIELDS: Final = 9


def finish(run: Run, landing: Landing) -> dict[str, Any]:
    """Write the registers and lay out the answer key."""
    lists, codes = run.tally.lists, run.practices.code
    each = [registers.list_rows(held, codes, year, run.era) for year, held in lists.items()]
    landing.write_table("list_sizes.csv", pd.concat(each, ignore_index=True))
    weighted = [registers.weighted_rows(lists[y], run.practices, y) for y in run.years]
    landing.write_table("weighted_lists.csv", pd.concat(weighted, ignore_index=True))
    plan, closed = run.plan, f"{run.years[-1]}-03-31"
    rows = places.practice_rows(run.practices, plan.closing, plan.successor, closed)
    landing.write_table("practices.csv", rows)
    landing.write_table("providers.csv", places.provider_rows())
    landing.write_table("pcts.csv", registers.pct_rows())
    landing.write_table("consortia.csv", registers.consortium_rows())
    middle = max(run.years[len(run.years) // 2], run.era.first_agreement)
    landing.write_table("memberships.csv", registers.membership_rows(run.practices, middle))
    _agree(run, landing)
    broken = _break(run, landing) if plan.mistakes else []
    older = {f"{y}-04-01": round(_older(held), 5) for y, held in lists.items()}
    found = {
        "ageing": {"since": f"{run.first_year}-04-01", "shares": older},
        "luck": {
            "financial_year": periods.starting(run.years[-1]),
            "n_draws": planting.UNLUCKY_DRAWS,
            **run.luck,
        },
        "merger": {"since": closed, "n_people": _moved(run)},
        "late": run.missing,
    }
    planted = answers.planted(
        plan, run.practices, run.drawn.table, run.changed_spells(), run.grown, found
    )
    return {
        "schema": SCHEMA,
        "version": _version(),
        "seed": run.seed,
        "parameters": {
            "n_practices": len(run.practices),
            "years": [periods.starting(y) for y in run.years],
            "quiet": plan == planting.nothing(),
            **({"era": run.era.name} if run.era.is_older else {}),
        },
        "pct": {"code": places.PCT, "name": places.PCT_NAME, "consortium": places.CONSORTIUM},
        "facts": {
            periods.starting(y): facts.summary(run.tally, y, run.era.price_year) for y in run.years
        },
        "lists": {f"{y}-04-01": int(held.sum()) for y, held in lists.items()},
        "files": dict(sorted(landing.rows.items())),
        "planted": [*planted, *answers.mistakes(run.errors), *broken],
    }


def _agree(run: Run, landing: Landing) -> None:
    """Write the plan, and what was agreed beside it, but for the older era and a quiet PCT."""
    planned = registers.plan_rows(run.tally.costs, _bases(run))
    years = list(run.tally.costs)
    if run.era.is_older or run.plan == planting.nothing() or not years:
        landing.write_table("plan.csv", planned)
        return
    landing.write_table("plan.csv", pd.concat([planned, agreements.plan_rows(years)]))
    open_codes = [c for i, c in enumerate(run.practices.code) if i != run.plan.closing]
    landing.write_table("budget_adjustments.csv", agreements.adjustment_rows(open_codes, years[-1]))
    scope = agreements.scope_rows(open_codes, years[-1])
    if len(scope):
        landing.write_table("budget_scope.csv", scope)


def _bases(run: Run) -> dict[str, str]:
    years = run.era.budgets(run.years).items()
    return {periods.starting(year): periods.starting(base) for year, base in years}


def _break(run: Run, landing: Landing) -> list[dict[str, Any]]:
    name = f"op_{periods.in_file_name(periods.starting(run.years[-1]))}.csv"
    line = landing.break_a_row(name, _MALFORMED_FIELDS)
    where = {"dataset": "op", "file": name, "line": line}
    return [{"item": "data error", "kind": "malformed row", "where": where, "n_affected": 1}]


def _older(lists: NDArray[np.int64]) -> float:
    return float(lists[:, :, 65:].sum() / lists.sum())


def _moved(run: Run) -> int:
    if run.plan.closing is None:
        return 0
    return int(run.practices.size[run.plan.closing])


def _version() -> str:
    try:
        return importlib.metadata.version("pbcanalytics")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
