"""Forecasts of a measure that add up: practice by specialty and source, up to the PCT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.charting.course import dispersion
from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.forecasting.coherent import Crossed, crossed_up, on_grid
from pbcanalytics.demand.forecasting.conformal import LEAST_IN_BAND, LEVELS
from pbcanalytics.demand.forecasting.conformal import SIZES as LARGE_SIZES
from pbcanalytics.demand.forecasting.counted import HORIZON, Bottom, bottom_of
from pbcanalytics.demand.forecasting.pooled import (
    LEAST_FOR_INTERVALS,
    LEAST_MONTHS,
    SIZES,
    ends,
    left_out,
    predicted,
    tails_of,
)
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import ALL, Sums

SERIES: Final = "series"
"""The level of practice by specialty by source, from which all others are added up."""

POOLED: Final = "pooled"
SAME_MONTH: Final = "same_month"
"""Ways to forecast: ours, and repeating the same month of the year before."""

RECORDED: Final = (
    *("level", "size_from", "method", "n_series", "n_months", "wape", "bias"),
    *(f"coverage_{level}" for level in LEVELS),
)
"""Columns of a record."""

_PARTS: Final = ("", "_specialty", "_source")
_NODE: Final = ("kind", "code", "specialty_code", "source")
_SUM_SIZES: Final = (*SIZES, *LARGE_SIZES)
# What all of a PCT may do together in a year beyond its learnt growth: 3% (as in `course`).
_SHARED_SD_A_YEAR: Final = 0.03

Intervals = dict[int, tuple[Array, Array]]

Members = Mapping[tuple[str, str], Sequence[str]]
"""Kind and code of groups, with the codes of their practices."""


@dataclass(frozen=True)
class Origin:
    """
    Forecasts as of one month, of a node a row; the last column is the sum of the months.

    Attributes
    ----------
    mean : array of float
        [events]
    tau : array of float
        Dispersions of the negative binomials.
    tails : array of float
        As `pooled.tails_of` gives them; empty where nothing came yet.
    came : array of float, node by month
        [events]
    """

    mean: Array
    tau: Array
    tails: Array
    came: Array


@dataclass(frozen=True)
class Foreseen:
    """
    Forecasts of a measure's counts that add up.

    Attributes
    ----------
    measure : Measure
    ahead : DatetimeIndex
        The months forecast.
    nodes : DataFrame, one row per sum, the series themselves last
        `level`, `kind` and `code` of the group, `specialty_code` and `source` (ALL for all),
        `patients`: of the practices that are forecast, as last held.
    counts : array of float, node by month
        What was counted. [events]
    point : array of float, node by month ahead
        To 1/1024, so that sums are exact. [events]
    origins : tuple of Origin
        Of now, of a year ago and of the year before, as far as there are months.
    record : DataFrame, one row per level, size band and way
        How the forecasts of a year ago turned out: `level`, `size_from` (events a month at which
        the band begins; missing for all sizes), `method`, `n_series`, `n_months`, `wape`, `bias`,
        `coverage_80`, `coverage_95`. [share]
    """

    measure: Measure
    ahead: pd.DatetimeIndex
    nodes: pd.DataFrame
    counts: Array
    point: Array
    origins: tuple[Origin, ...]
    record: pd.DataFrame


def foreseen(
    cube: Cube,
    sums: Sums,
    members: Members,
    *,
    is_whole: bool = False,
    horizon: int = HORIZON,
) -> Foreseen | None:
    """
    Forecast a rate's counts by practice, specialty and source, and add them up.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of the measure, which must be a rate.
    members : mapping of kind and code to sequence of str
        Practices of each group.
    is_whole : bool
        Give each practice by specialty and by source too.
    horizon : int
        Months ahead, 1 to 12.

    Returns
    -------
    Foreseen or None
        None where no practice with a list has a year of known months, one of them of the last
        three, and for days, which come several at a time.

    Notes
    -----
    Means are those of `pooled_forecast`: what a specialty and source share, and each practice's
    level. Series err by themselves, and together where season or growth of a specialty, or of all,
    turn out otherwise; what that leaves out is measured (`intervals`).
    """
    of = None if sums.measure.numerator.counts_days else bottom_of(cube, sums)
    if of is None:
        return None
    nodes, tree = _tree(of, members, is_whole)
    levels = nodes["level"].to_numpy(str)
    n = len(of.days) - HORIZON
    origins = tuple(
        _origin(of, levels, tree, n - back, HORIZON if back else horizon)
        for back in (0, MONTHS, 2 * MONTHS)
        if n - back >= LEAST_MONTHS
    )
    n_series = of.counts.shape[0] * of.counts.shape[1]
    point = on_grid(origins[0].mean[-n_series:, :-1]).reshape(*of.counts.shape[:2], -1)
    counts = crossed_up(tree, of.counts)
    return Foreseen(
        measure=sums.measure,
        ahead=pd.date_range(cube.months[-1], periods=horizon + 1, freq="MS")[1:],
        nodes=nodes,
        counts=counts,
        point=crossed_up(tree, point),
        origins=origins,
        record=_record(nodes, counts, origins),
    )


def intervals(found: Foreseen, which: NDArray[np.bool_] | None = None) -> Intervals:
    """
    Say how far off forecasts may be, by how those of a year ago turned out.

    Parameters
    ----------
    found : Foreseen
    which : array of bool, node, optional
        Of these nodes only; of all where not given.

    Returns
    -------
    dict of int to pair of arrays
        By level [per cent]: lower and upper end, node by month ahead, and the sum of the months in
        the last column; empty with less than 24 months. [events]
    """
    which = np.ones(len(found.nodes), dtype=bool) if which is None else which
    if len(found.origins) < 2:
        return {}
    now, then = found.origins[:2]
    blocks = _blocks(found.nodes)
    return {
        level: ends(now.mean[which], now.tau[which], _shares(now, then, blocks, level)[which])
        for level in LEVELS
    }


def _tree(of: Bottom, members: Members, is_whole: bool) -> tuple[pd.DataFrame, Crossed]:
    """Lay out what is added up: each group, by specialty and by source; the series last."""
    parts = [(0, ALL, ALL, np.ones(len(of.sources), dtype=bool))]
    for by, names in ((1, of.specialties), (2, of.sources)):
        every = np.unique(names)
        of_part = [(str(n), ALL) if by == 1 else (ALL, str(n)) for n in every]
        if len(every) > 1:
            parts += [(by, *of, names == n) for of, n in zip(of_part, every, strict=True)]
    groups = {key: np.isin(of.practices, list(own)) for key, own in members.items()}
    groups = {key: inside for key, inside in groups.items() if inside.any()}
    held = _last_held(of.patients)
    rows = [
        (kind + _PARTS[by], kind, code, specialty, source, float(held[inside].sum()))
        for (kind, code), inside in groups.items()
        for by, specialty, source, _ in parts
    ]
    each = list(zip(of.specialties, of.sources, strict=True))
    rows += [
        (SERIES, "practice", practice, str(s), str(r), float(n))
        for practice, n in zip(of.practices, held, strict=True)
        for s, r in each
    ]
    nodes = pd.DataFrame(rows, columns=["level", *_NODE, "patients"])
    kept = np.array(is_whole | ~nodes["level"].isin([f"practice{p}" for p in _PARTS[1:]]))
    tree = Crossed(
        np.array(list(groups.values()), dtype=float),
        np.array([inside for *_, inside in parts], dtype=float),
        kept,
    )
    return nodes[kept].reset_index(drop=True), tree


def _last_held(patients: Array) -> Array:
    """Give the latest list that is known of each practice."""
    there = ~np.isnan(patients)
    last = patients.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    return np.asarray(np.where(there.any(axis=1), patients[np.arange(len(patients)), last], np.nan))


def _origin(
    of: Bottom, levels: NDArray[np.str_], tree: Crossed, n_known: int, horizon: int
) -> Origin:
    """Forecast all nodes as of a month, by what was known then."""
    shape = of.counts.shape[:2]
    known, came = (
        of.counts[..., part] for part in (slice(n_known), slice(n_known, n_known + horizon))
    )
    lists = of.patients[:, :n_known]
    lists = np.hstack([lists, np.repeat(_last_held(lists)[:, None], horizon, axis=1)])
    exposure = lists * of.days[: n_known + horizon]
    _, course = np.unique(of.specialties, return_inverse=True)
    made = predicted(
        known.reshape(-1, n_known),
        np.repeat(exposure, shape[1], axis=0),
        np.tile(np.arange(shape[1]), shape[0]),
        np.tile(course, shape[0]),
        of.first_month,
    )
    months = made.mean[:, :-1]
    if came.shape[-1]:
        # What came of some series only is held against what was forecast of these.
        months = np.where(np.isnan(came.reshape(months.shape)), np.nan, months)
    months, fitted, own, doubt, scatter = (
        a.reshape(*shape, -1) for a in (months, made.fitted, made.own, made.doubt, made.scatter)
    )
    mean = crossed_up(tree, months)
    mean = np.hstack([mean, mean.sum(axis=1, keepdims=True)])
    squared = np.where(mean > 0, mean, 1) ** 2
    each = np.concatenate([months, months.sum(axis=2, keepdims=True)], axis=2)
    apart = crossed_up(tree, each**2 * own) / squared
    together = _together(tree, each * np.sqrt(doubt), course)
    steps = np.arange(1, horizon + 1) / MONTHS
    shared = (_SHARED_SD_A_YEAR * np.append(steps, steps.mean())) ** 2
    counts, usual = (
        crossed_up(tree, known),
        crossed_up(tree, np.where(np.isnan(known), np.nan, fitted)),
    )
    noise = crossed_up(tree, scatter)[:, 0]
    for level in np.unique(levels):
        if level != SERIES:
            noise[levels == level] = dispersion(
                counts[levels == level], np.nan_to_num(usual[levels == level])
            ) / _left_by_season(n_known, int((levels == level.split("_")[0]).sum()))
    of_month = np.append(np.ones(horizon), 1 / horizon)
    tau = apart + together / squared + noise[:, None] * of_month
    tau += shared * (levels != SERIES)[:, None]
    held = crossed_up(tree, came) if came.shape[-1] else np.empty((len(mean), 0))
    return Origin(mean, tau, tails_of(held, mean, tau) if held.size else held, held)


def _left_by_season(n_known: int, n_groups: int) -> float:
    """
    Give the share of the scatter of months that is left beside a season learnt from them.

    Eleven months of the year were fitted to the total, so that it lies closer to its fit than to
    what comes. Of several groups each takes its part of that.
    """
    return 1 - (MONTHS - 1) / n_known / n_groups if n_known >= LEAST_FOR_INTERVALS else 1


def _together(tree: Crossed, doubtful: Array, course: NDArray[np.int64]) -> Array:
    """Give the variance of a specialty's season and growth: those of all its series are one."""
    n, flat = doubtful.shape[-1], np.nan_to_num(doubtful)
    split = tree.parts[:, None, :] * (course == np.arange(course.max() + 1)[:, None])
    groups = np.tensordot(tree.groups, flat, 1)
    by_course = split.reshape(-1, split.shape[-1]) @ groups
    sums = (by_course**2).reshape(len(groups), *split.shape[:2], n).sum(axis=2)
    return np.vstack([sums.reshape(-1, n), (flat**2).reshape(-1, n)])[tree.kept]


