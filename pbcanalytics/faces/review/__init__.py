"""A review as a page to print and send back, and as files for a spreadsheet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review.exporting import whole, write_csv
from pbcanalytics.faces.review.page import page, summary
from pbcanalytics.words.errors import StoreError

if TYPE_CHECKING:
    from pbcanalytics.intake.review import Review

__all__ = ["PAGE", "Written", "write"]

PAGE: Final = "check.html"


@dataclass(frozen=True)
class Written:
    """Where a review was written, each file with its number of rows, and what it says in short."""

    folder: Path
    files: dict[str, int]
    summary: tuple[str, ...]


def write(review: "Review", folder: Path) -> Written:
    """
    Write the page and the lists, each file whole.

    Parameters
    ----------
    review : Review
        Its listings are read now, so its database has to be open.
    folder : Path
        Made if it is not there; files of the same names are replaced.

    Raises
    ------
    StoreError
        If the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = {
            f"{name}.csv": write_csv(folder / f"{name}.csv", listing)
            for name, listing in review.listings.items()
        }
        with whole(folder / PAGE) as out:
            out.write(page(review))
    except OSError as error:
        raise StoreError(
            f"The check cannot be written to {folder} ({error.strerror or error}). Nothing that is "
            "loaded has changed. Choose another folder with --out, or close the files that are "
            "open in a spreadsheet."
        ) from error
    return Written(folder, files, tuple(summary(review)))
