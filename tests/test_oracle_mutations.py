"""No value is dead: change any value of the rules or prices of any year, and an output moves."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
import yaml

from pbcanalytics import costing
from pbcanalytics.costing.chain import PRICING, model, price_months
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.shelf import Record
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError
from tests import oracle_rules
from tests.oracle_spells import Activity, Row
from tests.test_oracle_rules import REFERENCE, YEARS, landed

OF_CONTRACTS = {
    *("emergency_marginal_rate", "emergency_marginal_base", "emergency_marginal_below"),
    *("emergency_readmission", "readmission_days", "readmission_after_emergency_cut_share"),
    *("fixed_and_variable", "low_volume_threshold_pence"),
}
"""Rules of kind `price` that act on a contract, never on the price of a spell: each is changed in
tests/test_contracts.py."""

ONLY_SHOWN = {"payment_model"}
"""Rules of kind `price` that no price needs; what shows them is tested in
tests/test_rules_command.py, with the rules of kind `information`."""

REFUSES = {"hrg_version"}
"""Rules by which a comparison is refused (T14)."""

PODS = ["DC", "EL", "NEL", "NELNE"]
OFF = ["critical_care", "rehabilitation", "palliative"]
SHARES = {"children": 0.6, "orthopaedic": 0.24, "spinal": 0.32, "neurosciences": 0.28}
CODES = {"23": "children", "34": "orthopaedic", "06": "spinal", "08": "neurosciences"}

LIFTED: dict[str, Any] = {
    **{"payment_unit": "spell", "payable_hrg": "supplied", "scope_admitted": PODS},
    **{"scope_outpatients": True, "scope_emergency": True, "outpatient_procedure": "mandatory"},
    **{"same_day_elective": "day_case", "long_stay": "per day beyond the trim point"},
    **{"trim_days_exclude": OFF, "short_stay_emergency": "per HRG", "short_stay_longest_days": 1},
    **{"short_stay_youngest_years": 19, "short_stay_los": "raw", "specialised_top_up": SHARES},
    **{"specialised_top_up_base": "base", "market_forces_factor": "in_price"},
}
"""What stands in for an unknown rule or a narrow scope: either hides the rules beside it."""

RESTS_ON = {
    "short_stay_longest_days": "short_stay_emergency",
    "short_stay_youngest_years": "short_stay_emergency",
    "short_stay_los": "short_stay_emergency",
    "specialised_top_up_base": "specialised_top_up",
}
"""Details of a rule: where the rule did not exist they must say `none` too, and decide nothing."""


def cycled(*values: Any, by: int = 1) -> Callable[[Any], Any]:
    return lambda value: values[(values.index(value) + by) % len(values)]


def toggled(kind: str) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        held = [] if value == "none" else value
        return [v for v in held if v != kind] if kind in held else [*held, kind]

    return change


def dearer(kind: str) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if value == "none":
            return SHARES
        return {k: v + (0.01 if k == kind else 0) for k, v in value.items()}

    return change


BINDS = ("mandatory", "mandatory list")
MUTANTS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("payment_unit", "unknown", lambda value: None),
    ("payable_hrg", "next", cycled("max_tariff", "procedure_first", "supplied")),
    ("payable_hrg", "the one after", cycled("max_tariff", "procedure_first", "supplied", by=2)),
    *(("scope_admitted", pod, toggled(pod)) for pod in PODS),
    ("scope_outpatients", "other", lambda value: not value),
    ("scope_emergency", "other", lambda value: not value),
    ("outpatient_procedure", "other", lambda value: "local" if value in BINDS else "mandatory"),
    ("same_day_elective", "other", cycled("day_case", "elective")),
    ("long_stay", "other", cycled("per day beyond the trim point", "none")),
    *(("trim_days_exclude", kind, toggled(kind)) for kind in OFF),
    ("short_stay_emergency", "other", cycled("per HRG", "none")),
    ("short_stay_longest_days", "one more", lambda value: value + 1),
    ("short_stay_youngest_years", "one more", lambda value: value + 1),
    ("short_stay_los", "other", cycled("raw", "adjusted")),
    *(("specialised_top_up", kind, dearer(kind)) for kind in SHARES),
    ("specialised_top_up_base", "other", cycled("base", "base+long_stay")),
    ("market_forces_factor", "other", cycled("in_price", "paid_centrally")),
]


PRICES = {"day_case_pence": 200_000, "elective_pence": 300_000, "non_elective_pence": 400_000}

CELLS = [
    *(("tariff", column) for column in (*PRICES, "outpatient_procedure_pence")),
    *(("tariff", column) for column in ("elective_trim_days", "non_elective_trim_days")),
    ("tariff", "long_stay_per_day_pence"),
    *(("tariff", f"short_stay_emergency_{kind}") for kind in ("share", "pence")),
    ("mff", "mff_ratio"),
    *(("outpatient", f"{kind}_attendance_pence") for kind in ("first", "follow_up")),
    *(("emergency", "attendance_pence"), ("adjustment", "adjustment_pence")),
    *(("unbundled", "price_pence"), ("top_up", "provider_code"), ("adjustment", "pod")),
]
"""Columns of the price tables."""

CELL_YEARS = ["2003/04", "2006/07", "2011/12", "2018/19", "2025/26"]
"""Years whose price tables are changed: what a column does depends on the rules alone."""

Rules = dict[str, Any]
Tables = dict[str, pd.DataFrame]
Outcomes = dict[str, frozenset[tuple[Any, ...]]]


@dataclasses.dataclass(frozen=True)
class Variants(Shelf):
    """Rules and price tables by name: each variant stands where a financial year would."""

    held: dict[str, tuple[Rules, Tables]] = dataclasses.field(default_factory=dict)

    def record(self, subject: str, financial_year: str | None = None) -> Record:
        rules = self.held[str(financial_year)][0].items()
        told = {name: {"value": value, "status": "unverified"} for name, value in rules}
        return Record("changed", "own", financial_year, {}, told)

    def read(self, subject: str, financial_year: str | None = None) -> pd.DataFrame:
        return self.held[str(financial_year)][1][subject]

    def years(self, subject: str) -> list[str]:
        tables = next(iter(self.held.values()))[1]
        return list(self.held) if subject in tables else []


SHIPPED = oracle_rules.read_rules(REFERENCE)


def lifted(rules: Rules) -> Rules:
    """Fill what is unknown, and widen the scope."""
    wide = {name for name in LIFTED if name.startswith("scope_")}
    return {
        name: LIFTED[name] if name in wide or (value is None and name in LIFTED) else value
        for name, value in rules.items()
    }


RULES = {year: lifted(rules) for year, rules in SHIPPED.items()}


def prices(rules: Rules) -> Tables:
    """Tables of three HRGs without a gap, and top-ups of the kinds that the rules name."""
    shares = rules["specialised_top_up"]
    kinds = shares if isinstance(shares, dict) else SHARES
    stay = {
        **PRICES,
        **{"elective_trim_days": 4, "non_elective_trim_days": 5, "long_stay_per_day_pence": 21_000},
    }
    cheap = {name: pence // 3 for name, pence in PRICES.items()}
    lines = [
        {"hrg": "A", **stay, "short_stay_emergency_share": 0.5},
        {"hrg": "B", **stay, **cheap, "outpatient_procedure_pence": 17_000},
        {"hrg": "C", **stay, **cheap, "short_stay_emergency_pence": 90_000, "elective_pence": 1},
    ]
    tariff = pd.DataFrame(lines).astype({c: "Int64" for c in lines[0] if c.endswith("_days")})
    whole = [c for c in tariff.columns if str(c).endswith("_pence")]
    return {
        "tariff": tariff.astype({c: "Int64" for c in whole}),
        "mff": pd.DataFrame({"provider_code": ["X"], "mff_ratio": [1.1]}),
        "outpatient": pd.DataFrame(
            {
                **{"specialty_code": ["100"], "first_attendance_pence": [20_000]},
                **{"follow_up_attendance_pence": [9_000]},
            }
        ),
        "emergency": pd.DataFrame({"hrg": ["V"], "attendance_pence": [8_000]}),
        "adjustment": pd.DataFrame(
            {
                **{"provider_code": ["X", "*"], "hrg": ["A", "B"], "pod": ["EL", "EL"]},
                **{"adjustment_pence": [-1_500, 700]},
            }
        ),
        "unbundled": pd.DataFrame({"hrg": ["U"], "price_pence": [4_000]}),
        "top_up": pd.DataFrame(
            [
                {"specialised_code": code, "kind": kind, "provider_code": "X"}
                for code, kind in CODES.items()
                if kind in kinds
            ]
        ),
    }


YEAR = "2018/19"
"""Of the activity: it is priced at the rules of every year, and at every change of them."""


def stays() -> Iterator[Row]:
    """Every kind of stay that some rule tells from another; `los`, then what is not plain."""
    plain: Row = {
        **{"provider_code": "X", "patient_class": "1", "admission_method": "11", "hrg": "A"},
        **{"age_years": 50, "procedures": None, "los": 2},
    }
    long_stay = {"los": 12}
    kinds: list[Row] = [
        {},
        long_stay,
        {"los": 0, "intended_management": "2"},
        {"patient_class": "2", "los": 0},
        {"admission_method": "31"},
        {"hrg": "B"},
        {"hrg": "C", "admission_method": "21", "los": 0},
        {"unbundled_hrgs": "U"},
        *({**long_stay, "specialised_codes": code} for code in CODES),
        *({**long_stay, f"{kind}_days": 2} for kind in OFF),
        {**long_stay, "admission_method": "21"},
        *({**long_stay, "admission_method": m, "critical_care_days": 11} for m in ("21", "31")),
        *(
            {"admission_method": "21", "los": los, "age_years": age}
            for los in range(4)
            for age in range(17, 22)
        ),
    ]
    for place, kind in enumerate(kinds):
        yield {**plain, "spell_number": f"s{place}", **kind}
    several = {**plain, "spell_number": "several"}
    yield from ({**several, "episode_order": 1}, {**several, "hrg": "B", "procedures": "W371"})


def activity() -> Activity:
    found = Activity()
    who = {"provider_code": "X", "practice_code": "P", "specialty_code": "100", "person_id": "p"}
    on = dt.date(2019, 1, 31)
    for n, row in enumerate(stays()):
        dates = {"admission_date": on - dt.timedelta(row.pop("los")), "discharge_date": on}
        found.episodes.append({**row, **who, **dates, "episode_id": f"e{n}"})
    found.grouped_spells.append({"provider_code": "X", "spell_number": "several", "hrg": "C"})
    found.outpatients += [
        {**who, "attendance_type": kind, "hrg": hrg, "attended": "5", "appointment_date": on}
        for kind in "12"
        for hrg in ("B", None)
    ]
    found.emergency_attendances.append({**who, "hrg": "V", "arrival_date": on})
    return found


def variants() -> dict[str, tuple[Rules, Tables]]:
    """Each year's rules and prices as they are, and with one value changed."""
    found = {}
    for year, rules in RULES.items():
        tables = prices(rules)
        found[year] = (rules, tables)
        for rule, which, change in MUTANTS:
            if not is_idle(year, rule, which):
                found[f"{year} {rule} {which}"] = ({**rules, rule: change(rules[rule])}, tables)
        for rule in LIFTED:
            found[f"{year} {rule} forgotten"] = ({**rules, rule: None}, tables)
        for subject, column in CELLS if year in CELL_YEARS else ():
            other = {subject: moved_on(tables[subject], column)}
            found[f"{year} {subject} {column}"] = (rules, tables | other)
    return found


