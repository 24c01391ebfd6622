"""How good the forecasts of a year's outturn are, on invented PCTs whose truth is known.

`python -m benchmarks.outturn [WORLDS]` draws that many PCTs of 60 practices with three earlier
years and one under way, forecasts the year at the end of each month from what was known by then,
and prints error, bias and coverage beside a straight line and the budget. What is drawn, and what
each constant is set by, stands in docs/methods/outturn.md.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.completion import MATURE_MONTHS, factors
from pbcanalytics.budgets.forecast.forecasting import Forecast, Year, forecast, quantile, variance
from pbcanalytics.budgets.forecast.outturn import Z_SCORES
from pbcanalytics.budgets.forecast.profile import Profile, days, profile
from pbcanalytics.budgets.forecast.track_record import own_scale
from pbcanalytics.words import periods

Amounts = NDArray[np.float64]

BANDS: Final = (
    ("under 4,000", 0, 4_000),
    ("4,000 to 8,000", 4_000, 8_000),
    ("over 8,000", 8_000, 30_000),
)
N_YEARS: Final = 4
FIRST_YEARS: Final = (2002, 2016)
PRACTICES: Final = 60
PROVIDERS: Final = 3
PODS: Final = ("DC", "EL", "NEL", "NELNE", "OPFA", "OPFUP", "OPPROC", "AE")
SHARES: Final = np.array([0.13, 0.16, 0.37, 0.06, 0.10, 0.10, 0.02, 0.06])
POUNDS_A_HEAD: Final = 400.0
LIST_SIZE: Final = 6_500.0
LIST_SPREAD: Final = 0.5

# Variance over mean of a point of delivery's spending: a spell's price, weighed by price. [£]
PER_SPELL: Final = np.array([1_100.0, 4_200.0, 5_400.0, 3_000.0, 190.0, 130.0, 260.0, 120.0])
PER_SPELL_SCALE: Final = 0.95
SEASON_SD: Final = 0.03
WINTER: Final = 0.025
GROWTH: Final = 0.03
GROWTH_SD: Final = 0.02
DRIFT_SD: Final = 0.012
SHOCK_SD: Final = 0.012
FLEX: Final = 0.90
FLEX_SD: Final = 0.018
BATCH_SD: Final = 0.018
FREEZE: Final = 0.975


@dataclass(frozen=True)
class World:
    """
    An invented PCT: [pounds], as known at ages 0, 1, 2 and finally.

    Attributes
    ----------
    years, pods : list of str
        Financial years, the last one under way; points of delivery.
    known : array of float, age by year by month by practice by provider by point of delivery
    budget : array of float, practice
        Last year's outturn and the growth that the PCT planned.
    sizes : array of float, practice
        List sizes. [patients]
    """

    years: list[str]
    pods: list[str]
    known: Amounts
    budget: Amounts
    sizes: Amounts


def world(chance: np.random.Generator, n_practices: int = PRACTICES) -> World:
    """Draw a PCT."""
    n_years, n_pods = N_YEARS, len(PODS)
    begins = int(chance.integers(*FIRST_YEARS))
    years = [periods.starting(begins + y) for y in range(n_years)]
    sizes = LIST_SIZE * np.exp(chance.normal(-(LIST_SPREAD**2) / 2, LIST_SPREAD, n_practices))
    sizes = np.clip(sizes, 1_500, 25_000)
    a_head = POUNDS_A_HEAD * np.exp(chance.normal(0, 0.10, n_practices))
    mix = chance.dirichlet(SHARES * 300, n_practices)
    providers = chance.dirichlet(np.array([0.6, 0.25, 0.15]) * 8, n_practices)
    # Spending per day rises through the year: growth comes by the month, and winter is last.
    winter = WINTER * np.sin((np.arange(12) - 4.5) / 12 * np.pi)[:, None]
    season = np.exp(winter + chance.normal(0, SEASON_SD, (12, n_pods)))
    counts = np.stack([np.stack([days(y, p) for p in PODS], axis=1) for y in years])
    spread = counts * season
    spread = spread / spread.sum(axis=1, keepdims=True)
    growth = np.cumsum(np.append(0.0, chance.normal(GROWTH, GROWTH_SD, n_years - 1)))
    drift = np.cumsum(chance.normal(0, DRIFT_SD, (n_years, n_practices)), axis=0)
    shock = chance.normal(0, SHOCK_SD, (n_years, 12))
    level = sizes * a_head * np.exp(growth[:, None] + drift)
    mean = np.einsum(
        "yi,ig,ij,ykg,yk->ykijg", level, mix, providers, spread, np.exp(shock), optimize=True
    )
    per_spell = PER_SPELL * PER_SPELL_SCALE
    flex = np.clip(chance.normal(FLEX, FLEX_SD, (PROVIDERS, n_pods)), 0.7, 0.97)
    batch = chance.normal(0, BATCH_SD, (n_years, 12, 1, PROVIDERS, 1))
    first = np.clip(flex + batch, 0.6, 0.985)
    second = 1 - (1 - first) * (1 - FREEZE) / (1 - FLEX)
    # A gamma amount falls into independent parts as its spells do: some known at once, some later.
    parts = [first, second - first, np.broadcast_to(1 - second, first.shape)]
    drawn = [chance.gamma(mean * part / per_spell) * per_spell for part in parts]
    known = np.cumsum(np.stack(drawn), axis=0)
    last = known[-1, -2].sum(axis=(0, 2, 3))
    return World(years, list(PODS), known, last * (1 + GROWTH), sizes)


def narrowed(of: World, pod: str) -> World:
    """Leave one point of delivery of a world."""
    g = PODS.index(pod)
    known = of.known[..., g : g + 1]
    return World(of.years, [pod], known, known[-1, -2].sum(axis=(0, 2, 3)) * (1 + GROWTH), of.sizes)


def learnt(of: World, year: int, n_months: int) -> tuple[Amounts, Amounts]:
    """Learn completion from extracts of the year before, as spells are counted and not pounds."""
    end = 12 * year + n_months - MATURE_MONTHS
    n_pods = len(of.pods)
    per_spell = PER_SPELL[[PODS.index(p) for p in of.pods]]
    counts = of.known.sum(axis=3).reshape(3, -1, PROVIDERS, n_pods) / per_spell
    counts = counts[:, max(end - 11, 0) : end + 1]
    shares, moves = np.ones((3, PROVIDERS, n_pods)), np.zeros(3)
    for age in (0, 1):
        shares[age], moves[age] = factors(counts[age], counts[2])
    return shares, moves


def seen(of: World, year: int, n_months: int) -> Year:
    """Give what is known of a year at the end of a month, completed by past extracts."""
    at, moves = learnt(of, year, n_months)
    ages = n_months - 1 - np.arange(n_months)
    place = np.minimum(ages, 2)
    actual = np.stack([of.known[a, year, k] for k, a in enumerate(place)])
    share = np.where(ages[:, None, None] < 2, at[place], 1.0)
    whole = actual / share[:, None]
    late = (whole * ((1 - share) / share)[:, None]).sum(axis=(0, 2, 3))
    common = (whole * (moves[place][:, None, None] / share)[:, None]).sum(axis=3)[ages < 2]
    budget = of.budget if year == N_YEARS - 1 else np.full(len(of.sizes), np.nan)
    return Year(
        actual.sum(axis=2),
        whole.sum(axis=2),
        late,
        np.moveaxis(common, 1, 0).reshape(len(of.sizes), -1),
        budget,
    )


def past(of: World, year: int) -> tuple[Amounts, Profile]:
    """Give the years before one, complete, and the profile learnt from them."""
    history = of.known[-1, :year].sum(axis=3)
    totals = history.sum(axis=2)
    return history, profile(totals, of.years[:year], of.pods, of.years[year])


def scored(of: World, n_months: int) -> tuple[Forecast, float, Amounts]:
    """Forecast the last year at the end of a month: with the scale of intervals, and the truth."""
    last = N_YEARS - 1
    trials = []
    for year in range(1, last):
        made = forecast(*past(of, year), seen(of, year, n_months))
        trials.append((made, of.known[-1, year].sum(axis=(0, 2, 3))))
    made = forecast(*past(of, last), seen(of, last, n_months))
    return made, own_scale(trials), of.known[-1, last].sum(axis=(0, 2, 3))


def evaluate(
    n_worlds: int,
    *,
    seed: int = 20_181_130,
    months: Sequence[int] = range(1, 13),
    pod: str | None = None,
) -> pd.DataFrame:
    """
    Score the forecasts of many PCTs, of all they spend or of one point of delivery.

    Returns
    -------
    DataFrame, one row per world, month and practice, or PCT
        `world`, `month`, `size` [patients; not a number for the PCT], the errors of `forecast`,
        `straight_line`, `ladder` and `budget` [share of the outturn], whether each interval held
        it, `half_width` of the 80% interval [share], and `crps`, the continuous ranked
        probability score [share of the outturn; smaller is better].
    """
    frames = []
    for n in range(n_worlds):
        of = world(np.random.default_rng([seed, n]))
        of = of if pod is None else narrowed(of, pod)
        for month in months:
            made, scale, truth = scored(of, month)
            rows = {"size": np.append(of.sizes, np.nan), "truth": _and_all(truth)}
            own = made.own_variance * scale + (made.common**2).sum(axis=1)
            spread = np.append(own, variance(made, slice(None), scale))
            known, rest = _and_all(made.actual), _and_all(made.completed + made.rest)
            for level, z in Z_SCORES.items():
                low, high = (quantile(known, rest, spread, end) for end in (-z, z))
                rows[f"in_{level}"] = (low <= rows["truth"]) & (rows["truth"] <= high)
                if level == 80:
                    rows["half_width"] = (high - low) / 2 / rows["truth"]
            rows["crps"] = _crps(known, rest, spread, rows["truth"])
            methods = {
                "forecast": made.point,
                "straight_line": made.straight_line,
                "ladder": made.ladder,
                "budget": of.budget,
            }
            for name, value in methods.items():
                rows[name] = _and_all(value) / rows["truth"] - 1
            frame = pd.DataFrame(rows)
            frames.append(frame.assign(world=n, month=month))
    return pd.concat(frames, ignore_index=True)


def _crps(known: Amounts, rest: Amounts, spread: Amounts, came: Amounts) -> Amounts:
    """Score quantiles by what they cost, over all of them (continuous ranked probability score)."""
    levels = (np.arange(50) + 0.5) / 50
    cost = np.zeros(len(came))
    for level in levels:
        off = came - quantile(known, rest, spread, NormalDist().inv_cdf(level))
        cost += 2 * np.maximum(level * off, (level - 1) * off) / len(levels)
    return cost / came


def _and_all(amounts: Amounts) -> Amounts:
    """Add the sum of all practices at the end."""
    return np.append(amounts, amounts.sum())


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Sum scores up by month: errors, bias and coverage in per cent."""
    by = scores.groupby("month")
    rows = {}
    for name in ("forecast", "straight_line", "ladder", "budget"):
        rows[f"{name}_mape"] = by[name].apply(lambda e: 100 * e.abs().mean())
    rows["bias"] = 100 * by["forecast"].mean()
    rows["straight_line_bias"] = 100 * by["straight_line"].mean()
    for level in Z_SCORES:
        rows[f"in_{level}"] = 100 * by[f"in_{level}"].mean()
    rows["half_width"] = 100 * by["half_width"].mean()
    rows["crps"] = 100 * by["crps"].mean()
    return pd.DataFrame(rows)


