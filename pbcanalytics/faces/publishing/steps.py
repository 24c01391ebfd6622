"""What is published of prices step by step: sums of practices, consortia and PCTs.

A practice's lines are withheld as in its budget, so that no table gives another's away; sums of
several practices are told where nothing that is withheld follows from them (decision 5).
"""

from collections.abc import Collection

import pandas as pd

from pbcanalytics.faces.withholding.disclosure import blanked
from pbcanalytics.faces.withholding.step_groups import AT, Group
from pbcanalytics.faces.withholding.step_withholding import Line, lines_untold, steps_untold
from pbcanalytics.faces.withholding.taken_steps import ALL, STEPS, TAKEN, TOGETHER
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table


def step_totals(
    steps: pd.DataFrame, whose: Collection[Group], hidden: Collection[Line], smallest: int
) -> pd.DataFrame:
    """
    Lay out what activity cost, step by step.

    Parameters
    ----------
    steps : DataFrame
        From `step_groups.placed`: the model `step_totals`.
    whose : collection of Group
    hidden : collection of Line
        From `step_withholding.hidden_lines`.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    DataFrame, one row per group, year, price year and point of delivery
        Table `step_totals`. Steps are empty where nothing is priced, or none of it has the step;
        withheld where a few activities have one, as the pounds would be those of a few patients.
    """
    untold = lines_untold(steps, whose, hidden, smallest)
    within = steps_untold(steps, whose, smallest)
    priced = steps["n_priced"] > 0
    steps = steps.assign(**{c: steps[c].where(priced) for c in STEPS})
    steps[TOGETHER] = steps[[*TAKEN]].sum(axis=1, min_count=1)
    values = ["n_activity", *STEPS, TOGETHER]
    frames = []
    for group in whose:
        own = steps[steps["practice_code"].isin(group.practices)]
        both = pd.concat([own, own.assign(pod=ALL)])
        frame = both.groupby([*AT, "pod"], as_index=False, sort=True)[values].sum(min_count=1)
        frame = frame[frame["n_activity"] > 0]
        keys = [
            (group.kind, group.code, str(year), str(pod))
            for year, pod in zip(frame["financial_year"], frame["pod"], strict=True)
        ]
        some = pd.Series(False, index=frame.index)
        for what in (*TAKEN, TOGETHER):
            asked = pd.Series([(*key, what) in within for key in keys], index=frame.index)
            gone = frame[what].notna() & asked
            hit = [what, "base_pence"] if what == TOGETHER else [what]
            frame[hit] = frame[hit].mask(gone)
            some |= gone
        few = [key in untold for key in keys]
        named = {"group_kind": group.kind, "group_code": group.code, "group_name": group.name}
        frame = frame.assign(
            steps_are_withheld=some.astype(bool) | pd.array(few, dtype=bool), **named
        )
        frames.append(blanked(frame, few, values))
    return together(frames, tables.STEP_TOTALS)


def together(frames: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    """
    Put the frames of groups or years together as one published table.

    Parameters
    ----------
    frames : list of DataFrame
    table : Table
        What they are to be; one row per what it says.
    """
    held = [f for f in frames if not f.empty]
    if not held:
        return pd.DataFrame(columns=table.names)
    frame = pd.concat(held, ignore_index=True)
    return table.check(frame.assign(price_year=frame["price_year"].replace("", None)))