def is_idle(year: str, rule: str, which: str) -> bool:
    """Whether a rule has nothing to change: it is a detail of none, or names no such share."""
    rules = RULES[year]
    if rule in RESTS_ON:
        return bool(rules[RESTS_ON[rule]] == "none")
    shares = rules[rule]
    return rule == "specialised_top_up" and shares != "none" and which not in shares


def moved_on(table: pd.DataFrame, column: str) -> pd.DataFrame:
    named = {"provider_code": "Y", "pod": "NELNE"}.get(column)
    step = 0.01 if column.endswith(("_share", "_ratio")) else 1
    return table.assign(**{column: named or table[column] + step})


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """What all lines come to, by variant: the same activity, priced at every one of them."""
    held = variants()
    shelf = Variants((), held=held)
    first = Variants((), held={YEAR: held[YEAR]})
    with landed(activity()) as warehouse:
        costing.build(warehouse, first, lambda name, share: None)
        each = {"financial_year": YEAR, "price_year": list(held), "is_reported": True}
        warehouse.source("price_years", pd.DataFrame(each))
        warehouse.source("price_months", price_months([YEAR], pd.DataFrame(each)))
        for name, frame in costing.reference_tables(shelf, held).items():
            warehouse.source(name, frame)
        for name in PRICING:
            warehouse.define(name, model(name))
        found: dict[str, set[tuple[Any, ...]]] = {name: set() for name in held}
        for table in ("spells", "unbundled", "outpatients", "emergency"):
            for name, *line in warehouse.rows(
                f"SELECT price_year, * EXCLUDE (price_year) FROM priced_{table}"
            ):
                found[name].add((table, *line))
    return {name: frozenset(lines) for name, lines in found.items()}


