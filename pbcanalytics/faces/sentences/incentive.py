"""What an incentive scheme pays for a list, in words."""

from dataclasses import dataclass
from fractions import Fraction

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.savings.incentive_scheme import (
    Scheme,
    SecondPayment,
    component_pence,
    second_payment,
)
from pbcanalytics.faces import wording
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Incentive:
    """
    What a scheme pays for one list; None where it is not known.

    Attributes
    ----------
    component_1_pence, component_2_pence : int
    second : SecondPayment
    paid_pence, held_pence : int
        Of component 1, what practices get and what is held for invoices. [pence]
    national_pence : int or None
        Component 1 at the national rate, where another rate was asked for. [pence]
    """

    component_1_pence: int
    component_2_pence: int
    second: SecondPayment
    paid_pence: int
    held_pence: int
    national_pence: int | None


def incentive(
    national: Scheme | None,
    financial_year: str,
    *,
    n_patients: int,
    rate: str | None,
    share: str | None,
    held: str | None,
    objectives_met: bool,
) -> Incentive:
    """
    Reckon a scheme from what a person typed.

    Parameters
    ----------
    national : Scheme or None
        That of the year, if there was one.
    financial_year : str
    n_patients : int
        [patients]
    rate, share, held : str or None
        Pence per patient for both components, instead of the national rates; the practices' share
        of the saving [pounds]; the share of component 1 that is held.
    objectives_met : bool

    Raises
    ------
    SelectionError
        If a number is none, or there is no rate to go by.
    """
    own, pounds = _number("rate", rate), _number("share", share)
    kept = _number("held", held) or Fraction(0)
    if kept > 1:
        raise SelectionError(f"--held {held} is more than all. Give a share: 0.25 is a quarter.")
    rate_1 = national.rate_1_pence if own is None and national else own
    rate_2 = national.rate_2_pence if own is None and national else own
    if rate_1 is None or rate_2 is None:
        raise SelectionError(
            f"There was no national scheme in {financial_year}, or its rates are not known, so "
            "there is nothing to go by. Give a rate in pence per patient: --rate 95."
        )
    first, second = component_pence(n_patients, rate_1), component_pence(n_patients, rate_2)
    paid = half_up(first * (1 - kept))
    usual = national.rate_1_pence if national else None
    return Incentive(
        component_1_pence=first,
        component_2_pence=second,
        second=second_payment(
            None if pounds is None else half_up(pounds * 100),
            second,
            objectives_met=objectives_met,
        ),
        paid_pence=paid,
        held_pence=first - paid,
        national_pence=component_pence(n_patients, usual) if own is not None and usual else None,
    )


def told(found: Incentive, national: Scheme | None) -> list[str]:
    """Say what a scheme pays, one sentence a line."""
    lines = [f"Component 1: {wording.exact(found.component_1_pence)}, for the plan."]
    if found.held_pence:
        lines[0] = (
            f"{lines[0][:-1]}: {wording.exact(found.paid_pence)} to practices, "
            f"{wording.exact(found.held_pence)} held for invoices."
        )
    if found.national_pence is not None:
        more = found.component_1_pence - found.national_pence
        word = "less" if more < 0 else "more"
        lines.append(f"That is {wording.exact(abs(more))} {word} than at the national rate.")
    if national is not None and national.list_date_1 is None:
        lines.append("The day of its list is not known: agree it with the PCT.")
    lines.append(f"Component 2: {wording.exact(found.component_2_pence)}, if objectives are met.")
    second = found.second
    if second.pence is None:
        lines.append(
            f"Second payment: not known yet; {wording.exact(second.at_least_pence)} are certain. "
            "It is the larger of the share of the saving and component 2."
        )
    else:
        top_up = f", of which a top-up of {wording.exact(second.top_up_pence or 0)}"
        lines.append(
            f"Second payment: {wording.exact(second.pence)}{top_up if second.top_up_pence else ''}."
        )
    if national is not None and national.claim_by is not None:
        lines.append(f"Claim in writing by {national.claim_by.day} {national.claim_by:%B %Y}.")
    return lines


def _number(name: str, text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        number = Fraction(text)
    except (ValueError, ZeroDivisionError):
        number = Fraction(-1)
    if number < 0:
        raise SelectionError(f"--{name} {text} is no number from 0. Write it as 95 or 0.25.")
    return number