_HEADS: Final = (
    *("forecast", "straight line", "ladder", "budget", "bias", "bias of straight line"),
    *("in 50%", "in 80%", "in 95%", "half-width of 80%", "score"),
)


def _print(title: str, scores: pd.DataFrame) -> None:
    print(f"\n{title}\n")
    print("| month | " + " | ".join(_HEADS) + " |")
    print("|---" * (len(_HEADS) + 1) + "|")
    for month, row in table(scores).iterrows():
        print(f"| {month} | " + " | ".join(f"{v:.2f}" for v in row[:6]), end=" | ")
        print(" | ".join(f"{v:.1f}" for v in row[6:10]) + f" | {row.iloc[10]:.2f} |")


def report(n_worlds: int) -> None:
    """Print the tables of practices, of practices by size, and of PCTs."""
    began = time.perf_counter()
    scores = evaluate(n_worlds)
    practices = scores[scores["size"].notna()]
    taken = time.perf_counter() - began
    print(f"{n_worlds} PCTs of {PRACTICES} practices, {len(practices) // 12:,} practice years, ")
    print(f"{taken:.0f} s. All figures in per cent of the outturn.")
    _print("Practices", practices)
    for name, low, high in BANDS:
        _print(f"Practices of {name} patients", practices[practices["size"].between(low, high)])
    _print("PCTs", scores[scores["size"].isna()])
    for pod in PODS:
        of_pod = evaluate(max(n_worlds // 8, 5), months=(3, 6, 9), pod=pod)
        _print(f"Practices, {pod} alone", of_pod[of_pod["size"].notna()])


if __name__ == "__main__":
    report(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
