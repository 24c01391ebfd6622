"""How many alerts are false and how many changes are seen, on invented series whose truth is known.

`python -m benchmarks.alerts [SEED]` draws five portfolios a case, each of 10,000 series with
season, growth, working days and a scatter of months, changes 2% of them in their last three months,
and prints what the alerts find beside a raw XmR chart and a plain test; then what estimates find of
the spread of peers and evaluations of schemes, and how long the grid of a PCT takes. What is drawn
stands in docs/methods/rates.md.

`python -m benchmarks.alerts demo N_PRACTICES SEED…` makes demonstration PCTs of these seeds, once
planted and once quiet, and prints which planted growth `pbc alerts` finds and what else it raises.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics import pipeline
from pbcanalytics.demand.charting.course import pooled_course
from pbcanalytics.demand.comparing.funnels import beyond_peers, least_detectable_ratio, peer_limits
from pbcanalytics.demand.comparing.overdispersion import cqc, shmi, spread
from pbcanalytics.demand.comparing.rates import crude, standardised_ratio
from pbcanalytics.demand.schemes.evaluation import controlled_difference, least_detectable
from pbcanalytics.demand.watching.alerts import Alerts, alerts
from pbcanalytics.pipeline.demand.watching import watch_demand
from pbcanalytics.words.working_days import days_in, months_between

Array = NDArray[np.float64]

N_SEEDS: Final = 5
N_SERIES: Final = 10_000
N_GROUPS: Final = 36
CHANGED_SHARE: Final = 0.02
DISPERSION: Final = 0.02
SEASON_SHARE: Final = 0.10
GROWTH: Final = 0.03
GROWTH_SD: Final = 0.02
LIST_SPREAD: Final = 0.4
FIRST: Final = pd.Timestamp(2015, 4, 1).date()
LAST: Final = pd.Timestamp(2018, 3, 1).date()
WINDOW: Final = 3
# Mean events a month, and the change; the first three are the goals of trends 7.3.
CASES: Final = ((20, 1.0), (50, 0.5), (200, 0.5), (20, 0.3), (5, 1.0), (1, 2.0))
RHO: Final = 0.4
MIXED_MEDIAN: Final = 8.0
SPREADS: Final = ((0.05, 20, 600), (0.1, 20, 600), (0.2, 20, 600), (0.1, 5, 60), (0, 5, 60))
SCHEMES: Final = ((50, 0.0), (200, 0.0), (50, -0.1), (50, -0.2), (200, -0.1), (200, -0.2))


@dataclass(frozen=True)
class Portfolio:
    """
    Invented series, and which of them were truly changed in the last three months.

    Attributes
    ----------
    counts : array of float, series by month
    bases : array of float, series by month
        Working days x list, known to those who look for alerts.
    groups : array of int, one per series
        Specialty and source; season and growth are a group's.
    changed : array of bool, one per series
    first_month : int
        Calendar month of the first, 1 for January.
    """

    counts: Array
    bases: Array
    groups: NDArray[np.int64]
    changed: NDArray[np.bool_]
    first_month: int


def portfolio(
    seed: int,
    mean: float | None,
    change: float,
    *,
    n_series: int = N_SERIES,
    n_groups: int = N_GROUPS,
    dispersion: float = DISPERSION,
    rho: float = 0.0,
) -> Portfolio:
    """
    Draw one; a mean of None is a mixture about MIXED_MEDIAN events a month.

    Months scatter by themselves, as gammas; or together, with correlation `rho`, as lognormals.
    """
    rng = np.random.default_rng(seed)
    months = list(months_between(FIRST, LAST))
    days = np.array([days_in(month)[0] for month in months], float)
    groups = rng.integers(0, n_groups, n_series)
    t = np.arange(len(months))
    wave = np.cos(2 * np.pi * (t - rng.uniform(0, 12, n_groups)[:, None]) / 12)
    growth = rng.normal(GROWTH, GROWTH_SD, n_groups)[:, None]
    course = (1 + SEASON_SHARE * wave) * np.exp(growth * t / 12)
    lists = np.exp(rng.normal(0, LIST_SPREAD, n_series))
    levels = mean / lists if mean else MIXED_MEDIAN * np.exp(rng.normal(0, 1.2, n_series))
    usual = (levels * lists)[:, None] * days / days.mean() * course[groups]
    changed = rng.random(n_series) < CHANGED_SHARE
    usual[changed, -WINDOW:] *= 1 + change
    if rho:
        scatter = np.exp(np.sqrt(dispersion) * correlated(rng, usual.shape, rho) - dispersion / 2)
    else:
        scatter = rng.gamma(1 / dispersion, dispersion, usual.shape) if dispersion else 1.0
    counts = rng.poisson(usual * scatter).astype(float)
    return Portfolio(counts, lists[:, None] * days, groups, changed, FIRST.month)


def correlated(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> Array:
    """Draw standard normal months, each correlated with the one before."""
    noise = rng.normal(0, 1, shape)
    for month in range(1, shape[1]):
        noise[:, month] = rho * noise[:, month - 1] + np.sqrt(1 - rho**2) * noise[:, month]
    return noise


def usual(of: Portfolio, n_months: int) -> tuple[Array, Array]:
    """Give what those who look for alerts take as usual, and how far the course may be off."""
    found, variance = of.bases.copy(), np.zeros(len(of.bases))
    for group in np.unique(of.groups):
        mine = of.groups == group
        course = pooled_course(of.counts[mine], of.bases[mine], of.first_month, n_months=n_months)
        found[mine] *= course.ratio
        variance[mine] = course.variance
    return found, variance


def raised(of: Portfolio, n_months: int) -> Alerts:
    """Raise alerts as the package does: adjusted, one family."""
    level, variance = usual(of, n_months)
    return alerts(pd.DataFrame(of.counts), level, n_months=n_months, course_variance=variance)


def raw_xmr(counts: Array) -> NDArray[np.bool_]:
    """Tell where the last point lies above or below the limits of an XmR chart of all points."""
    mean = counts.mean(axis=1)
    far = 2.66 * np.abs(np.diff(counts, axis=1)).mean(axis=1)
    return np.abs(counts[:, -1] - mean) > far


def judged(flags: NDArray[np.bool_], changed: NDArray[np.bool_]) -> tuple[int, float, float, float]:
    """Give how many flags, the share of them that are false, power, and false flags a series."""
    n = int(flags.sum())
    false = int((flags & ~changed).sum())
    return n, false / max(n, 1), float(flags[changed].mean()), false / int((~changed).sum())


def portfolio_table(
    seeds: Sequence[int], *, n_series: int = N_SERIES, n_groups: int = N_GROUPS
) -> pd.DataFrame:
    """Find the changes of every case, by each way of looking: means over seeds."""
    rows = []
    together = [(mean, change, RHO) for mean, change in CASES[:3]]
    for mean, change, rho in (*((*case, 0.0) for case in CASES), (None, 1.0, 0.0), *together):
        for seed in seeds:
            of = portfolio(seed, mean, change, n_series=n_series, n_groups=n_groups, rho=rho)
            found = {f"alerts, {n} months": raised(of, n) for n in (3, 1)}
            found["3 months, no course"] = alerts(
                pd.DataFrame(of.counts), of.bases, n_months=WINDOW
            )
            ways = {
                way: (a.table["is_alert"].to_numpy(), a.families["n_false_expected"].iloc[0])
                for way, a in found.items()
            }
            ways["raw XmR, last point"] = raw_xmr(of.counts), np.nan
            for way, (flags, expected) in ways.items():
                rows.append(
                    (mean or "mixed", change, rho, way, *judged(flags, of.changed), expected)
                )
    names = ["a month", "change", "rho", "way", "alerts", "FDR", "power", "false", "expected"]
    table = pd.DataFrame(rows, columns=names)
    return table.groupby(names[:4], sort=False).mean().reset_index()


def bias_table(seed: int, *, n_worlds: int = 300, n_units: int = 60) -> pd.DataFrame:
    """Estimate the spread of units of known spread, by each estimator."""
    rng = np.random.default_rng(seed)
    rows = []
    for tau, low, high in (
        (0.05, 20, 600),
        (0.1, 20, 600),
        (0.2, 20, 600),
        (0.1, 5, 60),
        (0, 5, 60),
    ):
        e = np.exp(rng.uniform(np.log(low), np.log(high), (n_worlds, n_units)))
        levels = rng.gamma(1 / tau**2, tau**2, e.shape) if tau else 1.0
        o = rng.poisson(e * levels).astype(float)
        found = [float(np.sqrt(spread(o, e, robust=r).tau_squared).mean()) for r in (False, True)]
        replicated = [
            scale
            * np.mean([np.sqrt(how(a, b).tau_squared) for a, b in zip(counts, e, strict=True)])
            for how, scale, counts in ((shmi, 1, np.maximum(o, 0.5)), (cqc, 2, o))
        ]
        rows.append((tau, f"{low} to {high}", *found, *replicated))
    names = ["true tau", "expected events", "moments", "moments, robust", "SHMI", "CQC x 2"]
    return pd.DataFrame(rows, columns=names)


def schemes(
    seed: int,
    mean: float,
    change: float,
    *,
    n: int,
    rho: float,
    dispersion: float,
    n_months: int = 48,
) -> list[Array]:
    """Draw worlds of a practice under a scheme and 30 others: AR(1), season, growth, counts."""
    rng = np.random.default_rng(seed)
    t = np.arange(48)
    found = []
    for _ in range(n):
        noise = correlated(rng, (31, len(t)), rho)
        level = mean * np.exp(rng.normal(0, LIST_SPREAD, (31, 1)))
        level[0] = mean
        course = (1 + SEASON_SHARE * np.cos(2 * np.pi * t / 12)) * np.exp(GROWTH * t / 12)
        expected = level * course * np.exp(np.sqrt(dispersion) * noise - dispersion / 2)
        expected[0, -12:] *= 1 + change
        found.append(rng.poisson(expected).astype(float))
    return found


def evaluated(
    worlds: Sequence[Array], n_before: int = 12, n_treated: int = 1
) -> tuple[float, float, float]:
    """Evaluate each world's scheme; give how often one is found, and the ratios told before."""
    treated = np.arange(len(worlds[0])) < n_treated
    found, fall = [], []
    for counts in worlds:
        frame = pd.DataFrame(counts)
        flat = np.ones(frame.shape[1])
        before = least_detectable(
            frame.iloc[:, :-12], flat[:-12], treated, n_before=min(n_before, 24)
        )
        effect = controlled_difference(frame, flat, treated, before, n_before=n_before)
        found.append((effect.p_share < 0.05, effect.placebo_rank == 1))
        fall.append(before.fall)
    by_p, by_rank = np.mean(found, axis=0)
    return float(by_p), float(by_rank), float(np.mean(fall))


