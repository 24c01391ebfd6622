"""Prices that SUS supplied beside ours, and the step that explains each difference (domain 7.2)."""

from dataclasses import dataclass

from pbcanalytics.costing.chain import Engine


@dataclass(frozen=True)
class Supplied:
    """
    Spells whose difference one step explains.

    Attributes
    ----------
    explained_by : str
        `none` where the prices are equal; `hrg`, `base`, `long_stay`, `mff`; `other` where those
        agree and the sums do not; `no_price_of_ours`.
    n_spells : int
    supplied_pence, price_pence : int
        Theirs, and ours where there is one [pence].
    """

    explained_by: str
    n_spells: int
    supplied_pence: int
    price_pence: int


def supplied(engine: Engine) -> list[Supplied]:
    """
    Sum the supplied prices and ours by what explains their difference.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes.

    Returns
    -------
    list of Supplied, one per explanation; empty where no prices were supplied
    """
    found = engine.frame(
        "SELECT explained_by, COUNT(*) AS n, CAST(SUM(supplied_pence) AS BIGINT) AS theirs, "
        "CAST(COALESCE(SUM(price_pence), 0) AS BIGINT) AS ours "
        "FROM supplied_prices GROUP BY explained_by ORDER BY explained_by"
    ).to_dict("records")
    return [
        Supplied(str(r["explained_by"]), int(r["n"]), int(r["theirs"]), int(r["ours"]))
        for r in found
    ]
