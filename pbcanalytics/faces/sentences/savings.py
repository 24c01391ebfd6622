"""The savings of a budget year in words: the net first, then what may be claimed, then chance."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from pbcanalytics.budgets.savings.freed_up import Chain, Position
from pbcanalytics.budgets.savings.group_savings import GroupSavings
from pbcanalytics.budgets.savings.noise import (
    DEFAULT,
    NAIVE,
    expected_for_noise_share,
)
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.prospects import Prospect
from pbcanalytics.budgets.savings.year_savings import YearSavings
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences.monitor import merged, months

NET_HEADS: Final = (
    *("Group", "Budget so far", "Spent", "Net", "Under budget, gross", "Over budget, gross"),
)
CLAIM_HEADS: Final = (
    *("Group", "Net of the year", "Earlier deficit", "PCT claim", "Share", "Entitlement"),
    *("Authorised", "Paid", "On the historic budget"),
)
CHANCE_HEADS: Final = (
    *("Group", "Patients", "Told from chance above", "Any underspend pays for chance"),
    *("Default rule pays for chance", "Default rule pays of this net"),
)
MONTH_HEADS: Final = (
    *("Group", "Month", "Year's spending", "1 in 10 below", "1 in 10 above"),
    *("Chance of a share", "Expected share", "Share, if any"),
)

TYPICAL_LIST: Final = 6_500
"""An average practice (domain 3.4). [patients]"""

_RECORDED: Final = {
    "prior_deficit_pence": "an earlier deficit",
    "pct_claim_pence": "a claim of the PCT",
    "management_cost_pence": "practice management cost",
    "authorised_pence": "what was authorised",
    "paid_pence": "what was paid",
}


def heading(found: YearSavings) -> str:
    """Say which year and months these are, and how much of the activity is in them."""
    last = _month(found.financial_year, found.n_months)
    return (
        f"Savings of {found.financial_year}, {found.pct_code}: activity to {last}, "
        f"{found.n_months} of 12 months, "
        f"{wording.share(found.n_priced, found.n_activity)} of it priced."
    )


def net_rows(found: YearSavings, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """
    Give the position of each group, and of all, as texts.

    Returns
    -------
    list of tuple of str
        In the order of NET_HEADS.
    """
    each = [(_name(g, names), g.so_far) for g in found.groups]
    return [_net_row(*row) for row in [*each, ("All groups", found.whole)]]


def _net_row(name: str, so_far: Position) -> tuple[str, ...]:
    """Write a position as texts."""
    return (
        name,
        wording.exact(so_far.budget_pence),
        wording.exact(so_far.actual_pence),
        wording.exact(so_far.net_pence),
        f"{wording.exact(so_far.gross_underspend_pence)} ({so_far.n_under})",
        f"{wording.exact(so_far.gross_overspend_pence)} ({so_far.n_over})",
    )


def claim_rows(found: YearSavings, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give what becomes of each group's saving, as texts in the order of CLAIM_HEADS."""
    return [
        (
            _name(group, names),
            _pence(group.year_net_pence),
            *_claimed(group.chain),
            _historic(group),
        )
        for group in found.groups
    ]


def _claimed(chain: Chain | None) -> tuple[str, ...]:
    """Write what becomes of a saving, unknown steps as such."""
    if chain is None:
        return (wording.ruled(None),) * 6
    return (
        _taken(chain, "prior_deficit_pence"),
        _taken(chain, "pct_claim_pence"),
        "not known" if chain.practice_share is None else f"{float(chain.practice_share):.0%}",
        _pence(chain.entitlement_pence),
        _pence(chain.authorised_pence, "not recorded"),
        _pence(chain.paid_pence, "not recorded"),
    )


def _historic(group: GroupSavings) -> str:
    """Write the entitlement on the historic budget."""
    return _pence(group.historic_chain.entitlement_pence if group.historic_chain else None)


