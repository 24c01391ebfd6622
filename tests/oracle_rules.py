"""A second, slow pricing by the payment rules of any year, in plain Python from the rulebook.

It shares no code with the package: rules are read from their YAML files, activity and prices come
as plain dictionaries, money is whole pence and shares are exact fractions. What it says of a spell
follows the rulebook (1.2 to 1.6 and 2.1 to 2.4) and docs/rules.md.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.oracle_spells import Row, Spell

PROCEDURE_BINDS = {
    **{"mandatory": True, "mandatory list": True},
    **{"non-mandatory": False, "local": False, "none": False},
}

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same YAML, read faster where its library was built with C."""


def read_rules(*folders: Path) -> dict[str, dict[str, Any]]:
    """Every year's rules by name; a later folder goes before an earlier one, rule by rule."""
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted((folder / "rules").glob("*.yaml")):
            held = found.setdefault(path.stem.replace("-", "/"), {})
            record = yaml.load(path.read_text(encoding="utf-8"), LOADER)
            held.update({name: rule["value"] for name, rule in record["rules"].items()})
    return found


@dataclass
class Tables:
    """The price tables by year, then by code. A table that a year does not have is left out."""

    tariff: dict[str, dict[str, Row]]
    mff: dict[str, dict[str, Fraction]]
    outpatient: dict[str, dict[str, Row]]
    emergency: dict[str, dict[str, int]]
    short_stay: dict[str, dict[str, Row]] = field(default_factory=dict)
    top_up: dict[str, list[Row]] = field(default_factory=dict)
    adjustment: dict[str, dict[tuple[str, str, str], int]] = field(default_factory=dict)
    unbundled: dict[str, dict[str, int]] = field(default_factory=dict)


def next_year(year: str) -> str:
    return f"{int(year[:4]) + 1}/{str(int(year[:4]) + 2)[-2:]}"


def rounded(pence: Fraction) -> int:
    """Half a penny goes up."""
    return (2 * pence.numerator + pence.denominator) // (2 * pence.denominator)


def price_years(year: str | None, held: set[str]) -> list[tuple[str | None, bool]]:
    """At whose prices, and which of them counts in totals: its own year's, else the next."""
    wanted = [y for y in (year, next_year(year)) if y in held] if year else []
    return [(y, y == wanted[0]) for y in wanted] or [(None, True)]