def evaluation_table(seed: int, n: int = 1_000) -> pd.DataFrame:
    """Evaluate schemes of known effect, under kinder and rougher months."""
    rows = []
    for rho, dispersion in ((0.0, 0.02), (0.4, 0.01), (0.4, 0.02)):
        for mean, change in (
            (50, 0.0),
            (200, 0.0),
            (50, -0.1),
            (50, -0.2),
            (200, -0.1),
            (200, -0.2),
        ):
            drawn = schemes(seed, mean, change, n=n, rho=rho, dispersion=dispersion)
            by_p, by_rank, fall = evaluated(drawn)
            longer = evaluated(drawn, 36)[0]
            rows.append((rho, dispersion, mean, f"{change:.0%}", by_p, longer, by_rank, fall))
    names = ["AR(1)", "dispersion", "a month", "change", "found, 12 before", "found, 36 before"]
    return pd.DataFrame(rows, columns=[*names, "first of placebos", "detectable ratio"])


def grid_seconds(seed: int) -> dict[str, float]:
    """Time 30 measures x 12 specialties x 36 months x 20 practices. [CPU seconds]."""
    rng = np.random.default_rng(seed)
    lists = rng.uniform(2_000, 12_000, 20)
    o = rng.poisson(lists / 2_000, (30, 12, 36, 20)).astype(float)
    e = np.broadcast_to(lists / 2_000, o.shape)
    found: dict[str, float] = {}
    since = time.process_time()

    def lap(name: str) -> None:
        nonlocal since
        now = time.process_time()
        found[name], since = now - since, now

    crude(o, lists)
    lap("crude rates with 95% limits")
    standardised_ratio(o, e, confidence_share=0.998)
    lap("standardised ratios with 99.8% limits")
    of = spread(o, e, robust=True)
    lap("spread of peers, robust")
    beyond_peers(o, e, of)
    lap("verdict against peers")
    peer_limits(e, of)
    lap("limits of peers")
    least_detectable_ratio(e)
    lap("least detectable ratio")
    series = np.moveaxis(o, 2, -1).reshape(-1, o.shape[2])
    alerts(pd.DataFrame(series), np.ones(o.shape[2]))
    lap("alerts of 7,200 series")
    found["all"] = sum(found.values())
    return found


