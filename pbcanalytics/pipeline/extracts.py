"""Extracts in and out again, and what is wrong with them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from pbcanalytics import intake, synthetic
from pbcanalytics.faces import review as review_page
from pbcanalytics.faces.review import Written
from pbcanalytics.intake import Explanation, GrouperInput, Loaded, Unloaded, Wishes
from pbcanalytics.intake.review import review
from pbcanalytics.pipeline.accounts import has_activity
from pbcanalytics.pipeline.stage import Progress, shelf, silent
from pbcanalytics.store import Warehouse, lent_folder
from pbcanalytics.words.errors import ExtractError, SelectionError, StoreError

Choice = Callable[[str, tuple[str, ...]], str]

DEMO_FOLDER: Final = "demo"


def demo(
    data: Path,
    *,
    n_practices: int = 20,
    years: Iterable[str] | None = None,
    seed: int = 2006,
    quiet: bool = False,
    era: str = "ntps",
    progress: Progress = silent,
) -> Path:
    """
    Write the extracts of the demonstration PCT.

    Parameters
    ----------
    data : Path
        The data folder; the extracts go to `demo/landing` in it, the answer key beside them.
    n_practices : int
        How many practices.
    years : iterable of str, optional
        Financial years, in order; those of the era unless given.
    seed : int
        The same seed gives the same files.
    quiet : bool
        Plant nothing: no growth, no creep, no errors.
    era : str
        "ntps": 2016/17 to 2018/19 with HRG4+. "pbr": 2003/04 to 2005/06 with codes of the shape of
        HRG v3.5, and an invented price list, which goes to `reference` in the data folder.
    progress : callable
        Called with the step and the share done.

    Returns
    -------
    Path
        The folder of the extracts.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    SelectionError
        If there is no such era, or its invented prices would price, or replace, somebody's own.
    """
    folder = data / DEMO_FOLDER
    if era == synthetic.PBR.name and _is_lived_in(data):
        raise SelectionError(
            f"{data} holds extracts that are not the demonstration's, and the example prices of "
            "this era would price them, so nothing was made. Name another folder with --data."
        )
    try:
        synthetic.write(
            folder,
            shelf(data),
            n_practices=n_practices,
            years=None if years is None else tuple(years),
            seed=seed,
            quiet=quiet,
            era=era,
            reference=data / "reference",
            progress=progress,
        )
    except OSError as error:
        raise StoreError(
            f"The demonstration PCT cannot be written to {folder} ({error.strerror or error}), so "
            "nothing was made. Choose another folder with --data, or free some space."
        ) from error
    return demo_extracts(data)


def _is_lived_in(data: Path) -> bool:
    """Tell whether a data folder holds activity of anybody but the demonstration PCT."""
    if not has_activity(data):
        return False
    with Warehouse.open(data, doing="the check") as warehouse:
        if not warehouse.has_rows("practices", "pct_code", synthetic.places.PCT):
            return True
        other = f"pct_code IS DISTINCT FROM '{synthetic.places.PCT}'"
        return bool(warehouse.rows(f"SELECT 1 FROM practices WHERE {other} LIMIT 1"))


def demo_extracts(data: Path) -> Path:
    """Give the folder in which the demonstration PCT's extracts are."""
    return data / DEMO_FOLDER / "landing"


