"""What the value of each payment rule may be: its kind and range, for a record when it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.words import periods
from pbcanalytics.words.codes import PODS
from pbcanalytics.words.errors import SelectionError

NONE: Final = "none"
"""What a rule says that did not exist in its year; null is a rule that is not known."""

ADMITTED: Final = ("DC", "EL", "NEL", "NELNE")
"""Points of delivery of hospital stays."""

DAYS_OFF: Final = ("critical_care", "rehabilitation", "palliative")
"""Kinds of days that may be taken off a stay before it is held against its trim point."""


@dataclass(frozen=True)
class Kind:
    """What values a rule may have: in words, and as a test; `words` where they are few."""

    said: str
    holds: Callable[[Any], bool]
    words: tuple[str, ...] = ()


def _among(*words: str) -> Kind:
    return Kind(", ".join(words), lambda v: isinstance(v, str) and v in words, words)


def _is_number(value: Any, low: float, high: float) -> bool:
    # True is 1 to Python, and never a share or a number of days.
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _or_none(said: str, holds: Callable[[Any], bool]) -> Kind:
    return Kind(f"{said}, or none", lambda v: v == NONE or holds(v))


def _whole(low: int, high: int, unit: str) -> Kind:
    return _or_none(
        f"a whole number of {unit} from {low} to {high}",
        lambda v: isinstance(v, int) and _is_number(v, low, high),
    )


def _share(low: float, high: float) -> Kind:
    return _or_none(f"a share from {low:g} to {high:g}", lambda v: _is_number(v, low, high))


def _is_shares(value: Any, names: tuple[str, ...] = ()) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(n, str) and (not names or n in names) for n in value)
        and all(_is_number(share, 0, 1) for share in value.values())
    )


def _is_list(value: Any, names: tuple[str, ...]) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(v in names for v in value)
        and len(set(value)) == len(value)
    )


def _is_base(value: Any) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"year", "growth_share"}:
        return False
    try:
        periods.first_year(str(value["year"]))
    except SelectionError:
        return False
    return "/" in str(value["year"]) and _is_number(value["growth_share"], -0.2, 0.2)


_YES_NO: Final = Kind("true, false", lambda v: isinstance(v, bool))

RULE_VALUES: Final[dict[str, Kind]] = {
    "payment_model": _among("pbr", "ntps", "nhsps_api"),
    "hrg_version": _among("v3.1", "v3.5", "HRG4", "HRG4+"),
    "payment_unit": _among("spell", "episode"),
    "payable_hrg": _among("max_tariff", "procedure_first", "supplied"),
    "scope_admitted": Kind(
        f"a list of some of {', '.join(ADMITTED)}", lambda v: _is_list(v, ADMITTED)
    ),
    "scope_outpatients": _YES_NO,
    "scope_emergency": _YES_NO,
    "outpatient_procedure": _among(NONE, "local", "non-mandatory", "mandatory list", "mandatory"),
    "outpatient_currency": _among("specialty_first_follow_up", "hrg_and_specialty"),
    "emergency_currency": _among(
        *("local", "three_levels", "hrg_v3.5", "hrg_vb", "hrg_investigation_treatment")
    ),
    "daycase_elective_price": _among("combined", "separate", "per HRG"),
    "same_day_elective": _among("day_case", "elective"),
    "long_stay": _among(NONE, "per day beyond the trim point"),
    "trim_days_exclude": _or_none(
        f"a list of some of {', '.join(DAYS_OFF)}", lambda v: _is_list(v, DAYS_OFF)
    ),
    "short_stay_emergency": _among(NONE, "per HRG"),
    "short_stay_longest_days": _whole(0, 30, "days"),
    "short_stay_youngest_years": _whole(0, 120, "years"),
    "short_stay_los": _among(NONE, "raw", "adjusted"),
    # The kinds are those of the year's table of top-ups, which is held against this rule.
    "specialised_top_up": _or_none("a share from 0 to 1 for each kind of care", _is_shares),
    "specialised_top_up_base": _among(NONE, "base", "base+long_stay"),
    "market_forces_factor": _among(NONE, "in_price", "paid_centrally"),
    "emergency_marginal_rate": _share(0, 1),
    "emergency_marginal_base": _or_none(
        "a year, as in 2008/09, with a growth_share from -0.2 to 0.2", _is_base
    ),
    "emergency_marginal_below": _among(NONE, "same_rate", "full"),
    "emergency_readmission": _among(NONE, "avoidable_not_paid", "not_paid_after_elective"),
    "readmission_days": _whole(0, 365, "days"),
    "readmission_after_emergency_cut_share": _share(0, 1),
    "fixed_and_variable": _or_none(
        f"a share from 0 to 1 for some of {', '.join(PODS)}", lambda v: _is_shares(v, tuple(PODS))
    ),
    "low_volume_threshold_pence": _whole(0, 10**12, "pence"),
    "uplift_quoted_share": _share(-0.2, 0.2),
    "uplift_is_net": _YES_NO,
    "efficiency_quoted_share": _share(0, 0.2),
    "transition": _or_none(
        "words, or a share from 0 to 1 for each name",
        lambda v: (isinstance(v, str) and bool(v)) or _is_shares(v),
    ),
}
"""Every payment rule, in the order of the records, and the values that it may have besides null
(docs/rules.md says what each means)."""


def fault_of(rule: str, value: Any, financial_year: str | None) -> str | None:
    """
    Say what is wrong with the value of a payment rule; None where nothing is.

    Parameters
    ----------
    rule : str
        One of RULE_VALUES.
    value : any
        As the record has it; None is a rule that is not known, and always may be.
    financial_year : str, optional
        Of the record.

    Examples
    --------
    >>> fault_of("emergency_marginal_rate", 70, "2015/16")
    "emergency_marginal_rate of 2015/16 is '70', and may be a share from 0 to 1, or none"
    >>> fault_of("emergency_marginal_rate", 0.7, "2015/16")
    """
    kind = RULE_VALUES[rule]
    if value is None or kind.holds(value):
        return None
    of_year = f" of {financial_year}" if financial_year else ""
    return f"{rule}{of_year} is {told(value)}, and may be {kind.said}"


def told(value: Any) -> str:
    """
    Write what stands in a record, as a reader of the file would.

    Examples
    --------
    >>> told("maybe"), told(True), told({"EL": "abc"}), told(["NIL", 3])
    ("'maybe'", "'true'", "EL 'abc'", "a list of 'NIL', '3'")
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {told(v)}" for name, v in value.items()) or "empty"
    if isinstance(value, list):
        return f"a list of {', '.join(map(told, value))}" if value else "an empty list"
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    return "empty" if value is None else f"'{value}'"
