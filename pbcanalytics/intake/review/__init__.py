"""A review of what is loaded: figures only, as plain data; no words of a page."""

import datetime as dt
from dataclasses import dataclass

import duckdb

from pbcanalytics.intake.review import arrivals as arriving
from pbcanalytics.intake.review import changes as changing
from pbcanalytics.intake.review import completeness as completing
from pbcanalytics.intake.review import dates as dating
from pbcanalytics.intake.review import duplicates as doubling
from pbcanalytics.intake.review import fullness as filling
from pbcanalytics.intake.review import totals as totalling
from pbcanalytics.intake.review.listing import Listing
from pbcanalytics.intake.review.measuring import measure
from pbcanalytics.intake.review.scope import settle

__all__ = ["Review", "review"]


@dataclass(frozen=True)
class Review:
    """
    What is to be said of the files that arrived.

    Attributes
    ----------
    made_at : datetime
        When, UTC; every figure is as held then.
    provider, supplier : str or None
        Whose rows it is about; None is everybody's.
    provider_names : dict
        Code to name, of providers in the register.
    data_to : date or None
        Last month of any activity.
    listings : dict of str to Listing
        The full lists, by the name of the file that they go to; read while the database is open.
    """

    made_at: dt.datetime
    provider: str | None
    supplier: str | None
    provider_names: dict[str, str]
    data_to: dt.date | None
    arrivals: arriving.Arrivals
    completeness: completing.Completeness
    duplicates: tuple[doubling.Duplicates, ...]
    dates: tuple[dating.Misdated, ...]
    totals: totalling.Totals
    changes: changing.Changes
    fullness: filling.Fullness
    listings: dict[str, Listing]


def review(
    con: duckdb.DuckDBPyConnection,
    *,
    provider: str | None = None,
    supplier: str | None = None,
) -> Review:
    """
    Look over what is loaded.

    Parameters
    ----------
    con : DuckDBPyConnection
        The working database, with landing tables made by `intake.prepare`.
    provider : str, optional
        Only what this provider sent.
    supplier : str, optional
        Only the files of this supplier.

    Returns
    -------
    Review

    Raises
    ------
    SelectionError
        If nothing is held of that provider or supplier.
    """
    scope = settle(con, provider, supplier)
    measure(con, scope)
    arrived = arriving.arrivals(con, scope)
    complete = completing.completeness(con)
    doubles = doubling.duplicates(con, scope)
    dates = dating.misdated(con, scope)
    charges = totalling.totals(con, scope)
    changed = changing.changes(con, scope)
    names = con.execute(
        "SELECT provider_code, min(provider_name) FROM providers "
        "WHERE provider_name IS NOT NULL AND (? IS NULL OR provider_code = ?) GROUP BY ALL",
        [scope.provider, scope.provider],
    ).fetchall()
    # The last month that is sent in earnest; stray rows of later dates are told elsewhere.
    last = max((c.month for c in complete.cells if c.is_last and c.n_rows), default=None)
    return Review(
        made_at=dt.datetime.now(dt.UTC).replace(microsecond=0),
        provider=scope.provider,
        supplier=scope.supplier,
        provider_names=dict(names),
        data_to=last,
        arrivals=arrived,
        completeness=complete,
        duplicates=doubles,
        dates=dates,
        totals=charges,
        changes=changed,
        fullness=filling.fullness(con),
        listings={
            **arriving.listings(con),
            "completeness": completing.listing(complete),
            "duplicates": doubling.listing(con),
            "dates": dating.listing(con),
            "totals": totalling.listing(con),
            "changes": changing.listing(con, scope),
            "fullness": filling.listing(con),
        },
    )
