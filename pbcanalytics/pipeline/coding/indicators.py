"""Indicators of coding from what is loaded and priced, and what the others lack."""

from pathlib import Path

import pandas as pd

from pbcanalytics.costing.chain import model
from pbcanalytics.creep.indicator_years import MONTHS, compared
from pbcanalytics.creep.indicators import Indicators, search_counts
from pbcanalytics.creep.preparing import months_held, prepare
from pbcanalytics.demand.comparing.limits import wilson_limits
from pbcanalytics.pipeline.coding.preparing import (
    TARIFF,
    closing,
    of_held,
    prepared_from,
    successors,
)
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference.creep_pairs import creep_pairs
from pbcanalytics.reference.indicators import indicator_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError, StoreError


def find_indicators(data: Path, provider: str | None = None) -> Indicators:
    """
    Count every indicator that the data allow, and name the others with what they lack.

    Parameters
    ----------
    data : Path
        The data folder.
    provider : str, optional
        Give the rows of one provider only; its place among all stays.

    Returns
    -------
    Indicators

    Raises
    ------
    StoreError
        If nothing was priced yet.
    SelectionError
        If no finished stay is loaded, or there is no such provider.
    ReferenceGap
        With every fault of every document.
    """
    documents = indicator_documents(shelf(data))
    with Warehouse.open(data, doing="counting indicators of coding") as warehouse:
        if not warehouse.has("priced_spells"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so no class can be told. Run "
                "'pbc build' first."
            )
        spells = warehouse.frame(model("creep_spells"))
        if spells.empty:
            raise SelectionError(
                f"No finished hospital stay with an HRG is loaded into {data}, so there is nothing "
                "to count. Load admitted patient care ('pbc load') and run 'pbc build'."
            )
        by_classes, why_not = _of_classes(warehouse, spells)
        counts = pd.concat([_by_model(warehouse), by_classes], ignore_index=True)
        closed = closing(warehouse)
    last_month = months_held(spells["month"])[-1]
    every = compared(counts, documents, last_month, wilson_limits)
    rows = every if provider is None else _of_provider(every, provider)
    order = {name: place for place, name in enumerate(documents)}
    places = rows.assign(place_of=rows["indicator"].map(order))
    rows = places.sort_values(["place_of", "provider_code"], ignore_index=True)
    gaps = {
        name: (one["counted_by"] == "search" and why_not) or str(one["needs"])
        for name, one in documents.items()
        if name not in set(rows["indicator"])
    }
    return Indicators(
        documents,
        rows.drop(columns="place_of"),
        gaps,
        last_month,
        provider,
        of_held(closed, pd.date_range(end=last_month, periods=MONTHS, freq="MS")),
    )


def _by_model(warehouse: Warehouse) -> pd.DataFrame:
    """Count what the model counts; the history of providers that merged is added up."""
    counts = warehouse.frame(model("indicator_counts"))
    became = successors(warehouse)
    for _ in became:
        counts["provider_code"] = counts["provider_code"].replace(became)
    return counts.astype(dict.fromkeys(("n_upper", "n_lower", "n_square"), "float64"))


def _of_classes(warehouse: Warehouse, spells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Count what rests on dear classes, and say why no severity can be followed, if so."""
    tariff = warehouse.frame(TARIFF)
    try:
        return search_counts(prepared_from(warehouse, spells), tariff), ""
    except SelectionError as error:
        pairs = creep_pairs(warehouse.path.parent, set(tariff["hrg"]))
        prepared = prepare(spells, tariff, pairs=pairs, successors=successors(warehouse))
        return search_counts(prepared, tariff), str(error)


def _of_provider(rows: pd.DataFrame, provider: str) -> pd.DataFrame:
    """Leave the rows of one provider; its place among all stays."""
    mine = rows[rows["provider_code"] == provider]
    if mine.empty:
        raise SelectionError(
            f"Provider {provider} has nothing to count in the latest twelve months. Those that "
            f"have are: {', '.join(sorted(set(rows['provider_code'])))}."
        )
    return mine