def test_every_rule_that_prices_need_is_changed_here_or_said_to_act_elsewhere() -> None:
    kinds = {
        name: rule["kind"]
        for name, rule in yaml.safe_load(
            (REFERENCE / "rules" / "2018-19.yaml").read_text(encoding="utf-8")
        )["rules"].items()
    }
    needed = {name for name, kind in kinds.items() if kind == "price"}
    changed = {name for name, _, _ in MUTANTS}
    assert needed == changed | OF_CONTRACTS | ONLY_SHOWN | REFUSES
    assert changed == LIFTED.keys()


@pytest.mark.parametrize(("rule", "which"), [(rule, which) for rule, which, _ in MUTANTS])
def test_a_changed_rule_moves_prices_in_every_year(
    outcomes: Outcomes, rule: str, which: str
) -> None:
    tried = [year for year in YEARS if not is_idle(year, rule, which)]
    dead = [y for y in tried if outcomes[f"{y} {rule} {which}"] == outcomes[y]]
    assert tried
    assert not dead


@pytest.mark.parametrize("rule", sorted(LIFTED))
def test_a_rule_forgotten_is_missed_in_every_year_that_has_it(
    outcomes: Outcomes, rule: str
) -> None:
    unmissed = [year for year in YEARS if outcomes[f"{year} {rule} forgotten"] == outcomes[year]]
    assert unmissed == [y for y in YEARS if rule in RESTS_ON and is_idle(y, rule, "")]


