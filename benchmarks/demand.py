"""Control charts and forecasts: how fast, how often wrong by luck, how far off on real months.

`python -m benchmarks.demand [PANEL]` prints the tables of docs/methods/demand.md. PANEL is the
A&E panel of NHSRdatasets as CSV (period, org_code, type, attendances, breaches, admissions);
without it its tables are left out. AutoETS and the like run in an environment of their own, since
their library is no dependency: `PANEL --write SERIES.csv` writes what `benchmarks/forecasters.py`
reads, and `PANEL --others FORECASTS.csv` prints ours beside what it wrote (docs/performance.md).
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.charting.presets import MEANS, PRESETS, preset
from pbcanalytics.demand.charting.season import pooled_index
from pbcanalytics.demand.charting.spc import chart
from pbcanalytics.demand.forecasting import conformal
from pbcanalytics.demand.forecasting.conformal import (
    LEVELS,
    SIZES,
    backtest,
    forecast_with_intervals,
)
from pbcanalytics.demand.forecasting.pooled import pooled_forecast
from pbcanalytics.demand.forecasting.smoothing import forecast
from pbcanalytics.demand.watching.changes import beside_others, tested
from pbcanalytics.words.working_days import days_in, months_between

Amounts = NDArray[np.float64]

SEED: Final = 20_181_130
APRIL: Final = 3
MEASURES: Final = ("attendances", "breaches", "admissions")


def quiet(mean: float, n_series: int, n_months: int = 36) -> Amounts:
    """Draw months in which nothing changes."""
    return np.random.default_rng(SEED).poisson(mean, (n_series, n_months)).astype(float)


def panel(path: Path) -> tuple[Amounts, list[str]]:
    """Take the series with a value in all 36 months, above 0 in more than nine in ten."""
    rows = pd.read_csv(path)
    parts, groups = [], []
    for measure in MEASURES:
        wide = rows.pivot(index=["org_code", "type"], columns="period", values=measure)
        wide = wide[wide.notna().all(axis=1) & ((wide > 0).mean(axis=1) > 0.9)]
        parts.append(wide.to_numpy())
        groups += [measure] * len(wide)
    return np.vstack(parts), groups


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Give the least CPU time of some runs."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def speed() -> None:
    """Print how long 10,000 series take."""
    y = quiet(20, 10_000)
    print("| 10,000 series of 36 months | CPU seconds |\n|---|---|")
    for name, rules in PRESETS.items():
        print(f"| control charts, {name} | {seconds(lambda r=rules: chart(y, preset=r)):.3f} |")
    names = ["all"] * len(y)
    made = seconds(lambda: forecast_with_intervals(y, names, APRIL))
    print(f"| forecasts with ranges | {made:.3f} |")
    print(f"| their back-test | {seconds(lambda: backtest(y, names, APRIL)):.3f} |")
    apart = [str(k // 5) for k in range(len(y))]
    made = seconds(lambda: forecast_with_intervals(y, apart, APRIL), 1)
    print(f"| forecasts in 2,000 groups of 5, each on its own errors | {made:.3f} |")


def luck(n_series: int = 40_000) -> None:
    """Print how often series are flagged in which nothing changes."""
    print("\n| rule set, 36 months | " + " | ".join(f"{m:g} a month" for m in MEANS) + " |")
    print("|---" * (len(MEANS) + 1) + "|")
    for name, run in (*((n, None) for n in PRESETS), ("mdc_excel_2023", 6)):
        rules = preset(name, run)
        cells = []
        for mean in MEANS:
            flags = chart(quiet(mean, n_series), preset=rules).rule >= 0
            cells.append(f"{flags[:, -1].mean():.1%} / {flags.any(axis=1).mean():.0%}")
        print(f"| {name}{f', runs of {run}' if run else ''} | " + " | ".join(cells) + " |")


def unquiet(n_series: int = 20_000) -> None:
    """Print how often growth and season make signals, in the default rule set."""
    print("\n| nothing new happens, but | mean 20 | mean 100 | mean 400 |\n|---|---|---|---|")
    month = np.arange(36)
    worlds = {
        "season of ±10%": 1 + 0.1 * np.sin(month / 12 * 2 * np.pi),
        "growth of 3% a year": 1.03 ** (month / 12),
        "growth of 6% a year": 1.06 ** (month / 12),
    }
    for name, course in worlds.items():
        cells = []
        for mean in (20, 100, 400):
            y = np.random.default_rng(SEED).poisson(mean * course, (n_series, 36)).astype(float)
            cells.append(f"{(chart(y).rule[:, -1] >= 0).mean():.1%}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def power(n_series: int = 4_000) -> None:
    """Print how soon a step is seen after 24 months by whose limits it is judged."""
    print("\n| step, limits fixed after 24 months | 3 months | 6 | 12 |\n|---|---|---|---|")
    for change, mean in ((0.5, 20), (0.5, 50), (-0.2, 20), (-0.2, 50), (-0.1, 50), (-0.1, 200)):
        y = quiet(mean, n_series)
        y[:, 24:] = np.random.default_rng(1).poisson(mean * (1 + change), (n_series, 12))
        of = chart(y, fix_after=24)
        seen = (of.side == np.sign(change))[:, 24:]
        cells = (f"{seen[:, :n].any(axis=1).mean():.0%}" for n in (3, 6, 12))
        print(f"| {change:+.0%} at {mean} a month | " + " | ".join(cells) + " |")


def _wape(came: Amounts, made: Amounts) -> float:
    return float(np.abs(came - made).sum() / came.sum())


def accuracy(values: Amounts, groups: list[str]) -> None:
    """Print errors on the panel: two years to learn from, one to be held against."""
    known, came = values[:, :24], values[:, 24:]
    named = np.array(groups)
    index = np.stack([pooled_index(known[named == g], APRIL) for g in groups])
    usual = known[:, -12:].mean(axis=1, keepdims=True)
    made = {
        "same month of the year before": known[:, -12:],
        "mean of the year before": np.broadcast_to(usual, came.shape),
        "pooled season x mean of the year before": usual * np.roll(index, -APRIL, axis=1),
    }
    for alpha in (0.1, 0.2, 0.3, 0.4, 0.6):
        made[f"pooled season x SES({alpha})"] = forecast(known, groups, APRIL, 12, alpha)
    scale = np.abs(known[:, 12:] - known[:, :12]).mean(axis=1)
    print("\n| method | WAPE | median error of a year | median MASE |\n|---|---|---|---|")
    for name, one in made.items():
        year = np.abs(one.sum(axis=1) / came.sum(axis=1) - 1)
        mase = np.median(np.abs(one - came).mean(axis=1) / scale)
        print(f"| {name} | {_wape(came, one):.4f} | {np.median(year):.1%} | {mase:.3f} |")


def beside(values: Amounts, groups: list[str], path: Path) -> None:
    """Print ours beside what `benchmarks/forecasters.py` wrote of the same series."""
    known, came = values[:, :24], values[:, 24:]
    days = [days_in(m)[1] for m in months_between(date(2016, 4, 1), date(2019, 3, 1))]
    exposure = np.broadcast_to(np.array(days, dtype=float), values.shape)
    ours = forecast_with_intervals(known, groups, APRIL)
    small = pooled_forecast(known, exposure, groups, groups, APRIL + 1)
    took = [
        seconds(lambda: forecast_with_intervals(known, groups, APRIL)),
        seconds(lambda: pooled_forecast(known, exposure, groups, groups, APRIL + 1)),
    ]
    made = {
        "**pooled season x SES(0.3)**": (ours.point, ours.bounds, took[0]),
        "pooled level, season and growth": (small.point, small.bounds, took[1]),
    }
    for method, rows in pd.read_csv(path).groupby("method", sort=False):
        grid = {c: rows[c].to_numpy(float).reshape(len(values), -1) for c in rows.columns[3:]}
        bounds = {k: (grid[f"low_{k}"], grid[f"high_{k}"]) for k in LEVELS}
        made[str(method)] = grid["mean"], bounds, grid["ms_per_series"][0, 0] * len(values) / 1_000
    scale = np.abs(known[:, 12:] - known[:, :12]).mean(axis=1)
    print("\n| method | WAPE | median MASE | in 80% | in 95% | ms a series |")
    print("|---" * 6 + "|")
    for name, (point, bounds, cpu) in made.items():
        mase = np.median(np.abs(point - came).mean(axis=1) / scale)
        held = [((bounds[k][0] <= came) & (came <= bounds[k][1])).mean() for k in LEVELS]
        shares = " | ".join(f"{h:.1%}" for h in held)
        cost = 1_000 * cpu / len(values)
        print(f"| {name} | {_wape(came, point):.4f} | {mase:.3f} | {shares} | {cost:.2g} |")


def ranges(values: Amounts, groups: list[str]) -> None:
    """Print how many months of the panel lay in their ranges, by size and by number of series."""
    known, came = values[:, :24], values[:, 24:]
    made = forecast_with_intervals(known, groups, APRIL)
    held = {k: (made.bounds[k][0] <= came) & (came <= made.bounds[k][1]) for k in LEVELS}
    bands = np.searchsorted(SIZES, known.mean(axis=1), side="right")
    print("\n| size | series | in 80% | in 95% |\n|---|---|---|---|")
    for band, name in enumerate(("under 50 a month", "under 500", "under 5,000", "5,000 and more")):
        of = bands == band
        print(f"| {name} | {of.sum()} | {held[80][of].mean():.1%} | {held[95][of].mean():.1%} |")
    print(f"| all | {len(of)} | {held[80].mean():.1%} | {held[95].mean():.1%} |")
    print("\n| series drawn from a measure | by others' errors | by own errors |\n|---|---|---|")
    kept = conformal.LEAST_IN_GROUP
    for n in (8, 12, 20, 30, 50, 80):
        rng, cells = np.random.default_rng(3), []
        draws = [rng.choice(np.flatnonzero(np.array(groups) == rng.choice(MEASURES)), n, False)
                 for _ in range(100)]  # fmt: skip
        for least in (8, 10**6):
            conformal.LEAST_IN_GROUP = least  # type: ignore[misc]
            shares = []
            for rows in draws:
                one = forecast_with_intervals(known[rows], ["all"] * n, APRIL)
                shares.append(
                    [
                        ((one.bounds[k][0] <= came[rows]) & (came[rows] <= one.bounds[k][1])).mean()
                        for k in LEVELS
                    ]
                )
            cells.append(" / ".join(f"{s:.1%}" for s in np.mean(shares, axis=0)))
        print(f"| {n} | " + " | ".join(cells) + " |")
    conformal.LEAST_IN_GROUP = kept  # type: ignore[misc]


@dataclass(frozen=True)
class Invented:
    """
    A PCT of small counts: what is counted, what makes series comparable, and who shares what.

    Attributes
    ----------
    counts : array of float, series by 48 months
        The last 12 are held against.
    exposure : array of float, series by 48 months
        Working days x list.
    practices, groups, courses : list of str
        Of each series: the practice, specialty with source, and specialty.
    """

    counts: Amounts
    exposure: Amounts
    practices: list[str]
    groups: list[str]
    courses: list[str]


def invented(seed: int, *, n_practices: int = 30, n_specialties: int = 12) -> Invented:
    """
    Draw one as trends 1.6 describes it: three sources, median 2 a month, seasons and growth pooled.

    Practices' levels vary by a gamma of variance 0.1 within specialty and source and drift by 1.5%
    a month; months scatter by 0.02; seasons have an amplitude of 10%, growth is 2% +- 3% a year.
    """
    rng = np.random.default_rng(seed)
    shape = n_practices, n_specialties, 3
    days = np.array([days_in(m)[0] for m in months_between(date(2015, 4, 1), date(2019, 3, 1))])
    t = np.arange(len(days))
    lists = 6_500 * np.exp(rng.normal(0, 0.4, n_practices))
    rates = 2 * np.exp(rng.normal(0, 1, shape[1:])) / 6_500 / days.mean()
    wave = np.cos(2 * np.pi * (t - rng.uniform(0, 12, n_specialties)[:, None]) / 12)
    growth = rng.normal(0.02, 0.03, n_specialties)[:, None]
    course = (1 + 0.1 * wave) * np.exp(growth * t / 12)
    level = rng.gamma(10, 0.1, shape)[..., None]
    drift = np.exp(np.cumsum(rng.normal(0, 0.015, (*shape, len(t))), axis=-1))
    exposure = np.broadcast_to(lists[:, None, None, None] * days, (*shape, len(t)))
    usual = exposure * rates[None, :, :, None] * level * drift * course[None, :, None, :]
    counts = rng.poisson(usual * rng.gamma(50, 0.02, usual.shape)).astype(float)
    names = [(f"P{p}", f"{s}/{k}", f"{s}") for p, s, k in np.ndindex(shape)]
    practices, groups, courses = (list(of) for of in zip(*names, strict=True))
    flat = (-1, len(t))
    return Invented(counts.reshape(flat), exposure.reshape(flat), practices, groups, courses)


def pooling(seeds: Sequence[int] = range(5)) -> None:
    """Print how far off the years of invented PCTs were forecast, and what intervals held."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for seed in seeds:
        of = invented(seed)
        known, came = of.counts[:, :36], of.counts[:, 36:]
        made = pooled_forecast(known, of.exposure, of.groups, of.courses, APRIL + 1)
        usual = known[:, -12:].mean(axis=1, keepdims=True)
        ways = {
            "same month of the year before": known[:, -12:],
            "mean of the year before": np.broadcast_to(usual, came.shape),
            "pooled season x SES(0.3)": forecast(known, of.courses, APRIL, 12),
            "**pooled level, season and growth**": made.point,
        }
        for name, one in ways.items():
            year = float(np.abs(one.sum(axis=1) - came.sum(axis=1)).sum() / came.sum())
            rows.setdefault(name, []).append((year, _wape(came, one)))
        held = [
            float(((low <= came) & (came <= high)).mean()) for low, high in made.bounds.values()
        ]
        years = came.sum(axis=1)
        held += [float(((a <= years) & (years <= b)).mean()) for a, b in made.year_bounds.values()]
        rows.setdefault("", []).append(tuple(held))
    held_rows = rows.pop("")
    print("\n| method | WAPE of years | WAPE of months |\n|---|---|---|")
    for name, found in rows.items():
        print(f"| {name} | " + " | ".join(f"{v:.4f}" for v in np.mean(found, axis=0)) + " |")
    shares = ", ".join(f"{v:.1%}" for v in np.mean(held_rows, axis=0))
    print(f"\nMonths in 80% and 95%, years in 80% and 95%: {shares}.")
    of = invented(0, n_practices=278)
    took = seconds(
        lambda: pooled_forecast(of.counts[:, :36], of.exposure, of.groups, of.courses, APRIL + 1), 1
    )
    print(f"{len(of.counts):,} series in {took:.1f} CPU seconds.")


