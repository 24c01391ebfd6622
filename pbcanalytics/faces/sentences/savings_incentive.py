"""The incentive scheme beside the savings of a year, in words."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.savings.group_prospects import MEMBER
from pbcanalytics.budgets.savings.incentive_scheme import Scheme
from pbcanalytics.faces import wording

INCENTIVE_HEADS: Final = (
    *("Group", "Component 1", "Component 2", "Share of the saving"),
    *("Second payment if objectives are met", "of it top-up", "if they are not"),
)

STANDING: Final = (
    "Component 1 pays for the plan, and only its cost is inside the scheme. The cost of carrying "
    "the plan out is outside it, for the scheme is an incentive; work on new pathways is disputed "
    "until the PCT agrees who pays."
)


def incentive_rows(found: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """
    Give what the scheme pays each group, and each practice of a consortium under its own name.

    Parameters
    ----------
    found : DataFrame
        From `group_incentives`.
    names : mapping of str to str

    Returns
    -------
    list of tuple of str
        In the order of INCENTIVE_HEADS.
    """
    return [
        (
            names.get(row["code"], row["code"]),
            _pence(row["component_1_pence"]),
            _pence(row["component_2_pence"]),
            *(
                ("",) * 4
                if row["level"] == MEMBER
                else (
                    _pence(row["share_pence"]),
                    _pence(row["if_met_pence"]),
                    _pence(row["top_up_pence"]),
                    _pence(row["if_not_met_pence"]),
                )
            ),
        )
        for row in found.to_dict("records")
    ]


def incentive_notes(
    found: pd.DataFrame, scheme: Scheme, names: Mapping[str, str], *, is_over: bool
) -> list[str]:
    """
    Say what the scheme pays for, by when it is claimed, and what is not known.

    Parameters
    ----------
    found : DataFrame
        From `group_incentives`.
    scheme : Scheme
    names : mapping of str to str
    is_over : bool
        Whether the year is over; until then the share is foreseen.

    Returns
    -------
    list of str
    """
    said = [
        "The second payment is the larger of the share of the saving and component 2, if the "
        "objectives of the plan are met; whether they are is not recorded, so it is given both "
        "ways. The share is that of the group's net, so it stands with the group only.",
        STANDING,
    ]
    if not is_over:
        said.append("The share is foreseen while the year runs, and with it the second payment.")
    claim = scheme.claim_by
    said.append(
        "By when it must be claimed is not known: agree it with the PCT."
        if claim is None
        else f"It must be claimed in writing by {_day(claim)}."
    )
    parts = (
        ("1", scheme.list_date_1, scheme.rate_1_pence),
        ("2", scheme.list_date_2, scheme.rate_2_pence),
    )
    for part, day, rate in parts:
        if rate is None:
            said.append(
                f"The rate of component {part} is not known, so it is not given. Record "
                f"des_component_{part}_pence in reference/savings of your data folder."
            )
        if day is None:
            said.append(
                f"The day of the list of component {part} is not known, so it is not given. Agree "
                f"it with the PCT and record des_component_{part}_list_date in reference/savings "
                "of your data folder."
            )
            continue
        if without := _without(found, part):
            listed = wording.joined([names.get(c, c) for c in without])
            said.append(
                f"No list of {_day(day)} is held of {listed}: component {part} of theirs, and of "
                "their groups, is not known. Load the list sizes of that day."
            )
    return said


def _without(found: pd.DataFrame, part: str) -> list[str]:
    """Name the practices without a list that a component is paid on."""
    return sorted({code for codes in found[f"no_list_{part}"] for code in codes.split()})


def _day(day: Any) -> str:
    """Write a day."""
    return f"{day.day} {day:%B %Y}"


def _pence(pence: Any) -> str:
    """Write pounds; a sum that is not known as such."""
    return "not known" if pd.isna(pence) else wording.exact(int(pence))
