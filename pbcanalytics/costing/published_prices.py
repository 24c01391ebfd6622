"""What a stay of each HRG costs at the prices and rules of each year: a price list for readers."""

import pandas as pd

from pbcanalytics.costing.chain import Engine, model


def hrg_prices(engine: Engine) -> pd.DataFrame:
    """
    Gather what the price of a hospital stay is made of, for every HRG.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes.

    Returns
    -------
    DataFrame, one row per price year, HRG and kind of admission with a price
        `price_year`, `hrg`, `hrg_name`, `root`, `pod`; `base_pence`, `short_stay_pence` (what a
        short emergency stay adds, negative) and `long_stay_per_day_pence` [pence];
        `trim_point_days` and `short_stay_longest_days` [days]; `short_stay_youngest_years` [years];
        `mff_applies`; and why stays, short ones or long ones have no price, where they have none.
    """
    select = model("hrg_prices")
    if "root" not in engine.frame("SELECT * FROM tariff LIMIT 0").columns:
        # A user's own price list may have codes and prices only; of HRG4+ four places are the root.
        select = select.replace("t.root", "LEFT(t.hrg, 4) AS root")
    return engine.frame(f"{select}\nORDER BY price_year, hrg, pod")
