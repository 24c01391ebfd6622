"""How far chance moves a saving: the terms, as read from the reference data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class NoiseTerms:
    """
    How far chance moves a saving, and how much of that may be paid (`saving_noise.yaml`).

    Attributes
    ----------
    spread_per_person_ratio : float
        Standard deviation of one person's cost in a year over its mean. [ratio]
    drift_share : float
        Standard deviation of a practice's own movement from year to year. [share of budget]
    true_saving_share : float
        Standard deviation of what practices truly save. [share of budget]
    base_years, measured_years : float
        Years of activity behind the budget and behind the spending. [years]
    least_confidence_share : float
        Chance of staying below the minimum savings rate where nothing has changed. [share]
    most_noise_share : float
        The most that DEFAULT may be expected to pay for chance. [share of budget]
    """

    spread_per_person_ratio: float
    drift_share: float
    true_saving_share: float
    base_years: float
    least_confidence_share: float
    most_noise_share: float
    measured_years: float = 1


def noise_terms(rules: Mapping[str, Mapping[str, Any]]) -> NoiseTerms:
    """
    Read the terms from the record `saving_noise`.

    Raises
    ------
    SelectionError
        If a term is missing or impossible; all of them at once.
    """
    limits = {
        "spread_per_person_ratio": (0, 100),
        "drift_share": (0, 1),
        "true_saving_share": (0, 1),
        "base_years": (0, 20),
        "least_confidence_share": (0.5, 1),
        "most_noise_share": (0, 1),
    }
    values = {name: rules[name]["value"] for name in limits}
    faults = [
        f"{name} is {value!r} and not between {low} and {high}"
        for (name, value), (low, high) in zip(values.items(), limits.values(), strict=True)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high
    ]
    if faults:
        raise SelectionError(
            f"What chance does to savings cannot be reckoned: {'; '.join(faults)}. Correct "
            "reference/saving_noise.yaml in your data folder."
        )
    return NoiseTerms(**{name: float(value) for name, value in values.items()})
