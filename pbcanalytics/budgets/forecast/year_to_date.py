"""What was known of some years at the end of a month, from frames to arrays."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.completion import MATURE_MONTHS, by_age, completion
from pbcanalytics.budgets.forecast.forecasting import Year
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

Amounts = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Months:
    """
    Activity by month, as it is held now, with what successive extracts showed of it.

    Attributes
    ----------
    first_year : int
        Calendar year in which the first financial year begins; months count from its April.
    practices, providers, pods : list of str
        What the indexes stand for.
    practice, provider, pod, month, pence : arrays of int, one per row
        Indexes, months since the first April, and amounts. [pence]
    triangle : DataFrame
        As `completion` takes it, with `provider`, `place` and `at`, the indexes of its rows.
    """

    first_year: int
    practices: list[str]
    providers: list[str]
    pods: list[str]
    practice: Whole
    provider: Whole
    pod: Whole
    month: Whole
    pence: Whole
    triangle: pd.DataFrame

    def whole_years(self, before: int) -> list[int]:
        """List the years before one, none missing between, that have activity in every month."""
        found: list[int] = []
        for year in range(before - 1, -1, -1):
            if len(set((self.month[self.month // 12 == year] % 12).tolist())) < 12:
                break
            found.insert(0, year)
        return found

    def named(self, year: int) -> str:
        """Name a financial year by its place."""
        return periods.starting(self.first_year + year)


@dataclass(frozen=True)
class Known:
    """
    What was known at the end of a month.

    Attributes
    ----------
    history : array of float, year by month by practice by point of delivery
        Earlier whole years, completed. [pence]
    years : list of int
        Their places.
    year : Year
        The year under way.
    is_completed : bool
        Whether successive extracts told how complete the latest months are.
    """

    history: Amounts
    years: list[int]
    year: Year
    is_completed: bool


def gathered(activity: pd.DataFrame, triangle: pd.DataFrame) -> Months:
    """
    Index a frame of activity.

    Parameters
    ----------
    activity : DataFrame, one row per practice, provider, point of delivery and month
        `practice_code`, `provider_code`, `pod`, `month`, `pence`. [pence]
    triangle : DataFrame, one row per provider, point of delivery, month and age
        As `completion` takes it, of all months that were seen more than once.

    Returns
    -------
    Months
    """
    frame = activity.assign(provider_code=activity["provider_code"].fillna(""))
    practice, practices = pd.factorize(frame["practice_code"].astype(object), sort=True)
    provider, providers = pd.factorize(frame["provider_code"].astype(object), sort=True)
    pod, pods = pd.factorize(frame["pod"].astype(object), sort=True)
    when = pd.DatetimeIndex(frame["month"])
    first = periods.first_year(periods.containing(when.min().date()))
    seen = triangle.copy()
    months = pd.DatetimeIndex(seen["month"])
    seen["at"] = (months.year - first) * 12 + months.month - 4
    places = {str(code): n for n, code in enumerate(providers)}
    seen["provider"] = seen["provider_code"].map(places)
    seen["place"] = seen["pod"].map({str(code): n for n, code in enumerate(pods)})
    return Months(
        first_year=first,
        practices=[str(p) for p in practices],
        providers=[str(p) for p in providers],
        pods=[str(p) for p in pods],
        practice=practice.astype(np.int64),
        provider=provider.astype(np.int64),
        pod=pod.astype(np.int64),
        month=np.asarray((when.year - first) * 12 + when.month - 4, dtype=np.int64),
        pence=frame["pence"].to_numpy(dtype=np.int64),
        triangle=seen.dropna(subset=["provider", "place"]),
    )


def known_at(held: Months, last: int, budget: Amounts) -> Known:
    """
    Give what was known when a month was the latest.

    A month that was seen at that age counts for the share that was held of it then; one that was
    only ever seen whole counts as it is.

    Parameters
    ----------
    held : Months
    last : int
        The latest month, counted from the first April.
    budget : array of float, one per practice
        Of the year under way; not a number where there is none. [pence]

    Returns
    -------
    Known

    Raises
    ------
    SelectionError
        If no whole year comes before it.
    """
    year = last // 12
    years = held.whole_years(year)
    if not years:
        raise SelectionError(
            f"No whole year of activity is held before {held.named(year)}, so its outturn cannot "
            "be forecast: nothing says how a year is spread over its months, or how far practices "
            "move. Load at least one earlier year, all twelve months of it."
        )
    first = 12 * years[0]
    rows = (held.month >= first) & (held.month <= last)
    practice, provider, pod = held.practice[rows], held.provider[rows], held.pod[rows]
    month = held.month[rows]
    seen = held.triangle
    age_then = last - seen["at"]
    mature = seen[age_then >= MATURE_MONTHS]
    factors = completion(mature[mature["n_final"] > 0])
    share, moves = by_age(factors, held.providers, held.pods)
    age = np.minimum(last - month, MATURE_MONTHS)
    then = _shares(held, seen[age_then == seen["age_months"]])
    amount = held.pence[rows] * then[age, provider, pod]
    complete = share[age, provider, pod]
    whole = amount / complete
    shape = (last - first + 1, len(held.practices), len(held.pods))
    place = np.ravel_multi_index((month - first, practice, pod), shape)
    size = int(np.prod(shape))
    actual = _summed(place, amount, size).reshape(shape)
    developed = _summed(place, whole, size).reshape(shape)
    n_practices = len(held.practices)
    now = month >= 12 * year
    late = _summed(practice[now], (whole * (1 - complete) / complete)[now], n_practices)
    batch = provider * (MATURE_MONTHS + 1) + age
    n_batches = len(held.providers) * (MATURE_MONTHS + 1)
    loads = (whole * moves[age, provider, pod] / complete)[now]
    common = _summed(practice[now] * n_batches + batch[now], loads, n_practices * n_batches)
    common = common.reshape(n_practices, n_batches)
    n_past = 12 * len(years)
    under_way = Year(
        actual=actual[n_past:],
        developed=developed[n_past:],
        late_noise=np.maximum(late, 0.0),
        late_common=common[:, common.any(axis=0)],
        budget=budget,
    )
    history = developed[:n_past].reshape(len(years), 12, *shape[1:])
    return Known(history, years, under_way, not factors.empty)


def _summed(place: Whole, amounts: Amounts, size: int) -> Amounts:
    """Add amounts up by place."""
    return np.bincount(place, amounts, size).astype(np.float64)


def _shares(held: Months, seen: pd.DataFrame) -> Amounts:
    """Lay out what share was held, by age, of the months that were seen at that age."""
    shape = (MATURE_MONTHS + 1, len(held.providers), len(held.pods))
    shares = np.ones(shape)
    young = seen[(seen["age_months"] < MATURE_MONTHS) & (seen["n_final"] > 0)]
    place = tuple(young[c].to_numpy(dtype=np.int64) for c in ("age_months", "provider", "place"))
    shares[place] = (young["n_known"] / young["n_final"]).to_numpy(dtype=np.float64)
    return shares