def chance_rows(found: YearSavings, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give what chance alone would do to each group, as texts in the order of CHANCE_HEADS."""
    return [
        (
            _name(group, names),
            f"{group.n_patients:,}",
            f"{noise.raised_minimum_share:.1%}",
            f"{wording.exact(noise.naive_pence)} ({noise.naive_share:.2%})",
            f"{wording.exact(noise.default_pence)} ({noise.default_share:.2%})",
            _pence(group.beyond_chance_pence),
        )
        for group in found.groups
        if (noise := group.noise) is not None
    ]


def month_rows(found: YearSavings, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give the chance of a share and its size as each month saw it, in the order of MONTH_HEADS."""
    return [
        (
            _name(group, names),
            _month(found.financial_year, seen.n_months),
            wording.short(seen.outturn_pence),
            wording.short(seen.low_80_pence),
            wording.short(seen.high_80_pence),
            _chance(seen.chance_of_share),
            *_shares(seen),
        )
        for group in found.groups
        for seen in group.months
    ]


def notes(found: YearSavings, names: Mapping[str, str], why_not: str = "") -> list[str]:
    """
    Say what the figures of a year rest on, and what they do not hold.

    Parameters
    ----------
    found : YearSavings
    names : mapping of str to str
        Of groups and practices, by code.
    why_not : str, optional
        Why the outturn is not forecast, where it is not.

    Returns
    -------
    list of str
    """
    said = [
        "The net is what counts. The gross sums are practices under and over their budgets: with "
        "nothing saved, some are always under."
    ]
    if found.n_months < 12:
        said.append(
            "The year is not over: the net of the year is foreseen, and the budget so far is what "
            "falls to these months by the profile of 'pbc monitor'. Activity that is coded late is "
            "missing from the newest months, so the net so far looks larger than it is."
        )
    said += [*merged(found.mergers, names), *_basis(found, why_not)]
    if found.unforeseen:
        listed = wording.joined([names.get(c, c) for c in found.unforeseen])
        said.append(
            f"The forecast does not hold {listed}, which nobody answers for any more: the year of "
            "that group is not foreseen."
        )
    if found.empty_months:
        said.append(
            f"There is no activity of {months(found.empty_months)}: neither its spending nor its "
            "part of the budgets is in the net so far, so it is no saving. Load it."
        )
    if found.n_priced < found.n_activity:
        said.append(
            f"{found.n_activity - found.n_priced:,} pieces of activity have no price and are in no "
            "spending; 'pbc status' says why."
        )
    if found.silent:
        listed = wording.joined([names.get(c, c) for c in found.silent])
        said.append(f"No activity of the year, so in no net: {listed}.")
    if found.left_out_pence:
        said.append(
            f"{wording.exact(found.left_out_pence)} were spent for practices without a budget and "
            "are in no net."
        )
    absent = {n for g in found.groups if g.chain for n in g.chain.not_recorded}
    if absent:
        kinds = wording.joined([words for n, words in _RECORDED.items() if n in absent])
        said.append(
            f"Not recorded of every group: {kinds}. What is not recorded is taken as not made, so "
            "an entitlement is the most that could be claimed. docs/freed-up-resources.md says "
            "how to record it."
        )
    return said


def _basis(found: YearSavings, why_not: str) -> list[str]:
    """Say what the year is foreseen from."""
    if found.earlier_years:
        late = (
            "late coding is in it as successive extracts showed it"
            if found.is_completed
            else "no month was sent twice, so nothing of late coding is in it"
        )
        return [
            "What the year comes to is the forecast of 'pbc outturn', from "
            f"{wording.joined(list(found.earlier_years))}: a group's is the sum of its practices'; "
            f"{late}."
        ]
    if not any(group.months for group in found.groups):
        return []
    said = (
        "The outturn is not forecast, so the year is foreseen from the rate so far and that of the "
        "base year, by how far chance moves each (saving_noise in the reference data). That knows "
        "of no season and of no late coding."
    )
    return [f"{said} {why_not}".strip()]


def share_line(rules: Mapping[str, Mapping[str, Any]], financial_year: str) -> str:
    """Say what share the year's rule gives, and how sure that is."""
    rule = rules["practice_share"]
    if rule["value"] is None:
        return (
            f"What practices may keep of a saving of {financial_year} is not known: "
            f"{rule.get('missing', 'nothing is held')}. So no share is given."
        )
    status = wording.STATUS_WORDS.get(rule["status"], str(rule["status"]))
    least = "at least " if rules["practice_share_is_least"]["value"] is True else ""
    note = f"; {rule['note']}" if rule.get("note") else ""
    return (
        f"Practices may recommend a use for {least}{rule['value']:.0%} of a saving of "
        f"{financial_year} ({status}{note}); the PCT decides."
    )


def noise_line(practice_share: Fraction | None, terms: NoiseTerms) -> str:
    """Say what a share of any underspend pays for chance at an average practice."""
    if practice_share is None:
        return "Without a share it cannot be said what chance alone would be paid."
    naive = expected_for_noise_share(NAIVE, TYPICAL_LIST, practice_share, terms)
    default = expected_for_noise_share(DEFAULT, TYPICAL_LIST, practice_share, terms)
    return (
        f"If nothing had changed, {float(practice_share):.0%} of any underspend would still be "
        f"expected to pay {naive:.2%} of its budget to a practice of {TYPICAL_LIST:,} patients; "
        f"the default rule, which pays only what is above a minimum savings rate, {default:.2%}, "
        f"and never more than {terms.most_noise_share:.2%}. These are unverified design values "
        "(saving_noise in the reference data)."
    )


def _name(group: GroupSavings, names: Mapping[str, str]) -> str:
    """Give a group's name, else its code."""
    return names.get(group.code, group.code)


def _pence(pence: int | None, missing: str = "not known") -> str:
    """Write pounds, or what stands for a sum that is missing."""
    return missing if pence is None else wording.exact(pence)


def _taken(chain: Chain, name: str) -> str:
    """Write what is taken first; a sum that is not recorded is said to be none."""
    return "not recorded" if name in chain.not_recorded else _pence(getattr(chain, name))


def _shares(seen: Prospect) -> tuple[str, str]:
    """Write the share to expect in all years, and in those with one."""
    if seen.expected_share_pence is None:
        return ("not known",) * 2
    any_pence = seen.if_any_pence
    return (
        wording.short(seen.expected_share_pence),
        "none" if any_pence is None else wording.short(any_pence),
    )


def _chance(chance: float) -> str:
    """Write a chance; certain and impossible only where they are."""
    if chance in (0, 1):
        return f"{chance:.0%}"
    return f"{min(max(round(100 * chance), 1), 99)}%"


def _month(financial_year: str, n_months: int) -> str:
    """Name the month that is the latest after so many."""
    year = int(financial_year[:4]) + (n_months > 9)
    return wording.month(f"{year}-{(n_months + 2) % 12 + 1:02d}")
