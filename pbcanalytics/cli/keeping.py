"""A table kept as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from pbcanalytics.words.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd


def keep(table: "pd.DataFrame", path: Path) -> None:
    """
    Write a table as CSV.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    try:
        table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror or error}), so the table was not kept. "
            "Choose another place with --csv."
        ) from error
