"""Which layout a file has, by its headings; where two fit, the choice is asked for."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pbcanalytics.intake.layouts.layout import Field, Layout, plain
from pbcanalytics.words.errors import ExtractError

_ALIKE: Final = 0.75
"""How alike two headings must be (difflib's ratio) for one to be proposed for the other."""

_NEAR: Final = 0.8
"""A layout that uses fewer of a file's headings than this share of the best's is no rival."""

_NEAREST: Final = 3
"""So many layouts are named for a file that is none."""

_MOST_LACKING: Final = 4
"""More missing columns of such a layout are counted, not named."""

_PRICES: Final = ("MFF", "MARKETFORCES", "TARIFF", "HRGCODE")
"""What headings of price lists hold, in letters and figures only."""


class Undecided(ExtractError):
    """
    A file fits several layouts, or the maps of several suppliers.

    Attributes
    ----------
    choices : tuple of str
        Their names.
    option : str
        What must be said, `layout` or `supplier`.
    """

    def __init__(
        self,
        message: str,
        choices: tuple[str, ...],
        option: Literal["layout", "supplier"] = "layout",
    ) -> None:
        super().__init__(message)
        self.choices = choices
        self.option = option


@dataclass(frozen=True)
class Score:
    """How well a layout fits a file: headings used of those there, and what is missing."""

    layout: Layout
    used: frozenset[str]
    missing: tuple[Field, ...]


def scores(headings: Sequence[str], layouts: Sequence[Layout]) -> list[Score]:
    """Score layouts against the headings of a file, the best first."""
    found = [Score(a, frozenset(a.used(headings)), tuple(a.missing(headings))) for a in layouts]
    return sorted(found, key=_distance)


def recognise(
    file: str, headings: Sequence[str], layouts: Sequence[Layout], wanted: str = ""
) -> Layout:
    """
    Find the layout of a file by its headings.

    Parameters
    ----------
    file : str
        Name of the file, for the message.
    headings : sequence of str
        The first line of the file, in order; case, blanks and punctuation do not matter.
    layouts : sequence of Layout
        Saved maps first; of two that fit equally, a map goes before what it was made from.
    wanted : str
        Name of a layout to take, whatever others fit.

    Returns
    -------
    Layout
        The layout whose needed headings are all there; of several, the one that uses most.

    Raises
    ------
    Undecided
        If two fit and neither explains all that the other does.
    ExtractError
        If none fits; the message names the nearest, every column that it misses, and headings
        that look like them. If two headings that would be used differ in punctuation only.
    """
    known = [a for a in layouts if not wanted or a.name == wanted]
    if not known:
        names = ", ".join(sorted({a.name for a in layouts}))
        raise ExtractError(
            f"'{wanted}' is no layout, so nothing of {file} was loaded. The layouts: {names}."
        )
    ranked = scores(headings, known)
    best = ranked[0]
    if not wanted and not best.missing and not best.layout.submitter:
        _not_prices(file, [h for h in headings if h not in best.used])
    if best.missing:
        raise _none_fits(file, headings, ranked, wanted)
    rivals = [s for s in ranked[1:] if _is_rival(s, best)]
    if rivals and not wanted:
        choices = tuple(dict.fromkeys(s.layout.name for s in (best, *rivals)))
        said = "; ".join(
            f"{s.layout.name} ({s.layout.title}; {len(s.used)} of {len(headings)} headings used)"
            for s in (best, *rivals)
        )
        raise Undecided(
            f"{file} fits more than one layout: {said}. Nothing of it was loaded. Say which with "
            f"--as, for example --as {choices[0]}.",
            choices,
        )
    for f in best.layout.fields:
        _one_heading_each(file, f.found_in(headings))
    return best.layout


def proposals(headings: Sequence[str], layout: Layout) -> dict[str, str]:
    """
    Propose, for each field that a file lacks, an unused heading that looks like it.

    Returns
    -------
    dict of str to str
        Column to heading; nothing is used without somebody's consent.
    """
    free = {plain(h): h for h in headings if h not in layout.used(headings)}
    found: dict[str, str] = {}
    for f in layout.missing(headings):
        wanted = [plain(name) for name in (f.column, *f.headings)]
        near = [
            (difflib.SequenceMatcher(None, name, have).ratio(), have)
            for name in wanted
            for have in free
        ]
        if near and max(near)[0] >= _ALIKE:
            found[f.column] = free.pop(max(near)[1])
    return found


def _is_rival(score: Score, best: Score) -> bool:
    """Tell whether a layout explains headings that the best does not, or the same ones."""
    if score.missing or score.layout.name == best.layout.name:
        return False
    near = len(score.used) >= _NEAR * len(best.used)
    return near and (score.used == best.used or not score.used <= best.used)


def _distance(score: Score) -> tuple[float, int]:
    """Order layouts: share of the needed columns that is missing, then headings used."""
    needed = sum(f.required for f in score.layout.fields)
    return (len(score.missing) / needed if needed else 1.0, -len(score.used))


def _not_prices(file: str, headings: Sequence[str]) -> None:
    """Send a price list where it belongs; what seems a register and has prices is one."""
    if any(word in plain(h) for h in headings for word in _PRICES):
        raise ExtractError(
            f"{file} looks like prices or market forces factors, judging by its headings; nothing "
            "of it was loaded. Those are reference data: read them with 'pbc tariff import FILE "
            "--year 2018/19', naming their year."
        )


def _one_heading_each(file: str, found: Sequence[str]) -> None:
    """Refuse two headings of a file that would both be read as the same name of a column."""
    names: dict[str, str] = {}
    for heading in found:
        other = names.setdefault(plain(heading), heading)
        if other != heading:
            raise ExtractError(
                f"{file} has the columns '{other}' and '{heading}', which mean the same, so it is "
                "not clear which to use; nothing of it was loaded. Rename or remove one of them."
            )


def _none_fits(
    file: str, headings: Sequence[str], ranked: Sequence[Score], wanted: str
) -> ExtractError:
    nearest = ranked[0]
    needed = sum(f.required for f in nearest.layout.fields)
    if [f.column for f in nearest.missing] == ["financial_year"]:
        return ExtractError(
            f"{file} looks like {nearest.layout.title}, but does not say which financial year it "
            "is for; nothing of it was loaded. Give the year with --year, for example --year "
            "2018/19."
        )
    if wanted or len(nearest.missing) * 2 <= needed:
        lacks = [" or ".join(f.headings[:3]) for f in nearest.missing]
        alike = proposals(headings, nearest.layout)
        said = "".join(f" Its '{h}' looks like {column}." for column, h in alike.items())
        advice = (
            " If it is, 'pbc map' saves that for this supplier."
            if alike
            else " Ask the supplier for the full extract; if the column is there under another "
            "name, 'pbc map' saves that for this supplier."
        )
        looks = (
            f"{file} cannot be read as {wanted} ({nearest.layout.title}): it"
            if wanted
            else f"{file} looks like {nearest.layout.title}, but"
        )
        return ExtractError(
            f"{looks} has no column {', no column '.join(lacks)}; nothing of it was loaded."
            f"{said}{advice}"
        )
    _not_prices(file, headings)
    bare = sum(h.startswith("column ") for h in headings)
    title = (
        " If lines of title stand above its headings, remove them."
        if len(headings) < _NEAREST or bare * 2 >= len(headings)
        else ""
    )
    shown = ", ".join(list(headings)[:4]) + (", …" if len(headings) > 4 else "")
    by_name = {s.layout.name: s for s in reversed(ranked)}
    near = [s for s in ranked if by_name[s.layout.name] is s][:_NEAREST]
    return ExtractError(
        f"{file} is none of the files that pbc can read, judging by its headings ({shown}); "
        f"nothing of it was loaded.{title} The nearest: {'; '.join(map(_lacking, near))}. All "
        "that it reads is listed in docs/intake.md."
    )


def _lacking(score: Score) -> str:
    """Name a layout and what a file lacks to be it."""
    lacks = [(*f.headings, f.column)[0] for f in score.missing]
    more = len(lacks) - _MOST_LACKING
    named = ", ".join(lacks[:_MOST_LACKING]) + (f" and {more} more" if more > 0 else "")
    return f"{score.layout.title} ({score.layout.name}; no {named})"