def demonstrations(n_practices: int, seeds: Sequence[int]) -> pd.DataFrame:
    """
    Raise the alerts of demonstration PCTs, and hold them against what was planted.

    Of alerts, `found` are those of planted growth of GP referrals; `followed` those of other
    measures at the same practice and specialty, which the growth led to; `others` the rest, some of
    which come of what else is planted; `unlucky` those of the practice that only had bad luck.
    """
    rows = []
    for seed in seeds:
        for quiet in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(_demonstration(Path(folder), n_practices, seed, quiet))
    return pd.DataFrame(rows)


def _demonstration(data: Path, n_practices: int, seed: int, quiet: bool) -> dict[str, Any]:
    """Make one PCT, and count its alerts."""
    extracts = pipeline.demo(data, n_practices=n_practices, seed=seed, quiet=quiet)
    key = json.loads((extracts.parent / "answer_key.json").read_text(encoding="utf-8"))
    pipeline.load(data, [extracts])
    pipeline.build(data)
    found = watch_demand(data)
    grown = {
        (one["where"]["practice"], specialty)
        for one in key["planted"]
        if one["item"] == "referral growth"
        for specialty in one["specialties"]
    }
    unlucky = {
        one["where"]["practice"] for one in key["planted"] if one["item"] == "unlucky practice"
    }
    raised = found.alerts
    pairs = zip(raised["practice_code"], raised["specialty_code"], strict=True)
    is_grown = np.array([pair in grown for pair in pairs], dtype=bool)
    is_referral = (raised["measure"] == "gp_referrals").to_numpy(bool)
    return {
        "practices": n_practices,
        "seed": seed,
        "world": "quiet" if quiet else "planted",
        "planted": len(grown),
        "found": int((is_grown & is_referral).sum()),
        "followed": int((is_grown & ~is_referral).sum()),
        "others": int((~is_grown).sum()),
        "unlucky": int(raised["practice_code"].isin(unlucky).sum()),
        "by luck": float(found.watch.families["n_false_expected"].sum()),
    }


def main() -> None:
    """Print the tables of docs/methods/rates.md and demand.md."""
    if sys.argv[1:2] == ["demo"]:
        table = demonstrations(int(sys.argv[2]), [int(seed) for seed in sys.argv[3:]])
        print(table.to_string(index=False, float_format="%.1f"))
        return
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    seeds = range(first, first + N_SEEDS)
    started = time.process_time()
    print(f"{N_SERIES:,} series, 2% changed in the last 3 of 36 months; means of {N_SEEDS}")
    for table in (portfolio_table(seeds), bias_table(first), evaluation_table(first)):
        print(table.to_string(index=False, na_rep="", float_format="%.4f"), "\n")
    for name, seconds in grid_seconds(first).items():
        print(f"{name:40} {seconds:6.2f} CPU s")
    print(f"{time.process_time() - started:.0f} CPU s in all")


if __name__ == "__main__":
    main()
