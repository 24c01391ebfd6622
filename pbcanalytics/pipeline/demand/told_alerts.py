"""Alerts of the latest month, raised and entered as `pbc alerts` does, for publication."""

import pandas as pd

from pbcanalytics.demand.measuring.measures import measure_of
from pbcanalytics.demand.watching.alerts import FALSE_SHARE
from pbcanalytics.faces.publishing.alerts import alert_tables, no_alerts
from pbcanalytics.pipeline.demand.measures import HeldDemand
from pbcanalytics.pipeline.demand.watching import raised
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import Table

__all__ = ["no_alerts", "told_alerts"]


def told_alerts(
    warehouse: Warehouse,
    reference: Shelf,
    held: HeldDemand,
    practices: pd.DataFrame,
    years: pd.DataFrame,
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Raise the alerts of the latest month, enter them into the ledger, and lay out what may be told.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes; its ledger is written.
    reference : Shelf
    held : HeldDemand
        What is loaded, of every PCT: practices are watched beside all others.
    practices : DataFrame, one row per practice
        Table `practices`.
    years : DataFrame
        Table `measure_years`, as it is published.
    smallest : int
        The smallest count that may be told of.

    Returns
    -------
    dict of Table to DataFrame
        The tables of ALERTED; empty where there is too little to watch.
    """
    measures = [measure_of(document) for document in measure_documents(reference).values()]
    try:
        found = raised(warehouse, held, measures)
    except SelectionError:
        return no_alerts()
    return alert_tables(
        found.watch,
        found.alerts,
        practices,
        years,
        held.specialties,
        false_share=FALSE_SHARE,
        smallest=smallest,
    )
