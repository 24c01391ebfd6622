"""Forecasts of a panel by other people's methods, in an environment of their own.

`python benchmarks/forecasters.py SERIES.csv FORECASTS.csv` reads what `python -m benchmarks.demand
PANEL --write SERIES.csv` wrote, and writes what `--others FORECASTS.csv` sets beside ours.
docs/performance.md says how to make the environment: statsforecast pins an older scipy than the
package uses, so neither is imported where the other is.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

MONTHS: Final = 12
LEVELS: Final = (80, 95)
"""Of the intervals. [per cent]"""

BOUNDS: Final = tuple(f"{end}_{level}" for level in LEVELS for end in ("low", "high"))
NAMES: Final = ("method", "series", "ahead", "mean", *BOUNDS, "ms_per_series")
"""Columns of what is written: a row per method, series and month ahead."""


def methods() -> dict[str, Callable[[], Any]]:
    """Give what makes each model, by the name that statsforecast gives it."""
    from statsforecast.models import AutoETS, AutoTheta, SeasonalNaive

    of: tuple[Any, ...] = (SeasonalNaive, AutoETS, AutoTheta)
    return {model.__name__: lambda m=model: m(season_length=MONTHS) for model in of}


def foretold(panel: pd.DataFrame, make: Callable[[], Any], method: str) -> pd.DataFrame:
    """
    Forecast each series by itself, with the method's own intervals.

    Parameters
    ----------
    panel : DataFrame, one row per series, a column per month
    make : callable
        Makes a model.
    method : str
        What it is called.

    Returns
    -------
    DataFrame, one row per series and month ahead
        NAMES.
    """
    rows = panel.to_numpy(float)
    # The first run of each compiles it.
    make().forecast(rows[0], MONTHS, level=list(LEVELS))
    began = time.process_time()
    made = [make().forecast(row, MONTHS, level=list(LEVELS)) for row in rows]
    took = 1_000 * (time.process_time() - began) / len(rows)
    ends = {f"{a}_{n}": np.concatenate([one[f"{b}-{n}"] for one in made])
            for n in LEVELS for a, b in (("low", "lo"), ("high", "hi"))}  # fmt: skip
    columns = {
        "method": method,
        "series": np.repeat(panel.index.to_numpy(), MONTHS),
        "ahead": np.tile(np.arange(1, MONTHS + 1), len(rows)),
        "mean": np.concatenate([one["mean"] for one in made]),
        **ends,
        "ms_per_series": took,
    }
    return pd.DataFrame(columns)[list(NAMES)]


if __name__ == "__main__":
    known = pd.read_csv(Path(sys.argv[1]), index_col="series")
    found = [foretold(known, make, method) for method, make in methods().items()]
    pd.concat(found).to_csv(Path(sys.argv[2]), index=False)
