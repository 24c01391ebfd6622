"""The search as a step among others: where the data are too few, the other steps go on."""

from pathlib import Path

from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.pipeline.coding.creep import find_creep
from pbcanalytics.store import Published
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError


def search_if_possible(data: Path) -> str | None:
    """
    Look for code creep and keep what is found.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    str or None
        Why there was nothing to look through: too short a history, or too few stays.

    Raises
    ------
    StoreError
        If nothing was priced yet.
    ReferenceGap
        As in `find_creep`.
    """
    try:
        find_creep(data)
    except SelectionError as why:
        return str(why)
    return None


def lacks_search(data: Path) -> bool:
    """
    Tell whether a history long enough was published without a search since the last build.

    Parameters
    ----------
    data : Path
        The data folder.

    Raises
    ------
    StoreError
        If nothing was published.
    """
    published = Published(data)
    try:
        held = published.rows(f"SELECT is_searched, n_months FROM {tables.CODED_SEARCH.name}")
    finally:
        published.close()
    return any(not one["is_searched"] and one["n_months"] > BASELINE_MONTHS for one in held)
