"""Why a spell costs what it costs: each step with what made it, and the HRGs that were not paid."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from pbcanalytics.costing.chain import Engine
from pbcanalytics.words.errors import SelectionError

_STEPS: Final = ("base", "short_stay", "long_stay", "top_up", "other", "mff")

_SPELL: Final = """
SELECT p.*, s.admission_method, s.patient_class,
       CASE WHEN p.pod = 'EL' AND p.los_days = 0 AND s.intended_management = '2'
                 AND r.same_day_as_day_case THEN 'DC' ELSE p.pod END AS priced_as,
       t.name AS hrg_name, t.short_stay_millionths,
       t.short_stay_emergency_pence, t.long_stay_per_day_pence,
       CASE WHEN p.pod IN ('DC', 'EL') THEN t.elective_trim_days
            ELSE t.non_elective_trim_days END AS trim_point_days,
       m.mff_ratio, r.payable_hrg, r.mff_applies
FROM priced_spells AS p
LEFT JOIN spells AS s ON s.spell_id = p.spell_id
LEFT JOIN tariff AS t ON t.financial_year = p.price_year AND t.hrg = p.hrg
LEFT JOIN mff AS m ON m.financial_year = p.price_year AND m.provider_code = p.provider_code
LEFT JOIN payment_rules AS r ON r.financial_year = p.price_year
WHERE p.spell_id = '{spell}' AND {year}
"""

_CANDIDATES: Final = """
WITH candidates AS (
  SELECT sequence, hrg, has_procedure, FALSE AS is_of_spell FROM spell_episodes
  WHERE spell_id = '{spell}'
  UNION ALL SELECT 0, hrg, FALSE, TRUE FROM supplied_facts
  WHERE spell_id = '{spell}' AND hrg IS NOT NULL)
SELECT c.sequence, c.hrg, c.has_procedure, c.is_of_spell, t.name AS hrg_name,
       CASE '{pod}' WHEN 'DC' THEN t.day_case_pence WHEN 'EL' THEN t.elective_pence
            ELSE t.non_elective_pence END AS base_pence
FROM candidates AS c
LEFT JOIN tariff AS t ON t.financial_year = '{year}' AND t.hrg = c.hrg
ORDER BY c.sequence
"""


@dataclass(frozen=True)
class Step:
    """One step of a price, and the figures that it was made of; None where no rule is held."""

    name: str
    pence: int | None
    made_of: dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """An HRG that a spell might have been paid for; sequence 0 came for the whole spell."""

    sequence: int
    hrg: str | None
    hrg_name: str | None
    base_pence: int | None
    has_procedure: bool
    is_paid: bool


@dataclass(frozen=True)
class Explained:
    """
    The price of one spell in one year's rules.

    Attributes
    ----------
    spell_id, provider_code, price_year, pod, hrg, hrg_name : str
    los_days, paid_los_days : int
        Length of stay [days], and that without the days that the rules of the year take off.
    age_years : int or None
    strategy : str or None
        How the HRG was chosen: `max_tariff`, `procedure_first`, `supplied`.
    steps : tuple of Step
        In the order in which they are taken.
    price_pence : int or None
        Their sum [pence]; None if it cannot be known, and `unpriced_reason` says why.
    candidates : tuple of Candidate
        Every HRG of the spell, in the order of its episodes.
    """

    spell_id: str
    provider_code: str
    price_year: str | None
    pod: str | None
    hrg: str | None
    hrg_name: str | None
    los_days: int | None
    paid_los_days: int | None
    age_years: int | None
    strategy: str | None
    steps: tuple[Step, ...]
    price_pence: int | None
    unpriced_reason: str | None
    candidates: tuple[Candidate, ...]


def explain(engine: Engine, spell_id: str, price_year: str | None = None) -> Explained:
    """
    Explain the price of one spell.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes.
    spell_id : str
        Key of the spell.
    price_year : str, optional
        At the prices of which year; otherwise those that count in totals.

    Returns
    -------
    Explained

    Raises
    ------
    SelectionError
        If there is no such spell, or none at the prices of that year.
    """
    spell = spell_id.replace("'", "''")
    year = f"p.price_year = '{price_year}'" if price_year else "p.is_reported"
    found = engine.frame(_SPELL.format(spell=spell, year=year))
    if found.empty:
        at = f" at the prices of {price_year}" if price_year else ""
        raise SelectionError(
            f"There is no spell '{spell_id}'{at}, so there is no price to explain. The spells are "
            "in the table priced_spells; their keys are provider|patient|spell number."
        )
    row = {str(k): _plain(v) for k, v in found.iloc[0].to_dict().items()}
    offered = engine.frame(
        _CANDIDATES.format(spell=spell, pod=row["priced_as"], year=row["price_year"])
    ).to_dict("records")
    return Explained(
        **{
            name: row[name]
            for name in (
                *("spell_id", "provider_code", "price_year", "pod", "hrg", "hrg_name"),
                *("los_days", "paid_los_days", "age_years", "price_pence", "unpriced_reason"),
            )
        },
        strategy=row["payable_hrg"],
        steps=tuple(Step(n, row[f"{n}_pence"], _made_of(n, row)) for n in _STEPS),
        candidates=_candidates([{str(k): _plain(v) for k, v in o.items()} for o in offered], row),
    )


def _plain(value: Any) -> Any:
    """Give a value as Python has it: missing as None, whole numbers as such."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value.item() if hasattr(value, "item") else value


def _made_of(step: str, row: dict[str, Any]) -> dict[str, Any]:
    columns = {
        "base": ("hrg", "pod"),
        "short_stay": ("los_days", "age_years", "short_stay_millionths"),
        "long_stay": (
            *("paid_los_days", "trim_point_days", "excess_bed_days", "long_stay_per_day_pence"),
        ),
        "mff": ("provider_code", "mff_ratio", "mff_applies"),
    }
    return {c: row[c] for c in columns.get(step, ())}


def _candidates(offered: list[dict[str, Any]], row: dict[str, Any]) -> tuple[Candidate, ...]:
    """Mark, of the HRGs of a spell, the one that is paid: the first that carries it."""
    paid = next((i for i, o in enumerate(offered) if o["hrg"] == row["hrg"]), None)
    return tuple(
        Candidate(
            sequence=o["sequence"],
            hrg=o["hrg"],
            hrg_name=o["hrg_name"],
            base_pence=o["base_pence"],
            has_procedure=bool(o["has_procedure"]),
            is_paid=i == paid,
        )
        for i, o in enumerate(offered)
    )
