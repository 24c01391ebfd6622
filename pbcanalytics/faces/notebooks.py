"""What notebooks ask: one function a notebook, parameters in, a page out."""

import os
from pathlib import Path
from typing import Final

from pbcanalytics.faces.pages.budgets import baseline_budgets as baseline_budgets_page
from pbcanalytics.faces.pages.budgets import budget_monitor as budget_monitor_page
from pbcanalytics.faces.pages.page import Page
from pbcanalytics.faces.pages.prices import explained_prices as explained_prices_page
from pbcanalytics.faces.pages.prices import price_of_a_stay as price_of_a_stay_page
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
    return Published(data_folder())


def data_folder() -> Path:
    """Find the data folder: the one that PBC_DATA names, else `data` near the working folder."""
    named = os.environ.get(_DATA)
    if named:
        return Path(named)
    here = Path.cwd()
    near = [d / "data" for d in (here, here.parent) if (d / "data" / "published").is_dir()]
    return near[0] if near else here / "data"


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
        `controls()` and the parts `strip`, `headline`, `walk`, `lines`, `practices`, `checklist`
        and `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or there is no such budget. A page or JupyterLab
        shows the sentence instead.
    """
    ask = resolve(mode, practice=practice, financial_year=financial_year)
    return baseline_budgets_page.page(published_file(), ask)


def budget_monitor(
    group: str = "",
    financial_year: str = "",
    month: str = "",
    scope: str = "",
    mode: str = "auto",
) -> Page:
    """
    Ask where a budget stands, why, and where the year will probably end.

    Parameters
    ----------
    group : str
        Practice code, "consortium-C01" or "pct-9E1"; empty for the first PCT.
    financial_year : str
        Budget year, "2018/19"; empty for the latest with activity.
    month : str
        What was known at the end of a month, "04" to "03"; empty for the latest held.
    scope : str
        Point of delivery; empty or "ALL" for all activity.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `strip`, `headline`, `course`, `causes`, `why`, `months`,
        `lines`, `practices`, `share` and `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for. A page or JupyterLab
        shows the sentence instead.
    """
    ask = resolve(mode, group=group, financial_year=financial_year, month=month, scope=scope)
    return budget_monitor_page.page(published_file(), ask)


def explained_prices(group: str = "", years: str = "", pod: str = "", mode: str = "auto") -> Page:
    """
    Ask for the page of what activity cost, step by step.

    Parameters
    ----------
    group : str
        Practice code, "consortium-C01" or "pct-9E1"; empty for the first PCT.
    years : str
        Year of the activity, "2018/19", or "2017/18 at 2018/19" for another year's prices; empty
        for the latest.
    pod : str
        Point of delivery; empty or "ALL" for all.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `strip`, `headline`, `walk`, `lines`, `unpriced` and
        `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for. A page or JupyterLab
        shows the sentence instead.
    """
    ask = resolve(mode, group=group, years=years, pod=pod)
    return explained_prices_page.page(published_file(), ask)


def price_of_a_stay(
    hrg: str = "",
    admission: str = "",
    days: str = "",
    provider: str = "",
    price_year: str = "",
    mode: str = "auto",
) -> Page:
    """
    Ask for the page of what a hospital stay costs and why: a stay that nobody had.

    Parameters
    ----------
    hrg : str
        HRG; empty for the example.
    admission : str
        "EL", "DC", "NEL", "NEL-child" or "NELNE"; empty for an elective stay.
    days : str
        Length of stay, "0" to "180" [days]; empty for the example's.
    provider : str
        Provider code, or "none" for the price before the market forces factor.
    price_year : str
        Year of the prices, "2018/19"; empty for the latest.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `strip`, `headline`, `days`, `ladder`, `relatives` and
        `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for. A page or JupyterLab
        shows the sentence instead.
    """
    ask = resolve(
        mode, hrg=hrg, admission=admission, days=days, provider=provider, price_year=price_year
    )
    return price_of_a_stay_page.page(published_file(), ask)


def referral_trends(
    measure: str = "",
    group: str = "",
    specialty: str = "",
    provider: str = "",
    source: str = "",
    per: str = "",
    preset: str = "",
    mode: str = "auto",
) -> Page:
    """
    Ask what changed in demand, where, since when, and how sure that is.

    Parameters
    ----------
    measure : str
        Name of a measure, "gp_referrals"; empty for GP referrals.
    group : str
        Practice code, "consortium-C01" or "pct-9E1"; empty for the first PCT.
    specialty : str
        Specialty code; empty or "ALL" for all.
    provider : str
        Provider code; empty or "ALL" for all hospitals.
    source : str
        Who asked: "gp", "consultant", "emergency_department", "other", "unknown"; empty or "ALL"
        for all. One of specialty, provider and source can be chosen at a time.
    per : str
        "registered" or "weighted": what rates are per 1,000 of; empty for registered patients.
    preset : str
        Rule set of the control chart, "nhsr_0_2_2"; empty for the first.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts that `faces.pages.referral_trends.PARTS` lists, each for display
        in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for. A page or JupyterLab
        shows the sentence instead.
    """
    # Its charts take numpy, which the kernels of other pages can do without.
    from pbcanalytics.faces.pages.demand import referral_trends as referral_trends_page

    asked = resolve(
        mode,
        measure=measure,
        group=group,
        specialty=specialty,
        provider=provider,
        source=source,
        per=per,
        preset=preset,
    )
    return referral_trends_page.page(published_file(), asked)


def code_creep(provider: str = "", root: str = "", mechanism: str = "", mode: str = "auto") -> Page:
    """
    Ask which changes of coding to ask a hospital about, what they come to, what else they may be.

    Parameters
    ----------
    provider : str
        Provider code; empty for that of the largest change.
    root : str
        Root and setting, "DZ11/RSTUV non-elective"; "ALL" for all together, empty for the largest.
    mechanism : str
        What is looked at, "cc_split" for dear classes within roots; empty for the largest change.
    mode : str
        "auto" finds out whether Voila or JupyterLab shows the page; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `strip`, `headline`, `map`, `listed`, `chosen`, `chart`,
        `severity`, `bridge`, `parts`, `explained`, `sure`, `practices`, `periods` and
        `provenance`, each for display in a cell of its own.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for. A page or JupyterLab
        shows the sentence instead.
    """
    from pbcanalytics.faces.pages.coding import code_creep as code_creep_page

    asked = resolve(mode, provider=provider, root=root, mechanism=mechanism)
    return code_creep_page.page(published_file(), asked)


def explained_spell(spell: str = "", price_year: str = "", mode: str = "auto") -> Page:
    """
    Ask why one spell costs what it costs: for an analyst with the working database, never served.

    Parameters
    ----------
    spell : str
        Key of the spell, as in the table `priced_spells`; empty for an instructive one.
    price_year : str
        At the prices of which year; empty for those that count in totals.
    mode : str
        "auto" finds out whether JupyterLab shows it; a batch run says "batch".

    Returns
    -------
    Page
        `controls()` and the parts `headline`, `ladder`, `chosen` and `provenance`.

    Raises
    ------
    ServeError
        Under Voila: what is served holds no rows about people (law 5).
    PbcError
        In a batch run: if nothing was priced, or there is no such spell. JupyterLab shows the
        sentence instead.
    """
    # Whoever reads, the page must not be one that is served: asked before anything is opened.
    ask = resolve(mode, spell=spell, price_year=price_year)
    if ask.mode == "voila":
        raise ServeError(
            "This notebook shows rows about people, so it is not served as a page. Open it in "
            "JupyterLab, on the machine that holds the working database."
        )
    from pbcanalytics.faces.pages.prices import explained_spell as explained_spell_page

    return explained_spell_page.page(data_folder(), ask)


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