def counts_of(
    seed: int,
    *,
    n_practices: int = 20,
    mean: float = 20,
    scatter: float = 0,
    visits: float = 0,
    rise: Amounts | float = 1.0,
) -> tuple[Amounts, Amounts]:
    """
    Draw counts and lists of practices in 12 specialties, with a season and growth that all share.

    `scatter` is of months, `visits` are those of each patient after the first, `rise` multiplies
    what is usual of practices, specialties and months.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(36)
    shape = (n_practices, 12, 36)
    lists = 6_500 * np.exp(rng.normal(0, 0.4, n_practices))[:, None, None]
    course = (1 + 0.15 * np.cos(2 * np.pi * t / 12)) * np.exp(0.05 * t / 12)
    usual = mean * lists / 6_500 * np.exp(rng.normal(0, 0.5, (1, 12, 1))) * course * np.ones(shape)
    usual = usual * rise
    if scatter:
        usual = usual * rng.gamma(1 / scatter, scatter, shape)
    counts = rng.poisson(usual).astype(float)
    if visits:
        counts = counts + rng.poisson(visits * counts)
    return counts, lists * np.ones(shape)


def rise(
    practices: Any, specialties: Any, since: int, ratio: Amounts | float, n_practices: int = 20
) -> Amounts:
    """Give what the usual of some practices and specialties is multiplied by from a month on."""
    found = np.ones((n_practices, 12, 36))
    found[practices, specialties, since:] = ratio
    return found


def moved() -> None:
    """Print how often luck passes a threshold beside the others, and how often a rise does."""
    print("\n| quiet world | p <= 0.05 | p <= 0.01 | p <= 0.001 |\n|---|---|---|---|")
    worlds: dict[str, dict[str, Any]] = {
        "20 practices, 20 a month": {},
        "3 practices": {"n_practices": 3},
        "8 practices": {"n_practices": 8},
        "6 a month": {"mean": 6},
        "months scatter, variance 0.02": {"scatter": 0.02},
        "each patient comes 3 times on average": {"visits": 2.0},
    }
    for name, world in worlds.items():
        each = [tested(beside_others(*counts_of(seed, **world))) for seed in range(200)]
        p = np.concatenate([[*one.p_above, *one.p_below] for one in each])
        print(f"| {name} | " + " | ".join(f"{(p <= t).mean():.2%}" for t in (0.05, 0.01, 0.001))
              + " |")  # fmt: skip
    print(
        "\n| rise at 20 a month, p <= 0.001 | after 3 months | 6 | 12 | 21 |\n|---|---|---|---|---|"
    )
    for n_practices in (8, 20):
        for ratio in (1.25, 1.4, 1.6, 2.0):
            cells = []
            for months in (3, 6, 12, 21):
                seen = []
                for seed in range(60):
                    who, of = np.arange(12) % 4 + seed % 4, np.arange(12)
                    up = rise(who, of, 36 - months, ratio, n_practices)
                    made = counts_of(seed, n_practices=n_practices, rise=up)
                    found = tested(beside_others(*made)).p_above.reshape(n_practices, 12)
                    seen.append(found[who, of] <= 0.001)
                cells.append(f"{np.mean(seen):.0%}")
            print(f"| +{ratio - 1:.0%}, {n_practices} practices | " + " | ".join(cells) + " |")


def exchanged(values: Amounts, groups: list[str], what: str, path: Path) -> None:
    """Write the months to learn from, or set what others made of them beside ours."""
    if what == "--write":
        pd.DataFrame(values[:, :24]).rename_axis("series").to_csv(path)
    else:
        beside(values, groups, path)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        exchanged(*panel(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]))
        sys.exit()
    speed()
    luck()
    unquiet()
    power()
    pooling()
    moved()
    if len(sys.argv) > 1:
        of_panel = panel(Path(sys.argv[1]))
        accuracy(*of_panel)
        ranges(*of_panel)