class Pricing:
    """The rules and price tables of every year, and the price of one piece of activity by them."""

    def __init__(self, rules: dict[str, dict[str, Any]], tables: Tables) -> None:
        self.rules = rules
        self.tables = tables
        self.held = set(tables.tariff)

    def spell(self, spell: Spell, year: str | None) -> Row:
        """Price a spell step by step, or say why not (1.6)."""
        rule: dict[str, Any] = self.rules[year] if year else {}
        hrg, base, doubtful = self._payable(spell, year, rule)
        days = _Days(spell, rule)
        found = {"hrg": hrg, "base": None, "short_stay": None, "long_stay": None, "top_up": None}
        found |= {"other": None, "mff": None, "price": None, "paid_los": None, "excess": None}
        early = self._outside_tariff(spell, year, hrg, rule)
        if early:
            return found | {"reason": early}
        assert year is not None
        assert hrg is not None
        line = self.tables.tariff[year].get(hrg)
        if line is None:
            return found | {"reason": "unknown_hrg"}
        if base is None:
            return found | {"reason": "no_price_for_admission"}
        payer = rule["market_forces_factor"]
        unknown = (
            rule["scope_admitted"] is None
            or rule["payable_hrg"] is None
            or payer is None
            or doubtful
            or days.may_be_off
            or (rule["payment_unit"] is None and len(spell.episodes) > 1)
        )
        if unknown:
            return found | {"reason": "rule_not_held"}
        factor = self._factor(payer, year, spell.first("provider_code"))
        if factor is None:
            return found | {"reason": "no_mff"}
        trim = line["elective_trim_days" if spell.pod in ("DC", "EL") else "non_elective_trim_days"]
        beyond = 0 if trim is None or rule["long_stay"] == "none" else max(0, days.paid - trim)
        rate = line["long_stay_per_day_pence"]
        if beyond and rule["long_stay"] is None:
            return found | {"reason": "rule_not_held"}
        if beyond and rate is None:
            return found | {"reason": "no_long_stay_rate"}
        short, why = self._short_stay(spell, year, rule, days, hrg, base)
        if why:
            return found | {"reason": why}
        long_stay = beyond * rate if beyond else 0
        top, why = self._top_up(spell, year, rule, base + short, long_stay, beyond)
        if why:
            return found | {"reason": why}
        other = self._adjusted(spell, year, hrg)
        gross = base + short + long_stay + (top or 0) + (other or 0)
        mff = rounded(gross * (factor - 1))
        return {
            **{"hrg": hrg, "base": base, "short_stay": short, "long_stay": long_stay},
            **{"top_up": top, "other": other, "mff": mff, "price": gross + mff},
            **{"paid_los": days.paid, "excess": beyond, "reason": None},
        }

    def _payable(
        self, spell: Spell, year: str | None, rule: dict[str, Any]
    ) -> tuple[str | None, int | None, bool]:
        """The HRG that is paid (2.3), its price, and whether an unknown rule decides on that."""
        how = rule.get("payable_hrg")
        whole = spell.whole_hrg if how == "supplied" else None
        tariff = self.tables.tariff[year] if year else {}
        same_day = rule.get("same_day_elective", "elective")
        columns = [_price_column(spell, meant) for meant in _readings(same_day)]

        def chosen(column: str | None) -> tuple[str | None, int | None]:
            candidates = [(whole, False)] if whole is not None else spell_candidates(spell)
            if how == "procedure_first" and any(by for hrg, by in candidates if hrg is not None):
                candidates = [c for c in candidates if c[1] and c[0] is not None]

            def worth(hrg: str | None) -> int:
                if hrg is None:
                    return -3
                if hrg not in tariff:
                    return -2
                price = tariff[hrg][column] if column else None
                return -1 if price is None else int(price)

            best = max(candidates, key=lambda c: worth(c[0]))[0]
            price = tariff[best][column] if column and best in tariff else None
            return best, price

        outcomes = [chosen(column) for column in columns]
        # Which of several HRGs would be the dearest is not looked into where it is not known at
        # which prices.
        several = len({hrg for hrg, _ in spell_candidates(spell) if hrg is not None}) > 1
        unclear = len(columns) > 1 and columns[0] != columns[-1] and whole is None and several
        return (*outcomes[0], unclear or outcomes[0] != outcomes[-1])

    def _outside_tariff(
        self, spell: Spell, year: str | None, hrg: str | None, rule: dict[str, Any]
    ) -> str | None:
        """Why a spell has no tariff, or none that could be looked up (1.6, 2.4)."""
        scope = rule.get("scope_admitted")
        reasons = (
            (spell.first("administrative_category") == "02", "private_patient"),
            (spell.is_outside, "excluded"),
            (hrg is None, "no_hrg"),
            (hrg == "UZ01Z", "ungroupable"),
            (spell.discharged is None, "open_spell"),
            (spell.discharged is not None and spell.discharged < spell.admitted, "dates_disagree"),
            (spell.pod == "RA", "regular_attender"),
            (spell.pod is None, "unknown_admission_method"),
            (year is None, "no_tariff_year"),
            (scope is not None and spell.pod not in scope, "outside_scope"),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def _factor(self, payer: str | None, year: str, provider: str) -> Fraction | None:
        return self.tables.mff[year].get(provider) if payer == "in_price" else Fraction(1)

    def _short_stay(
        self,
        spell: Spell,
        year: str,
        rule: dict[str, Any],
        days: "_Days",
        hrg: str,
        base: int,
    ) -> tuple[int, str | None]:
        """What is taken off an adult's short emergency stay, or why that cannot be told."""
        applies = rule["short_stay_emergency"]
        if spell.pod != "NEL" or applies == "none":
            return 0, None
        longest = _number_or_none(rule["short_stay_longest_days"])
        youngest = _number_or_none(rule["short_stay_youngest_years"])
        age = spell.first("age_years")
        lengths = {days.stayed if which == "raw" else days.paid for which in _lengths(rule)}
        by_length = {None if longest is None else length <= longest for length in lengths}
        is_short = by_length.pop() if len(by_length) == 1 else None
        is_adult = True if age is None else None if youngest is None else age >= youngest
        if is_short is False or is_adult is False:
            return 0, None
        if is_short is None or is_adult is None or applies is None:
            return 0, "rule_not_held"
        own = self.tables.tariff[year][hrg]
        lies_in_tariff = "short_stay_emergency_share" in own or "short_stay_emergency_pence" in own
        if not lies_in_tariff and year not in self.tables.short_stay:
            return 0, "no_short_stay_share"
        held = own if lies_in_tariff else self.tables.short_stay[year].get(hrg, {})
        pence: Any = held.get("short_stay_emergency_pence")
        share: Any = held.get("short_stay_emergency_share")
        if pence is None and share is None:
            return 0, None
        if age is None:
            return 0, "no_age"
        paid: int = rounded(base * share) if pence is None else pence
        return paid - base, None

    def _top_up(
        self,
        spell: Spell,
        year: str,
        rule: dict[str, Any],
        base: int,
        long_stay: int,
        beyond: int,
    ) -> tuple[int | None, str | None]:
        """What specialised care is paid on top; nothing is known of it where no code says so."""
        shares = rule["specialised_top_up"]
        lists = spell.lists("specialised_codes")
        if shares == "none":
            return 0, None
        if not lists:
            return None, None
        if shares is None or year not in self.tables.top_up:
            return None, "no_top_up_share"
        codes = {code for told in lists for code in told.split(" ")}
        mine = (spell.first("provider_code"), "*")
        due = max(
            (
                Fraction(str(shares[t["kind"]]))
                for t in self.tables.top_up[year]
                if t["specialised_code"] in codes and t["provider_code"] in mine
            ),
            default=Fraction(0),
        )
        of = rule["specialised_top_up_base"]
        if due and beyond and of is None:
            return None, "rule_not_held"
        return rounded((base + (long_stay if of == "base+long_stay" else 0)) * due), None

    def _adjusted(self, spell: Spell, year: str, hrg: str) -> int | None:
        if year not in self.tables.adjustment:
            return None
        held = self.tables.adjustment[year]
        whom = (spell.first("provider_code"), "*")
        return sum(held.get((w, hrg, spell.pod or ""), 0) for w in whom)

    def unbundled(self, spell: Spell, year: str | None) -> list[Row]:
        """Price what is paid beside the spell: one line a code, as often as it is listed."""
        rule: dict[str, Any] = self.rules[year] if year else {}
        lines = []
        for told in spell.lists("unbundled_hrgs"):
            for place, hrg in enumerate(told.split(" "), start=1):
                price = self.tables.unbundled.get(year or "", {}).get(hrg)
                payer = rule.get("market_forces_factor")
                factor = self._factor(payer, year, spell.first("provider_code")) if year else None
                reasons = (
                    (spell.first("administrative_category") == "02", "private_patient"),
                    (spell.is_outside, "excluded"),
                    (spell.discharged is None, "open_spell"),
                    (year is None, "no_tariff_year"),
                    (price is None, "no_unbundled_price"),
                    (payer is None, "rule_not_held"),
                    (factor is None, "no_mff"),
                )
                why = next((reason for holds, reason in reasons if holds), None)
                lines.append({"position": place, "hrg": hrg, **_line(price, factor, why)})
        return lines

    def outpatient(self, row: Row, year: str | None) -> Row:
        """Price one appointment (1.4): a procedure where its price binds, else the attendance."""
        rule: dict[str, Any] = self.rules[year] if year else {}
        tariff = self.tables.tariff[year] if year else {}
        procedure = tariff.get(row["hrg"], {}).get("outpatient_procedure_pence")
        standing = rule.get("outpatient_procedure")
        binds = None if standing is None else PROCEDURE_BINDS[standing]
        prices = (self.tables.outpatient[year] if year else {}).get(row["specialty_code"], {})
        pod, price = {
            "1": ("OPFA", prices.get("first_attendance_pence")),
            "2": ("OPFUP", prices.get("follow_up_attendance_pence")),
            "3": ("NF2F", None),
            "4": ("NF2F", None),
        }.get(row["attendance_type"], (None, None))
        if procedure is not None and binds:
            pod, price = "OPPROC", procedure
        payer = rule.get("market_forces_factor")
        factor = self._factor(payer, year, row["provider_code"]) if year else None
        scope = rule.get("scope_outpatients")
        reasons = (
            (row["attended"] not in ("5", "6"), "not_attended"),
            (pod is None, "unknown_attendance_type"),
            (year is None, "no_tariff_year"),
            (scope is False, "outside_scope"),
            (price is None, "no_specialty_price"),
            (scope is None or payer is None, "rule_not_held"),
            (procedure is not None and binds is None, "rule_not_held"),
            (factor is None, "no_mff"),
        )
        why = next((reason for holds, reason in reasons if holds), None)
        return {"pod": pod, **_line(price, factor, why)}

    def casualty(self, row: Row, year: str | None) -> Row:
        """Price one A&E attendance (1.4)."""
        rule: dict[str, Any] = self.rules[year] if year else {}
        price = (self.tables.emergency[year] if year else {}).get(row["hrg"])
        payer = rule.get("market_forces_factor")
        factor = self._factor(payer, year, row["provider_code"]) if year else None
        scope = rule.get("scope_emergency")
        reasons = (
            (row["hrg"] is None, "no_hrg"),
            (year is None, "no_tariff_year"),
            (scope is False, "outside_scope"),
            (price is None, "no_emergency_price"),
            (scope is None or payer is None, "rule_not_held"),
            (factor is None, "no_mff"),
        )
        why = next((reason for holds, reason in reasons if holds), None)
        return {"pod": "AE", **_line(price, factor, why)}


class _Days:
    """Lengths of a stay: as it was, and as it is held against the trim point (2.2)."""

    def __init__(self, spell: Spell, rule: dict[str, Any]) -> None:
        kinds = ("critical_care", "rehabilitation", "palliative")
        off = {kind: spell.total(f"{kind}_days") for kind in kinds}
        without = rule.get("trim_days_exclude")
        self.stayed = spell.stayed or 0
        self.may_be_off = without is None and any(off.values())
        self.paid = max(0, self.stayed - sum(off[k] for k in kinds if k in (without or ())))


def spell_candidates(spell: Spell) -> list[tuple[str | None, bool]]:
    """The HRGs of the episodes in order, and whether a procedure came with each."""
    return [(e["hrg"], e["has_procedure"]) for e in spell.episodes]


def _readings(same_day: str | None) -> list[bool]:
    """Whether a same-day stay meant as a day case is paid as one; both where it is not known."""
    return [False, True] if same_day is None else [same_day == "day_case"]


def _lengths(rule: dict[str, Any]) -> list[str]:
    """Which length the test of a short stay takes; both where it is not known."""
    which = rule["short_stay_los"]
    return ["raw", "adjusted"] if which is None else ["raw" if which == "none" else which]


def _price_column(spell: Spell, same_day_is_day_case: bool) -> str | None:
    if spell.pod == "DC" or (spell.is_meant_as_day_case and same_day_is_day_case):
        return "day_case_pence"
    if spell.pod == "EL":
        return "elective_pence"
    return "non_elective_pence" if spell.pod in ("NEL", "NELNE") else None


def _number_or_none(value: Any) -> int | None:
    return None if value in (None, "none") else int(value)


def _line(price: int | None, factor: Fraction | None, why: str | None) -> Row:
    if why is not None or price is None or factor is None:
        return {"base": None, "mff": None, "price": None, "reason": why}
    mff = rounded(price * (factor - 1))
    return {"base": price, "mff": mff, "price": price + mff, "reason": None}
