"""What monitoring leaves out of every sum, by name: unknown is not zero, and no saving."""

import datetime as dt
from collections.abc import Iterable
from typing import Final

import pandas as pd

FEWEST_EXPECTED: Final = 7
"""Activities a month from which none at all is less likely than one in a thousand (Poisson)."""


def left_out(
    budgeted: pd.DataFrame,
    rows: pd.DataFrame,
    of_others: pd.DataFrame,
    own: pd.DataFrame,
    until: list[dt.date],
) -> pd.DataFrame:
    """
    Name what is in no sum: whose it is, how much activity, how many pence.

    Parameters
    ----------
    budgeted : DataFrame, one row per practice that answers for a budget
        `practice_code`, `indicative_pence`. [pence]
    rows : DataFrame, one row per practice, provider, line and month so far
        `practice_code` (blank for none), `provider_code`, `pod`, `at` (April is 0), `n_activity`,
        `n_priced`, `pence`. [pence]
    of_others, own : DataFrame
        Those of practices with a budget: in lines and months that others hold, and the rest.
    until : list of date
        First days of the months so far.

    Returns
    -------
    DataFrame, one row per thing
        As `Monitoring.gaps`.
    """
    counted = {int(m) for m in [*own["at"], *of_others["at"]]}
    active = set(own["practice_code"]) | set(of_others["practice_code"])
    gaps: list[tuple[str, str, str, int, int]] = [
        ("silent", str(code), "", 0, int(pence))
        for code, pence in zip(budgeted["practice_code"], budgeted["indicative_pence"], strict=True)
        if code not in active
    ]
    strangers = rows[~rows["practice_code"].isin(budgeted["practice_code"])]
    for code, theirs in strangers.groupby("practice_code", sort=True):
        n_activity, pence = int(theirs["n_activity"].sum()), int(theirs["pence"].sum())
        if n_activity or pence:
            kind = "no_budget" if code else "no_practice"
            gaps.append((kind, str(code), "", n_activity, pence))
    held = of_others.groupby(["practice_code", "pod"], as_index=False).sum(numeric_only=True)
    gaps += [
        ("held", str(row["practice_code"]), str(row["pod"]), row["n_activity"], row["pence"])
        for row in held.to_dict("records")
    ]
    for code, theirs in own.groupby("practice_code", sort=True):
        unpriced = int((theirs["n_activity"] - theirs["n_priced"]).sum())
        if unpriced:
            gaps.append(("unpriced", str(code), "", unpriced, 0))
    gaps += [
        ("empty_month", f"{m:%Y-%m}", "", 0, 0) for n, m in enumerate(until) if n not in counted
    ]
    gaps += [
        ("late", f"{provider} {until[m]:%Y-%m}", "", usual, 0)
        for (provider, m), usual in sorted(late_months(own, counted).items())
    ]
    return pd.DataFrame(gaps, columns=["kind", "code", "pod", "n_activity", "pence"])


def late_months(own: pd.DataFrame, counted: Iterable[int]) -> dict[tuple[str, int], int]:
    """
    Find the months of which providers sent nothing, though chance hardly leaves one empty.

    Parameters
    ----------
    own : DataFrame, one row per practice, provider, line and month
        `provider_code`, `at`, `n_activity`.
    counted : iterable of int
        Months of which anything is held; April is 0.

    Returns
    -------
    dict of provider and month to int
        What the provider's other months hold on average, rounded down. [activities]
    """
    found = {}
    for provider, theirs in own[own["provider_code"] != ""].groupby("provider_code", sort=True):
        came = set(theirs["at"])
        usual = int(theirs["n_activity"].sum()) // len(came)
        if usual >= FEWEST_EXPECTED:
            found.update({(str(provider), m): usual for m in set(counted) - came})
    return found
