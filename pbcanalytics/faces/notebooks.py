"""What notebooks ask: one function a notebook, parameters in, a page out."""

import os
from pathlib import Path
from typing import Final

from pbcanalytics.faces.pages import baseline_budgets as baseline_budgets_page
from pbcanalytics.faces.pages.page import Page
from pbcanalytics.faces.parameters import resolve
from pbcanalytics.store import Published
from pbcanalytics.words.errors import ServeError

_DATA: Final = "PBC_DATA"


def published_file() -> Published:
    """
    Open the published file that notebooks read.

    It is the one in the folder that the environment variable PBC_DATA names; without it, in
    `data` of the working folder or of the folder above it, where notebooks stand.
    """
    named = os.environ.get(_DATA)
    if named:
        return Published(Path(named))
    here = Path.cwd()
    near = [d / "data" for d in (here, here.parent) if (d / "data" / "published").is_dir()]
    return Published(near[0] if near else here / "data")


def baseline_budgets(practice: str = "", financial_year: str = "", mode: str = "auto") -> Page:
    """
    Ask for the page of a practice's baseline budget.

    Parameters
    ----------
    practice : str
        Practice code; empty for the first practice.
    financial_year : str
        Budget year, "2018/19"; empty for the latest.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `strip`, `headline`, `walk`, `lines`, `practices` and
        `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or there is no such budget. A page or JupyterLab
        shows the sentence instead.
    """
    ask = resolve(mode, practice=practice, financial_year=financial_year)
    return baseline_budgets_page.page(published_file(), ask)


def folder() -> Path:
    """Give the folder of the notebooks: the project's own, or the one that was installed."""
    here = Path(__file__).resolve()
    for near in (here.parents[2] / "notebooks", here.parent / "notebooks"):
        if near.is_dir():
            return near
    raise ServeError(
        "The notebooks that belong to pbcanalytics are missing, so there is no dashboard to "
        "serve. Install the package again, or restore the folder notebooks."
    )
