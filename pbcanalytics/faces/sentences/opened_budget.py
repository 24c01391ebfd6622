"""What is shown of a budget that is opened: its walk, or one step and the rows behind it."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets import MOVES, Baseline, YearBudget
from pbcanalytics.faces.publishing.budgets import Agreed

STEPS: Final = tuple(move.removesuffix("_pence") for move in MOVES)
"""The steps that can be opened, as `pbc budget --step` takes them."""


@dataclass(frozen=True)
class Opened:
    """
    The budgets of one PCT and year as they count, and what of them was asked for.

    Attributes
    ----------
    budget : YearBudget
        The last agreed, else what the data give now.
    agreed : Agreed or None
        None while provisional.
    names : dict of str to str
        Of the practices, by code.
    practice_code, line : str or None
        None where all were asked for.
    """

    budget: YearBudget
    agreed: Agreed | None
    names: dict[str, str]
    practice_code: str | None
    line: str | None

    @property
    def lines(self) -> pd.DataFrame:
        """The lines that were asked for, as those of `Baseline.lines`."""
        return asked_for(self.budget.baseline, self.practice_code, self.line)


@dataclass(frozen=True)
class Drilled:
    """
    One step of a budget and the rows behind it.

    Attributes
    ----------
    opened : Opened
    step : str
        One of STEPS.
    lines : DataFrame, one row per practice and line asked for
        `practice_code`, `pod`, `before_pence`, `factor` (a Fraction; None where the step does not
        multiply), `step_pence`, `after_pence`. [pence; ratio]
    rows : DataFrame, one row per row that the step rests on
        As the functions of `drill_rows` and `drill_sidelines` give them.
    facts : dict
        Further figures of the formula.
    differences : DataFrame or None, one row per line of which the step would be another
        `practice_code`, `pod`, `then_pence` (as agreed), `now_pence` (as what is loaded now would
        give); without rows where the budget rests on what is loaded; None where no budget can be
        set from it any more. [pence]
    """

    opened: Opened
    step: str
    lines: pd.DataFrame
    rows: pd.DataFrame
    facts: dict[str, Any]
    differences: pd.DataFrame | None

    @property
    def drift_pence(self) -> int | None:
        """By what the step would be more if it were set now [pence]; None where it cannot be."""
        if self.differences is None:
            return None
        return int((self.differences["now_pence"] - self.differences["then_pence"]).sum())


def asked_for(plain: Baseline, practice: str | None, line: str | None) -> pd.DataFrame:
    """Give the lines of one practice or all, and of one point of delivery or all."""
    lines = plain.lines
    if practice is not None:
        lines = lines[lines["practice_code"] == practice]
    if line is not None:
        lines = lines[lines["pod"] == line]
    return lines.reset_index(drop=True)
