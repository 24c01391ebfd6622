"""What the rules of contracts do to a year's activity, said in words."""

from typing import Any, Final

import pandas as pd

from pbcanalytics.faces import wording

EFFECTS: Final = (
    "What the rules of the year do to each contract beyond the prices of its spells, all of it "
    "before the market forces factor, each as if it were alone. It is never shared out over spells "
    "or practices. Transplants and patients of another country are not told apart among "
    "readmissions."
)
WHY_NOT: Final = {
    "rule_not_held": "rule not known",
    "no_threshold": "no threshold held",
    "part_of_year": "part of a year",
    "part_of_base": "base year not whole",
}
"""What stands in the place of an effect that cannot be reckoned."""

HEADS: Final = (
    *("Commissioner", "Provider", "Activity", "At tariff", "of it emergencies", "Threshold"),
    *("Marginal rate", "Readmissions", "Varies", "Low volume"),
)


def contracts(found: pd.DataFrame) -> list[tuple[str, ...]]:
    """
    Give a row of texts per contract.

    Parameters
    ----------
    found : DataFrame, one row per commissioner and provider
        As `costing.contract_effects` gives it.

    Returns
    -------
    list of tuple of str
        In the order of HEADS.
    """
    return [
        (
            _text(row["commissioner_code"], "not recorded"),
            row["provider_code"],
            f"{row['n_activity']:,}",
            wording.exact(int(row["gross_pence"])),
            wording.exact(int(row["emergency_pence"])),
            _pence(row["threshold_pence"], None),
            _pence(row["marginal_effect_pence"], row["marginal_reason"]),
            _pence(row["readmission_effect_pence"], row["readmission_reason"]),
            wording.exact(int(row["variable_pence"]))
            if not row["undivided_pence"]
            else f"{wording.exact(int(row['variable_pence']))} and a part of "
            f"{wording.exact(int(row['undivided_pence']))}",
            _flag(row["is_low_volume"]),
        )
        for row in found.to_dict("records")
    ]


def notes(found: pd.DataFrame) -> list[str]:
    """Say what is missing to know the effects that are not known."""
    given = {*found["marginal_reason"].dropna(), *found["readmission_reason"].dropna()}
    said = {
        "rule_not_held": "Where a rule is not known, 'pbc rules' says what is missing; a rule of "
        "your own goes into reference/rules of the data folder.",
        "no_threshold": "A threshold is agreed with each provider: put it into "
        "reference/threshold/<year>.csv (commissioner_code, provider_code, threshold_pence).",
        "part_of_year": "Part of a year is not held against the threshold of a whole one.",
        "part_of_base": "The year that the threshold is reckoned from is held in part only, or "
        "some of its emergencies have no price.",
    }
    return [sentence for reason, sentence in said.items() if reason in given]


def _text(value: Any, missing: str) -> str:
    return missing if value is None or pd.isna(value) else str(value)


def _flag(value: Any) -> str:
    if value is None or pd.isna(value):
        return "not known"
    return "yes" if value else "no"


def _pence(value: Any, reason: Any) -> str:
    if value is None or pd.isna(value):
        return WHY_NOT.get(_text(reason, ""), "none held")
    return wording.exact(int(value))
