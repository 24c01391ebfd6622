"""A step of an opened budget in words: its formula with the numbers in, and the rows behind it."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences.drill import LINES, NAMES, POOLS, pounds, records, walk_machine
from pbcanalytics.faces.sentences.opened_budget import Drilled

N_SHOWN: Final = 20
"""Rows that a terminal shows; a file has all."""

ABOUT_PEOPLE: Final = (
    "These rows are about people. They are for the PCT's analysts: do not pass them on or publish "
    "them. The patients' pseudonyms are not among them."
)

_ROUNDED: Final = (
    "Amounts are carried exactly and rounded at each step so that all sums hold; a product of what "
    "is shown may be a penny or two off."
)

PERSONAL: Final = ("activity", "list_change")
"""The steps whose rows are about people, one by one or a few at a time."""

_ABOUT: Final = ("pct_code", "financial_year", "base_year", "price_year", "version")


def step_title(drilled: Drilled) -> str:
    """Say what a step does to the lines that were asked for."""
    opened = drilled.opened
    whose = opened.practice_code or f"all practices of {opened.budget.pct_code}"
    line = "" if opened.line is None else f", {LINES[opened.line].lower()}"
    pence = int(drilled.lines["step_pence"].sum())
    year = opened.budget.baseline.financial_year
    return f"{NAMES[f'{drilled.step}_pence']}, {whose}{line}, {year}: {wording.exact(pence)}."


def formulas(drilled: Drilled) -> list[str]:
    """
    Write the formula of a step with its numbers in, a sentence a line.

    Returns
    -------
    list of str
        First what holds for all lines, then the lines that the step moves.
    """
    step = drilled.step
    if step == "activity":
        return _activity(drilled)
    said = {
        "uplift": _uplift,
        "affordability": _affordability,
        "fair_share": _fair_share,
        "list_change": _lists,
    }.get(step, lambda _: [])(drilled.facts)
    moved = drilled.lines[drilled.lines["step_pence"] != 0].to_dict("records")
    moved.sort(key=lambda row: (row["practice_code"], list(LINES).index(row["pod"])))
    if not moved:
        return [*said, "It moves nothing on these lines."]
    lists = {one["practice_code"]: one for one in drilled.facts.get("practices", ())}
    for row in moved:
        times = _times(step, row["factor"], lists.get(row["practice_code"], {}))
        before, after = wording.exact(row["before_pence"]), wording.exact(row["after_pence"])
        change = int(row["step_pence"])
        by = f" {'−' if change < 0 else '+'} {wording.exact(abs(change))}"
        tail = f" ({wording.exact(change)})" if times else ""
        said.append(f"{_place(row, drilled)}: {before}{times or by} = {after}{tail}.")
    return [*said, _ROUNDED] if moved[0]["factor"] is not None else said


def shown(drilled: Drilled, most: int = N_SHOWN) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """
    Give the first of the rows behind a step, as a terminal shows them.

    Returns
    -------
    tuple of str
        Headings: the columns that hold anything.
    list of tuple of str
    """
    rows = drilled.rows.head(most)
    held = [c for c in rows.columns if rows[c].notna().any()]
    heads = tuple(c.removesuffix("_pence").removesuffix("_code").replace("_", " ") for c in held)
    heads = tuple("£" if h == "pence" else h for h in heads)
    return heads, [
        tuple(_cell(c, value) for c, value in zip(held, values, strict=True))
        for values in rows[held].astype(object).to_numpy().tolist()
    ]


def accounts(drilled: Drilled) -> list[str]:
    """Say how many rows there are, what they sum to, and whether the budget was set from them."""
    n = len(drilled.rows)
    few = f", the first {N_SHOWN} of them above; --csv FILE writes all" if n > N_SHOWN else ""
    said = [f"{n:,} row{'' if n == 1 else 's'} behind it{few}."] if n else ["No row is behind it."]
    if "pence" in drilled.rows and n:
        pence = int(drilled.rows["pence"].sum())
        is_step = pence == int(drilled.lines["step_pence"].sum())
        same = ", to the penny what the step says" if is_step else ""
        said.append(f"They sum to {wording.exact(pence)}{same}.")
    said += _since(drilled)
    return [*said, ABOUT_PEOPLE] if drilled.step in PERSONAL else said


def table(drilled: Drilled) -> pd.DataFrame:
    """Give all rows behind a step as a file has them; shares as decimals."""
    rows = drilled.rows
    if "share" not in rows:
        return rows
    shares = [None if pd.isna(share) else float(share) for share in rows["share"]]
    return rows.assign(share=pd.Series(shares, index=rows.index, dtype="Float64"))


def machine(drilled: Drilled) -> dict[str, Any]:
    """Give a drilled step as JSON takes it; fractions as text."""
    opened = drilled.opened
    about = {k: v for k, v in walk_machine(opened).items() if k in _ABOUT}
    return {
        **about,
        "step": drilled.step,
        "facts": json.loads(json.dumps(drilled.facts, default=str)),
        "lines": records(drilled.lines),
        "drift_pence": drilled.drift_pence,
        "differences": None if drilled.differences is None else records(drilled.differences),
        "notice": ABOUT_PEOPLE if drilled.step in PERSONAL else None,
        "rows": records(drilled.rows),
    }


def _activity(drilled: Drilled) -> list[str]:
    """Say of each line how many spells or attendances it sums."""
    facts, rows = drilled.facts, drilled.rows
    said = [
        f"{facts['n_activity']:,} spells and attendances of {facts['base_year']} at "
        f"{facts['price_year']} prices."
    ]
    if facts["n_unpriced"]:
        said.append(
            f"Without a price, and so counting for nothing: {facts['n_unpriced']:,}; the column "
            "unpriced_reason says why."
        )
    for code in sorted(set(rows["budget_practice_code"])):
        for pod in LINES:
            own = rows[(rows["budget_practice_code"] == code) & (rows["line"] == pod)]
            if len(own):
                place = _place({"practice_code": code, "pod": pod}, drilled)
                said.append(
                    f"{place}: {int(own['n_activity'].sum()):,} in {len(own):,} rows, "
                    f"{wording.exact(int(own['pence'].sum()))}."
                )
    return said


def _lists(facts: Mapping[str, Any]) -> list[str]:
    """Say where the lists that are loaded now are not those of the budget."""
    return [
        f"{one['practice_code']}: the budget rests on {one[name]:,} patients, and the rows that "
        f"are loaded now make {one[f'{name}_now'] or 0:,}."
        for one in facts["practices"]
        for name in ("list_base", "list_budget")
        if one[name] != one[f"{name}_now"]
    ]


def _uplift(facts: Mapping[str, Any]) -> list[str]:
    """Say at which prices the activity is."""
    base, prices = facts["base_year"], facts["price_year"]
    if facts["uplift_share"]:
        return [f"The activity of {base} is at {prices} prices, so the plan's uplift is added."]
    return [f"The activity of {base} is at {prices} prices, and no uplift is added."]


def _affordability(facts: Mapping[str, Any]) -> list[str]:
    """Say what there is, what all practices need, and the ratio."""
    less = "".join(
        f" − {wording.exact(facts[f'{pool}_pence'])} {pool.replace('_', ' ')}"
        for pool in POOLS
        if facts[f"{pool}_pence"]
    )
    there, needed = facts["available_pence"], facts["needed_pence"]
    if needed is None:
        return []
    return [
        f"{wording.exact(facts['resource_pence'])} resource{less} = {wording.exact(there)} to "
        f"budget; all practices need {wording.exact(needed)}, so each need counts "
        f"{float(Fraction(there, needed)):.6f}."
    ]


def _fair_share(facts: Mapping[str, Any]) -> list[str]:
    """Say band, pace and pot, and where each practice stood."""
    pace = facts["pace_share"]
    if pace is None:
        return ["The plan has no pace of change, so nobody moves towards a fair share."]
    said = [
        f"Inside {_percent(facts['band_share'])} of its fair share nobody moves; beyond it a "
        f"practice gives at most {_percent(pace)}. {wording.exact(facts['pot_pence'])} moves "
        "between practices."
    ]
    for one in facts["practices"]:
        if one["whole_pence"] is None:
            said.append(f"{one['practice_code']} has no weighted list and keeps its budget.")
            continue
        distance, move = one["distance_share"], one["whole_move_pence"]
        side = "above" if distance > 0 else "below"
        does = "does not move" if not move else "gains " if move > 0 else "gives "
        said.append(
            f"{one['practice_code']}: {wording.exact(one['whole_pence'])} with what others hold, "
            f"{_percent(abs(distance))} {side} its fair share of "
            f"{wording.exact(one['target_pence'])}, which is {one['weighted_list']:,.2f} of "
            f"{facts['weighted_lists']:,.2f} weighted patients; it {does}"
            f"{wording.exact(abs(move)) if move else ''}."
        )
    return said


def _times(step: str, factor: Fraction | None, lists: Mapping[str, Any]) -> str:
    """Write what a line is multiplied by; nothing where it is not."""
    if factor is None:
        return ""
    if step == "list_change":
        return f" × {lists['list_budget']:,} / {lists['list_base']:,} patients"
    if step == "affordability":
        return f" × {float(factor):.6f}"
    share = factor - 1
    return f" × (1 {'−' if share < 0 else '+'} {_percent(abs(share))})"


def _since(drilled: Drilled) -> list[str]:
    """Say of an agreed budget whether what is loaded now would give the same step."""
    agreed, off = drilled.opened.agreed, drilled.differences
    if agreed is None:
        return []
    which = f"Version {agreed.version}, agreed on {agreed.agreed_on.isoformat()},"
    if off is None:
        return [
            f"{which} cannot be set from what is loaded now, so it is not known whether the rows "
            "are those it was set from."
        ]
    if off.empty:
        return [f"{which} says the same as what is loaded now."]
    drift = drilled.drift_pence or 0
    lines = [
        f"{_place(row, drilled, with_practice=True)} {wording.exact(row['then_pence'])} then, "
        f"{wording.exact(row['now_pence'])} now"
        for row in off.head(4).to_dict("records")
    ]
    more = "; …" if len(off) > len(lines) else ""
    return [
        f"{which} was set from other data than is loaded now. The rows are of now, by which the "
        f"step would differ by {wording.exact(drift)}: {'; '.join(lines)}{more}."
    ]


def _place(row: Mapping[Any, Any], drilled: Drilled, *, with_practice: bool = False) -> str:
    """Name a line, and its practice where there are several."""
    name = LINES[row["pod"]]
    if drilled.opened.practice_code is not None and not with_practice:
        return name
    return f"{row['practice_code']} {name.lower()}"


def _percent(share: Fraction) -> str:
    return f"{float(share) * 100:.4g}%"


def _cell(column: str, value: Any) -> str:
    """Write a value of a row."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if column.endswith("pence"):
        return pounds(int(value))
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m}" if column == "month" else f"{value:%Y-%m-%d}"
    if isinstance(value, Fraction):
        return _percent(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
