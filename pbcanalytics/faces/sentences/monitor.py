"""A budget year under way in words: the net first, what drove it, what is not known."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.shapley import EFFECTS
from pbcanalytics.budgets.monitor.variance import ALLOWED, TIMING, Variance
from pbcanalytics.budgets.walk.in_scope import Merger
from pbcanalytics.faces import wording

CAUSES: Final = {
    "list_pence": "list size",
    "volume_pence": "activity per patient",
    "between_root_pence": "case mix",
    "within_root_pence": "mix within a kind of treatment",
    "price_pence": "price of the same HRG",
    "allowed_list_change_pence": "allowed: list size",
    "allowed_growth_pence": "allowed: agreed growth",
    "allowed_uplift_pence": "allowed: price uplift",
    "allowed_adjustment_pence": "allowed: local adjustments",
    "allowed_scope_pence": "allowed: held by others",
    "allowed_affordability_pence": "allowed: affordability",
    "allowed_fair_share_pence": "allowed: fair-share move",
    TIMING: "timing in the year",
}
"""What the parts of a variance are called."""

MIXED: Final = ("between_root_pence", "within_root_pence", "price_pence")
TOGETHER: Final = "mix and price together"
"""Parts that HRGs of two versions do not tell apart, and what they are called then."""

_ALLOWED: Final = "what the budget allowed"
_MOST_NAMED: Final = 12


def heading(now: Monitoring) -> str:
    """Say which year and months these are, and how much of the activity has a price."""
    counts = now.pct.iloc[0]
    return (
        f"Monitoring of {now.financial_year}, {now.pct_code}: {months(now.months)}, "
        f"{wording.share(int(counts['n_priced']), int(counts['n_activity']))} of the activity "
        "priced."
    )


def sentences(
    now: Monitoring, why: Variance, names: Mapping[str, str], *, is_other_version: bool = False
) -> list[str]:
    """
    Say for each consortium, and each practice outside all, where it stands and what drove it.

    Parameters
    ----------
    now : Monitoring
    why : Variance
    names : mapping of str to str
        Of consortia and practices, by code.
    is_other_version : bool
        Whether the HRGs of the base year are of another version, so that mix and price are one.

    Returns
    -------
    list of str
        A net and its gross sub-line, and what drove it, largest first: two a group.
    """
    parts = why.groups.set_index("code")
    said = []
    for group in now.groups.to_dict("records"):
        code = str(group["code"])
        over = int(group["variance_pence"])
        spent = wording.short(int(group["actual_pence"]))
        due = wording.short(int(group["profile_pence"]))
        net = f"{name(code, names)}: {side(over)} so far, net"
        if not group["is_consortium"]:
            net = f"{name(code, names)}, outside all consortia: {side(over)} so far"
        provisional = "" if group["is_frozen"] else ", provisional"
        sentence = f"{net}{provisional} ({spent} spent, {due} by the profile)."
        if group["is_consortium"]:
            sentence += (
                f" Gross: {wording.short(int(group['gross_over_pence']))} over in "
                f"{_practices(int(group['n_over']))} and "
                f"{wording.short(int(group['gross_under_pence']))} under in "
                f"{_practices(int(group['n_under']))}; only the net counts."
            )
        said += [sentence, _driven(parts.loc[code], over, is_other_version=is_other_version)]
    return said


def drivers(parts: Any, *, is_other_version: bool = False) -> list[tuple[str, int]]:
    """
    Name what drove a variance, largest first; what the budget allowed is one.

    Parameters
    ----------
    parts : mapping of str to int
        A row of Variance, with PARTS. [pence]
    is_other_version : bool

    Returns
    -------
    list of str and int
        The word, and the pence that it adds to spending over profile; noughts are left out.
    """
    found = {CAUSES[e]: int(parts[e]) for e in EFFECTS}
    if is_other_version:
        found = {CAUSES[e]: int(parts[e]) for e in EFFECTS if e not in MIXED}
        found[TOGETHER] = sum(int(parts[e]) for e in MIXED)
    found[_ALLOWED] = sum(int(parts[a]) for a in ALLOWED)
    found[CAUSES[TIMING]] = int(parts[TIMING])
    return sorted(((w, p) for w, p in found.items() if p), key=lambda one: -abs(one[1]))


def notes(
    now: Monitoring,
    why: Variance,
    names: Mapping[str, str],
    versions: tuple[str, str] | None = None,
) -> list[str]:
    """Say what is provisional, what is in no sum, and what the parts rest on."""
    said = [_closed(now), *merged(now.mergers, names)]
    if now.empty_months:
        said.append(
            f"Nothing is held of {months(now.empty_months)}: neither its spending nor its part of "
            "the budgets is in any sum, so it is no saving. Load it."
        )
    gaps = {str(kind): own for kind, own in now.gaps.groupby("kind")}
    if "late" in gaps:
        late = [_late(str(code), names) for code in gaps["late"]["code"]]
        said.append(
            f"Did not come, though it usually does: {_some(late)}. Until it does, spending looks "
            "lower than it is."
        )
    if "silent" in gaps:
        called = [name(str(c), names) for c in gaps["silent"]["code"]]
        said.append(
            f"No activity is held of {_some(called)}, so nothing is known of what was spent there: "
            "in no net, and nothing saved."
        )
    if "no_budget" in gaps:
        called = [name(str(c), names) for c in gaps["no_budget"]["code"]]
        spent = wording.exact(int(gaps["no_budget"]["pence"].sum()))
        said.append(
            f"{spent} were spent for practices without a budget, in no net: {_some(called)}."
        )
    if "no_practice" in gaps:
        row = gaps["no_practice"].iloc[0]
        said.append(
            f"{wording.exact(int(row['pence']))} were spent for patients of no known practice "
            f"({int(row['n_activity']):,} activities), in no net."
        )
    if "held" in gaps:
        spent = wording.exact(int(gaps["held"]["pence"].sum()))
        called = sorted({name(str(c), names) for c in gaps["held"]["code"]})
        said.append(
            f"{spent} were spent in lines and months that others hold the budget of, in no "
            f"practice's position: {_some(called)}."
        )
    if "unpriced" in gaps:
        said.append(
            f"{int(gaps['unpriced']['n_activity'].sum()):,} activities have no price and add "
            "nothing, so spending is at least what is said."
        )
    return [*said, *_rests(now, why, versions)]


def merged(mergers: Iterable[Merger], names: Mapping[str, str]) -> list[str]:
    """
    Say with whom the budgets of practices count that closed within the year.

    Parameters
    ----------
    mergers : iterable of Merger
    names : mapping of str to str
        Of practices, by code.

    Returns
    -------
    list of str
        A sentence a practice.
    """
    return [
        f"{name(m.practice_code, names)} closed on {m.closed_on.day} {m.closed_on:%B %Y}; its "
        f"budget and its patients count with {name(m.successor_code, names)}, those of the months "
        "before as well."
        for m in mergers
    ]


def nothing(pct_code: str, financial_year: str) -> str:
    """Say that a PCT has budgets and nothing to hold against them."""
    return (
        f"{pct_code} has budgets of {financial_year} and no priced activity of that year until "
        "then, so nothing can be held against them yet. Load the activity of the year, then run "
        "'pbc build'."
    )


def months(days: tuple[dt.date, ...]) -> str:
    """
    Write months in words, those that follow each other as from and to.

    Examples
    --------
    >>> months((dt.date(2018, 4, 1), dt.date(2018, 5, 1), dt.date(2018, 9, 1)))
    'April to May 2018 and September 2018'
    """
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and (day.year - runs[-1][-1].year) * 12 + day.month - runs[-1][-1].month == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return wording.joined([_run(run[0], run[-1]) for run in runs])


def side(pence: int) -> str:
    """Say how far a sum is over or under the profile."""
    if not pence:
        return "exactly on profile"
    return f"{wording.short(abs(pence))} {'over' if pence > 0 else 'under'} profile"


def name(code: str, names: Mapping[str, str]) -> str:
    """Name a practice, consortium or provider; by its code where no register does."""
    return names.get(code) or code


def _driven(parts: Any, over: int, *, is_other_version: bool) -> str:
    """Say what drove a variance, largest first."""
    found = drivers(parts, is_other_version=is_other_version)
    if not found:
        return "Nothing moved it."
    listed = ", ".join(f"{word} {wording.short(pence, signed=True)}" for word, pence in found)
    return f"What drove it, largest first: {listed}; together {wording.short(over, signed=True)}."


def _closed(now: Monitoring) -> str:
    """Say which months are closed and which may still change."""
    whole = now.cells.groupby("month")["is_frozen"].all()
    frozen = tuple(m for m in now.months if bool(whole.get(m, False)))
    flex = tuple(m for m in now.months if m not in frozen)
    if not flex:
        return "All these months are closed (freeze)."
    if not frozen:
        return (
            "Provisional: no month is closed by all its hospitals (freeze), so what was spent may "
            "still change."
        )
    return f"Closed (freeze): {months(frozen)}. Provisional, may still change: {months(flex)}."


def _rests(now: Monitoring, why: Variance, versions: tuple[str, str] | None) -> list[str]:
    """Say what profile and parts rest on, and where they say less than they seem to."""
    season = (
        f"the season of {wording.joined(list(now.spread_years))}"
        if now.spread_years
        else "its days alone, because no whole earlier year tells of a season"
    )
    said = [
        f"The profile spreads each budget over its months by the days of {now.financial_year} and "
        f"{season}. The parts compare with the same months of {why.base_year} at {why.price_year} "
        "prices; they add up to the penny, and no order of reckoning is preferred."
    ]
    if why.is_price_with_uplift:
        said.append(
            f"The base year stands at {why.price_year} prices, so the price part holds the change "
            f"of the tariff to {why.financial_year}; what the budget allowed for it is its uplift."
        )
    if why.empty_base_months:
        said.append(
            f"Nothing is held of {months(why.empty_base_months)}, so all activity of the same "
            "months now counts as volume, and the timing makes up for it. Load those months."
        )
    if versions:
        said.append(
            f"{why.base_year} was grouped by HRG version {versions[0]}, {why.financial_year} by "
            f"{versions[1]}: the same code does not mean the same, so mix and price are told "
            "together."
        )
    return said


def _run(first: dt.date, last: dt.date) -> str:
    if first == last:
        return f"{first:%B %Y}"
    return f"{first:%B}{'' if first.year == last.year else f' {first.year}'} to {last:%B %Y}"


def _late(code: str, names: Mapping[str, str]) -> str:
    provider, month = code.rsplit(" ", 1)
    return f"{name(provider, names)} in {wording.month(month)}"


def _some(items: list[str]) -> str:
    """Join words, the first of many only."""
    left = len(items) - _MOST_NAMED
    return wording.joined(items[:_MOST_NAMED] + ([f"{left} more"] if left > 0 else []))


def _practices(n: int) -> str:
    return "1 practice" if n == 1 else f"{n} practices"
