"""Who is named in a comparison: every practice, or the reader's own and letters for the others."""

from collections.abc import Callable
from string import ascii_uppercase

from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.store import Published

EXPLAINED = (
    "Other practices are lettered, anew in every figure and table, until the practices agree to be "
    "named to one another."
)


def named_as(published: Published, v: TrendView) -> Callable[[str], str]:
    """
    Give what practices are called in one figure.

    Parameters
    ----------
    published : Published
        The published file; it says whether the compact opens names.
    v : TrendView

    Returns
    -------
    callable
        From a practice's code to what it is called: its name where names are open or it is the
        one whose page this is, else a letter, in the order in which practices are asked for. Take
        another for the next figure, so that nobody is known by his letter.
    """
    of, names = v.group, _names(published) if are_named(published) else {}
    if of["group_kind"] == "practice":
        names[str(of["group_code"])] = str(of["group_name"])
    letters: dict[str, str] = {}

    def named(code: str) -> str:
        if code in names:
            return whose.named("practice", code, names[code])
        return letters.setdefault(code, f"Practice {letter(len(letters))}")

    return named


def are_named(published: Published) -> bool:
    """Tell whether the compact opens names; what does not say so does not."""
    return published.about().get("practices_named") is True


def _names(published: Published) -> dict[str, str]:
    """Give the names of practices by code."""
    rows = published.rows(
        "SELECT DISTINCT group_code, group_name FROM measure_groups "
        "WHERE group_kind = 'practice' ORDER BY ALL"
    )
    return {str(r["group_code"]): str(r["group_name"]) for r in rows}


def letter(n: int) -> str:
    """
    Give the letters of the n-th practice, from 0.

    Examples
    --------
    >>> letter(0), letter(25), letter(26), letter(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    found = ascii_uppercase[n % 26]
    while n := n // 26:
        n -= 1
        found = ascii_uppercase[n % 26] + found
    return found