def _blocks(nodes: pd.DataFrame) -> list[tuple[NDArray[np.bool_], tuple[float, ...], bool]]:
    """Say whose errors are alike: of sums, of parts of practices, of series; with sizes."""
    levels = nodes["level"].to_numpy(str)
    is_series = levels == SERIES
    is_part = np.isin(levels, [f"practice{p}" for p in _PARTS[1:]])
    return [
        (~is_series & ~is_part, _SUM_SIZES, True),
        (is_part, _SUM_SIZES, False),
        (is_series, SIZES, False),
    ]


def _shares(
    ahead: Origin,
    then: Origin,
    blocks: Sequence[tuple[NDArray[np.bool_], tuple[float, ...], bool]],
    level: int,
) -> Array:
    """Give what to leave out at each end."""
    share = np.full(ahead.mean.shape, np.nan)
    for of, sizes, is_capped in blocks:
        if of.any():
            share[of] = left_out(ahead.mean[of], then.mean[of], then.tails[of], level, sizes)
            if is_capped:
                # All sums of a year err alike: a year that went well does not make them surer
                # than the model is.
                share[of] = np.minimum(share[of], (1 - level / 100) / 2)
    return share


def _record(nodes: pd.DataFrame, counts: Array, origins: Sequence[Origin]) -> pd.DataFrame:
    """Hold the forecasts of a year ago against what came, by level and size."""
    if len(origins) < 2:
        return pd.DataFrame(columns=list(RECORDED))
    then = origins[1]
    before = counts[:, -2 * MONTHS : -MONTHS]
    made = {POOLED: then.mean[:, :-1], SAME_MONTH: before}
    held = ~np.isnan(then.came) & ~np.isnan(before) & ~np.isnan(made[POOLED])
    inside = {}
    if len(origins) > 2:
        for level in LEVELS:
            share = _shares(then, origins[2], _blocks(nodes), level)
            inside[level] = then.tails[:, :-1] >= share[:, :-1]
    sizes = np.searchsorted(_SUM_SIZES, then.mean[:, -1] / MONTHS, side="right")
    levels = nodes["level"].to_numpy(str)
    rows = []
    for level in dict.fromkeys(levels.tolist()):
        mine = levels == level
        bands = [(np.nan, mine)]
        of_size = [(b, mine & (sizes == b)) for b in np.unique(sizes[mine])]
        if len(of_size) > 1:
            bands += [((0.0, *_SUM_SIZES)[b], i) for b, i in of_size if i.sum() >= LEAST_IN_BAND]
        for size, which in bands:
            cells = held & which[:, None]
            total = float(then.came[cells].sum())
            n = int(cells.any(axis=1).sum()), int(cells.sum())
            for method, forecast in made.items() if total else ():
                error = (forecast - then.came)[cells]
                off = float(np.abs(error).sum()) / total, float(error.sum()) / total
                is_ours = inside and method == POOLED
                covered = [float(inside[k][cells].mean()) if is_ours else np.nan for k in LEVELS]
                rows.append((level, size, method, *n, *off, *covered))
    return pd.DataFrame(rows, columns=list(RECORDED))
