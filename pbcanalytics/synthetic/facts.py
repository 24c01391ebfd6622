"""What the written extracts hold: facts measured for the answer key."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import prices


@dataclass
class Tally:
    """Facts gathered over the groups of practices, year by year."""

    spend: dict[int, list[NDArray[np.float64]]] = field(default_factory=dict)
    admitted: dict[int, list[int]] = field(default_factory=dict)
    counts: dict[int, dict[str, int]] = field(default_factory=dict)
    lists: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)

    def add_spend(self, year: int, members: NDArray[np.int64], priced: pd.DataFrame) -> None:
        """
        Add what each person on the year's first list spent in the year.

        Parameters
        ----------
        year : int
        members : array, one value per person on the list of 1 April
        priced : DataFrame, one row per piece of activity
            From `prices`, all datasets of the group.
        """
        here = priced[priced["year"] == year]
        person = here["person"].to_numpy()
        size = int(max(members.max(initial=0), person.max(initial=0))) + 1
        pounds = np.bincount(person, weights=here["pence"].to_numpy(), minlength=size) / 100
        beds = here["line"].isin(["DC", "EL", "NEL", "NELNE"]).to_numpy()
        in_bed = np.bincount(person[beds], minlength=size) > 0
        self.spend.setdefault(year, []).append(pounds[members])
        self.admitted.setdefault(year, []).append(int(in_bed[members].sum()))

    def add_counts(self, year: int, counts: dict[str, int]) -> None:
        """Add numbers of pieces of activity by kind."""
        held = self.counts.setdefault(year, {})
        for kind, count in counts.items():
            held[kind] = held.get(kind, 0) + count

    def add_cost(self, year: str, priced: pd.DataFrame, ratio: NDArray[np.float64]) -> None:
        """Add pounds by budget line, with each provider's market forces factor."""
        held = self.costs.setdefault(year, dict.fromkeys(prices.LINES, 0.0))
        pounds = priced["pence"].to_numpy() / 100 * ratio[priced["provider"].to_numpy()]
        sums = pd.Series(pounds).groupby(priced["line"].to_numpy()).sum()
        for line in prices.LINES:
            held[line] += float(sums.get(line, 0.0))


def yearly_counts(frames: dict[str, pd.DataFrame], year: int) -> dict[str, int]:
    """Count a year's pieces of activity by kind, before errors are planted."""
    episodes = frames["apc"]
    ended = episodes[(episodes["year"] == year) & episodes["is_last"]]
    line = pd.Series(prices.admitted_lines(ended))
    seen = frames["op"][frames["op"]["year"] == year]
    first = (seen["FIRSTATT"] == 1) & (seen["ATTENDED"] != "3")
    sent = frames["referrals"][frames["referrals"]["year"] == year]
    return {
        "emergency_spells": int((line == "NEL").sum()),
        "other_non_elective_spells": int((line == "NELNE").sum()),
        "day_cases": int((line == "DC").sum()),
        "elective_spells": int((line == "EL").sum()),
        "first_attendances": int(first.sum()),
        "appointments": len(seen),
        "ae_attendances": int((frames["ae"]["year"] == year).sum()),
        "gp_referrals": int((sent["REFSOURC"] == "03").sum()),
        "referrals": len(sent),
    }


def summary(tally: Tally, year: int, price_year: str) -> dict[str, Any]:
    """
    Summarise one financial year for the answer key.

    Returns
    -------
    dict
        People and share of 65 and over on 1 April; spend per head [GBP, tariff of `price_year`,
        no market forces factor]; `top_1pc_share` of spend; `k`, the standard deviation of a
        person's yearly spend over its mean; the share of people admitted; counts and rates per
        1,000.
    """
    lists = tally.lists[year]
    spend = np.sort(np.concatenate(tally.spend[year]))[::-1]
    n_people = int(lists.sum())
    counts = tally.counts[year]
    top = spend[: max(1, round(len(spend) / 100))]
    return {
        "people": n_people,
        "share_65_and_over": round(float(lists[:, :, 65:].sum() / n_people), 5),
        "spend_gbp": round(float(spend.sum()), 2),
        "spend_per_head_gbp": round(float(spend.mean()), 2),
        "top_1pc_share": round(float(top.sum() / spend.sum()), 4),
        "k": round(float(spend.std() / spend.mean()), 3),
        "admitted_share": round(sum(tally.admitted[year]) / len(spend), 4),
        "counts": counts,
        "per_1000": {kind: round(n * 1000 / n_people, 2) for kind, n in counts.items()},
        "price_year": price_year,
    }