def load(
    data: Path,
    files: Iterable[Path],
    wishes: Wishes | None = None,
    *,
    progress: Progress = silent,
    choose: Choice | None = None,
) -> list[Loaded]:
    """
    Load extracts into the working database; every row is accepted, or rejected with a reason.

    Parameters
    ----------
    data : Path
        The data folder.
    files : iterable of Path
        Files, or folders of which every file that may be an extract is taken.
    wishes : Wishes, optional
        What the analyst says of the files: layout, supplier, flex or freeze, year.
    progress : callable
        Called with the file and the share done.
    choose : callable, optional
        Called with a sentence and the names of layouts, or of suppliers, where a file fits
        several; gives one of them. Without it such a file is an error.

    Returns
    -------
    list of Loaded
        In the order of the files.

    Raises
    ------
    ExtractError
        If files cannot be read; the others are loaded all the same, and all are named.
    """
    wishes = wishes or Wishes()
    wanted = [
        path
        for given in files
        for path in (intake.extracts_in(given) if given.is_dir() else [given])
    ]
    if not wanted:
        raise ExtractError(
            f"There is no file of a kind that extracts have ({', '.join(intake.ENDINGS)}) in that "
            "folder, so nothing was loaded. Check the name."
        )
    done: list[Loaded] = []
    faults: list[str] = []
    if not any(path.is_file() for path in wanted):
        for path in wanted:
            try:
                intake.checksum(path)
            except ExtractError as error:
                faults.append(str(error))
        raise ExtractError("\n".join(faults))
    maps = intake.saved_maps(data)
    with Warehouse.open(data, doing="loading", create=True) as warehouse:
        intake.prepare(warehouse.con)
        for i, path in enumerate(wanted):
            progress(path.name, i / len(wanted))
            how = wishes
            while True:
                try:
                    with warehouse.scratch() as scratch:
                        done.append(
                            intake.load_file(warehouse.con, path, how, maps=maps, scratch=scratch)
                        )
                except intake.Undecided as undecided:
                    if choose is not None:
                        chosen = choose(str(undecided), undecided.choices)
                        if undecided.option == "supplier":
                            how = replace(how, supplier=chosen)
                        else:
                            how = replace(how, layout=chosen)
                        continue
                    faults.append(str(undecided))
                except ExtractError as error:
                    faults.append(str(error))
                break
    if faults:
        raise ExtractError("\n".join(faults))
    return done


def unload(data: Path, load_id: int) -> Unloaded:
    """
    Take back one load: its rows go, and what had given way to them returns.

    Parameters
    ----------
    data : Path
        The data folder.
    load_id : int
        Number of the load, as `status` lists it.

    Raises
    ------
    SelectionError
        If there is no such load, or rows of it gave way to a later one.
    """
    with Warehouse.open(data, doing="taking back a load") as warehouse:
        intake.prepare(warehouse.con)
        done = intake.unload(warehouse.con, load_id)
    if done.identities:
        Warehouse.rewrite(data)
    return done


def explain_extract(data: Path, file: Path, wishes: Wishes | None = None) -> Explanation:
    """Say which column of an extract would become what, with the maps saved in a data folder."""
    maps = intake.saved_maps(data)
    with lent_folder(data) as scratch:
        return intake.explain(file, wishes, maps=maps, scratch=scratch)


def check(
    data: Path, provider: str | None = None, supplier: str | None = None, out: Path | None = None
) -> Written:
    """
    Look over what is loaded, and write a page that can be sent back to the supplier.

    Parameters
    ----------
    data : Path
        The data folder.
    provider, supplier : str, optional
        Only what this provider sent; only the files of this supplier.
    out : Path, optional
        Where to write; `check` in the data folder if not said.

    Raises
    ------
    SelectionError, StoreError
    """
    with Warehouse.open(data, doing="the check") as warehouse:
        intake.prepare(warehouse.con)
        found = review(warehouse.con, provider=provider, supplier=supplier)
        return review_page.write(found, out or data / "check")


def grouper_input(data: Path, out: Path, financial_year: str | None = None) -> GrouperInput:
    """
    Write the episodes held as the NHS local payment grouper reads them.

    Parameters
    ----------
    data : Path
        The data folder.
    out : Path
        The file to write.
    financial_year : str, optional
        Of discharge; all years if left out.

    Raises
    ------
    SelectionError, StoreError
    """
    with Warehouse.open(data, doing="writing the grouper's input") as warehouse:
        intake.prepare(warehouse.con)
        return intake.write_grouper_input(warehouse.con, out, financial_year=financial_year)
