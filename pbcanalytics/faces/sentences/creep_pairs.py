"""What is said of the table of HRGs that belong together, once it is written."""

from pathlib import Path


def written(path: Path, n_hrgs: int, n_roots: int) -> list[str]:
    """
    Say where the table is, what stands in it, and how it is edited.

    Parameters
    ----------
    path : Path
    n_hrgs, n_roots : int
        HRGs in it, and roots of several HRGs.

    Returns
    -------
    list of str
        A sentence or two each.
    """
    return [
        f"{n_hrgs:,} HRGs of version 3.5 are listed in {path}; by their names, {n_roots:,} roots "
        "have several.",
        "Names are all that tells so far. Look at each root: HRGs that differ only by "
        "complications or age share one, an HRG that belongs to no other is its own root. Put your "
        "authority into status and source.",
        "From now on the table is used as it stands: run 'pbc creep' again after each change.",
    ]