def test_details_of_a_rule_that_did_not_exist_say_so_too() -> None:
    odd = [
        (year, detail)
        for year, named in SHIPPED.items()
        for detail, rule in RESTS_ON.items()
        if (named[rule] == "none") != (named[detail] == "none")
    ]
    assert not odd


@pytest.mark.parametrize("year", YEARS)
def test_another_version_of_the_hrgs_is_refused_a_comparison(year: str) -> None:
    rules, tables = SHIPPED[year], prices(RULES[year])
    other = "v3.1" if rules["hrg_version"] != "v3.1" else "HRG4"
    before = Variants((), held={year: (rules, tables)})
    after = Variants((), held={year: ({**rules, "hrg_version": other}, tables)})
    with Warehouse.in_memory() as nothing, pytest.raises(SelectionError, match=other):
        costing.bridge(nothing, year, (before, year), (after, year))


@pytest.mark.parametrize("year", YEARS)
def test_a_unit_of_payment_that_prices_cannot_follow_is_refused(year: str) -> None:
    rules = {**RULES[year], "payment_unit": "episode"}
    shelf = Variants((), held={year: (rules, prices(rules))})
    with pytest.raises(ReferenceGap, match=f"payment_unit of {year}"):
        costing.reference_tables(shelf, [year])


NEEDED_BY = {
    **dict.fromkeys(("elective_trim_days", "non_elective_trim_days"), "long_stay"),
    **{"long_stay_per_day_pence": "long_stay", "mff_ratio": "market_forces_factor"},
    "short_stay_emergency_share": "short_stay_emergency",
    "short_stay_emergency_pence": "short_stay_emergency",
    **{"outpatient_procedure_pence": "outpatient_procedure"},
    "provider_code": "specialised_top_up",
}
"""Columns of price tables that decide nothing where a rule says that they do not."""


@pytest.mark.parametrize(("subject", "column"), CELLS)
def test_every_column_of_the_price_tables_moves_prices_where_the_rules_use_it(
    outcomes: Outcomes, subject: str, column: str
) -> None:
    dead = [y for y in CELL_YEARS if outcomes[f"{y} {subject} {column}"] == outcomes[y]]
    without = {"none", "paid_centrally", "local", "non-mandatory"}
    by = NEEDED_BY.get(column, "")
    assert dead == [y for y in CELL_YEARS if by and str(RULES[y][by]) in without]
