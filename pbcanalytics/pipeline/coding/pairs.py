"""The table of HRGs that belong together, written from the names of a price list to be edited."""

from pathlib import Path

from pbcanalytics.creep.families import pairs_by_name
from pbcanalytics.reference.creep_pairs import FROM_NAMES, keep_creep_pairs
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError, StoreError


def write_pairs(data: Path) -> tuple[Path, int, int]:
    """
    Write what the names of HRG v3.5 say belongs together into a table that is read from then on.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    tuple of Path, int and int
        The file; the HRGs in it; the roots of several HRGs.

    Raises
    ------
    StoreError
        If nothing was priced yet, or the table cannot be written.
    SelectionError
        If no HRG of v3.5 has a price, or there is a table already.
    """
    with Warehouse.open(data, doing="listing HRGs that belong together") as warehouse:
        if not warehouse.has("tariff"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so no list of HRGs is held. Run "
                "'pbc build' first."
            )
        tariff = warehouse.frame(
            "SELECT hrg, name, non_elective_pence, elective_pence, financial_year FROM tariff "
            "ORDER BY financial_year DESC"
        )
    pairs = pairs_by_name(tariff)
    if pairs.empty:
        raise SelectionError(
            "No HRG of version 3.5 (E35) has a price in any year held, and those of HRG4 (DZ11A) "
            "tell by their codes what belongs together, so no table was written."
        )
    year = tariff.drop_duplicates("hrg").set_index("hrg")["financial_year"]
    pairs["status"] = FROM_NAMES
    pairs["source"] = "names of the price list of " + pairs["hrg"].map(year).astype(object)
    n_roots = int((pairs["root"].value_counts() > 1).sum())
    return keep_creep_pairs(data, pairs), len(pairs), n_roots
