"""Freed-up resources: the net first, every penny of a saving in one place, the incentive scheme."""

import datetime as dt
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.budgets.savings import incentive_scheme
from pbcanalytics.budgets.savings.agreed_sums import Agreed, agreed_sums
from pbcanalytics.budgets.savings.freed_up import ShareRule, chain, position, share_rule
from pbcanalytics.budgets.savings.incentive_ledger import (
    DISPUTED,
    INSIDE,
    OUTSIDE,
    STANDINGS,
    ledger,
)
from pbcanalytics.budgets.savings.incentive_scheme import (
    Variant,
    compare_variants,
    component_pence,
    is_in_time,
    second_payment,
)
from pbcanalytics.reference import STATUSES, Shelf
from pbcanalytics.words.errors import SelectionError

SHELF: Final = Shelf.open()
YEARS: Final = [
    Path(name).stem.replace("-", "/") for name, _ in SHELF.files() if name.startswith("savings/")
]
RULES: Final[dict[str, dict[str, Any]]] = {y: SHELF.record("savings", y).rules for y in YEARS}
SEVENTY: Final = ShareRule(Fraction(7, 10), None, True, False)
POLICY_2004: Final = ShareRule(Fraction(1, 2), True, None, True)


def group(*left: int) -> pd.DataFrame:
    """Draw practices whose budgets leave so many pence, an overspend below nothing."""
    return pd.DataFrame({"budget_pence": [1000 + x for x in left], "actual_pence": 1000})


def test_t11_a_group_is_its_net_and_the_gross_underspend_is_a_sub_line() -> None:
    """Rulebook 9.5: at -100 (under), +60, +70 (over) the group is 30 over and shares nothing."""
    found = position(group(100, -60, -70))
    assert found.net_pence == -30
    assert (found.gross_underspend_pence, found.gross_overspend_pence) == (100, 130)
    assert (found.n_under, found.n_over, found.n_practices) == (1, 2, 3)
    made = chain(found.net_pence, SEVENTY)
    assert (made.saving_pence, made.carried_pence, made.entitlement_pence) == (0, 30, 0)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40))
def test_the_net_is_the_gross_underspend_less_the_gross_overspend(left: list[int]) -> None:
    found = position(group(*left))
    assert found.net_pence == sum(left) == found.budget_pence - found.actual_pence
    assert found.net_pence == found.gross_underspend_pence - found.gross_overspend_pence
    assert found.n_under + found.n_over + left.count(0) == found.n_practices


def test_the_net_of_a_group_with_an_unknown_spending_is_refused_and_not_taken_as_nothing() -> None:
    unknown = group(100, -60).astype("Int64")
    unknown.loc[1, "actual_pence"] = pd.NA
    with pytest.raises(SelectionError, match="1 of 2 practices"):
        position(unknown)


def test_the_policy_of_2004_gives_half_and_pays_management_cost_from_the_other_half() -> None:
    agreed = Agreed(prior_deficit_pence=20_000, management_cost_pence=30_000)
    made = chain(100_000, POLICY_2004, agreed)
    assert (made.prior_deficit_pence, made.net_saving_pence) == (20_000, 80_000)
    assert (made.entitlement_pence, made.management_pence, made.to_pct_pence) == (
        *(40_000, 30_000),
        10_000,
    )
    dear = chain(100_000, POLICY_2004, replace(agreed, management_cost_pence=90_000))
    assert (dear.management_pence, dear.to_pct_pence) == (40_000, 0)


def test_the_pct_claims_before_the_share_is_taken_and_the_claim_is_shown() -> None:
    made = chain(100_000, SEVENTY, Agreed(pct_claim_pence=30_000))
    assert (made.saving_pence, made.pct_claim_pence, made.net_saving_pence) == (
        *(100_000, 30_000),
        70_000,
    )
    assert (made.entitlement_pence, made.to_pct_pence) == (49_000, 21_000)
    assert chain(100_000, SEVENTY, Agreed(pct_claim_pence=10**9)).entitlement_pence == 0
    barred = replace(SEVENTY, pct_claim_first=False)
    assert chain(100_000, barred, Agreed(pct_claim_pence=30_000)).entitlement_pence == 70_000


def test_what_is_authorised_and_paid_is_what_was_recorded_and_nothing_is_made_up() -> None:
    made = chain(100_000, SEVENTY, Agreed(pct_claim_pence=0, authorised_pence=50_000))
    assert (made.authorised_pence, made.paid_pence) == (50_000, None)
    assert set(made.not_recorded) == {"prior_deficit_pence", "management_cost_pence", "paid_pence"}


def test_a_step_that_rests_on_an_unknown_rule_is_unknown_and_so_is_all_that_follows() -> None:
    no_share = chain(100_000, replace(SEVENTY, practice_share=None))
    assert (no_share.net_saving_pence, no_share.entitlement_pence, no_share.to_pct_pence) == (
        *(100_000, None),
        None,
    )
    deficit = chain(100_000, SEVENTY, Agreed(prior_deficit_pence=1))
    assert (deficit.prior_deficit_pence, deficit.net_saving_pence) == (None, None)
    assert deficit.entitlement_pence is None
    nothing = chain(-5, replace(SEVENTY, practice_share=None))
    assert nothing.entitlement_pence == 0, "no share of nothing is more than nothing"


@pytest.mark.parametrize(
    "agreed",
    [Agreed(pct_claim_pence=-1), Agreed(authorised_pence=5, paid_pence=6), Agreed(paid_pence=-2)],
)
def test_sums_that_cannot_be_are_refused(agreed: Agreed) -> None:
    with pytest.raises(SelectionError, match="cannot be"):
        chain(100, SEVENTY, agreed)


sums = st.none() | st.integers(0, 10**9)
rules = st.builds(ShareRule, st.fractions(0, 1), st.booleans(), st.booleans(), st.booleans())


@given(st.integers(-(10**10), 10**10), rules, sums, sums, sums)
def test_every_penny_of_a_saving_stands_in_one_place(
    net: int, rule: ShareRule, deficit: int | None, claim: int | None, management: int | None
) -> None:
    made = chain(net, rule, Agreed(deficit, claim, management))
    parts = [made.prior_deficit_pence, made.pct_claim_pence, made.net_saving_pence]
    shared = [made.entitlement_pence, made.management_pence, made.to_pct_pence]
    assert sum(p for p in parts if p is not None) == made.saving_pence
    assert sum(p for p in shared if p is not None) == made.net_saving_pence
    assert None not in parts + shared
    assert min(p for p in parts + shared if p is not None) >= 0
    assert made.saving_pence - made.carried_pence == net
    assert rule.practice_share is not None
    assert made.net_saving_pence is not None
    assert made.entitlement_pence is not None
    assert abs(made.entitlement_pence - rule.practice_share * made.net_saving_pence) <= Fraction(
        1, 2
    )


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.fractions(0, 1))
def test_a_larger_saving_never_earns_less_and_a_larger_claim_never_earns_more(
    saving: int, claim: int, share: Fraction
) -> None:
    rule = replace(SEVENTY, practice_share=share)

    def earns(saved: int, claimed: int) -> int:
        return chain(saved, rule, Agreed(pct_claim_pence=claimed)).entitlement_pence or 0

    assert earns(saving + 100, claim) >= earns(saving, claim) >= earns(saving, claim + 100)


def test_t4_the_second_payment_is_the_share_topped_up_or_the_share_alone() -> None:
    """Rulebook 9.5: list 8,000: a share of £5,000 pays £7,600, one of £12,000 itself."""
    c2 = component_pence(8_000, Fraction(95))
    assert c2 == 760_000
    topped_up = second_payment(500_000, c2, objectives_met=True)
    assert (topped_up.pence, topped_up.share_pence, topped_up.top_up_pence) == (
        *(760_000, 500_000),
        260_000,
    )
    alone = second_payment(1_200_000, c2, objectives_met=True)
    assert (alone.pence, alone.top_up_pence) == (1_200_000, 0)


def test_without_its_objectives_a_practice_gets_its_share_and_no_component() -> None:
    assert second_payment(500_000, 760_000, objectives_met=False).pence == 500_000
    assert second_payment(0, 760_000, objectives_met=False).pence == 0


def test_a_payment_that_is_not_known_yet_says_what_is_certain() -> None:
    early = second_payment(None, 760_000, objectives_met=True)
    assert (early.pence, early.at_least_pence) == (None, 760_000)
    undecided = second_payment(500_000, 760_000, objectives_met=None)
    assert (undecided.pence, undecided.at_least_pence) == (None, 500_000)
    assert second_payment(900_000, 760_000, objectives_met=None).pence == 900_000
    with pytest.raises(SelectionError, match="an overspend earns no share"):
        second_payment(-1, 760_000, objectives_met=True)


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.booleans())
def test_the_second_payment_is_never_below_the_share_nor_below_an_earned_component(
    share: int, c2: int, met: bool
) -> None:
    paid = second_payment(share, c2, objectives_met=met)
    assert paid.pence == max(share, c2 if met else 0) == paid.at_least_pence
    assert paid.pence == (paid.share_pence or 0) + (paid.top_up_pence or 0)


def test_a_component_is_reckoned_at_any_rate_a_head() -> None:
    assert component_pence(8_000, Fraction(125)) == 1_000_000
    assert component_pence(8_000, Fraction("5.6")) == 44_800
    assert component_pence(3, Fraction("0.5")) == 2, "half a penny upwards, once"


def test_a_claim_is_in_time_on_its_last_day_and_not_after_it() -> None:
    national = incentive_scheme.scheme(RULES["2006/07"])
    assert national is not None
    assert (national.rate_1_pence, national.rate_2_pence) == (95, 95)
    assert national.list_date_2 == dt.date(2007, 4, 1)
    assert national.list_date_1 is None, "open question O11"
    assert is_in_time(dt.date(2007, 6, 30), national.claim_by) is True
    assert is_in_time(dt.date(2007, 7, 1), national.claim_by) is False
    assert is_in_time(None, national.claim_by) is None
    assert is_in_time(dt.date(2007, 7, 1), None) is None


def test_the_national_scheme_ran_in_one_year_only() -> None:
    assert [y for y in YEARS if incentive_scheme.scheme(RULES[y])] == ["2006/07"]


def test_a_scheme_that_cannot_be_read_is_refused_with_every_fault() -> None:
    odd = RULES["2006/07"] | {
        "des_component_1_pence": {"value": "a lot"},
        "des_claim_by": {"value": "the end of June"},
    }
    with pytest.raises(SelectionError, match=r"des_component_1_pence.*des_claim_by"):
        incentive_scheme.scheme(odd)


NATIONAL: Final = Variant("national", Fraction(95), Fraction(95), Fraction("0.7"))
DEARER: Final = Variant(
    *("validation", Fraction(125), Fraction(95), Fraction("0.7"), True),
    purpose="continued validation of data",
    funded_by="the PCT",
)
BARE: Final = Variant("share alone", Fraction(95), Fraction(0), Fraction(1), tops_up=False)


def test_a_variant_is_held_against_the_national_scheme() -> None:
    found = compare_variants(
        [NATIONAL, DEARER, BARE], n_patients=8_000, saving_pence=500_000, objectives_met=True
    ).set_index("variant")
    assert found.loc["national", "total_pence"] == 2 * 760_000
    assert found.loc["validation", "total_change_pence"] == 8_000 * 30
    assert found.loc["validation", "purpose"] == "continued validation of data"
    assert found.loc["share alone", "second_pence"] == 500_000
    assert found.loc["share alone", "second_change_pence"] == 500_000 - 760_000
    assert found["keeps_component_2"].to_dict() == {
        "national": True,
        "validation": True,
        "share alone": False,
    }
    rich = compare_variants(
        [NATIONAL, BARE], n_patients=8_000, saving_pence=900_000, objectives_met=True
    )
    assert rich["keeps_component_2"].all(), "a share of £9,000 is more than £7,600"


def invoices(*rows: tuple[str, int, str]) -> pd.DataFrame:
    columns = ["invoice_date", "pence", "standing"]
    return pd.DataFrame(rows, columns=columns).assign(what="work")


POOL: Final = pd.DataFrame(
    {
        "practice_code": ["A", "B"],
        "component_pence": [760_001, 570_000],
        "pools": [True, False],
    }
)


def test_three_quarters_are_paid_and_a_quarter_is_held_of_those_that_pool() -> None:
    kept = ledger(
        POOL,
        invoices(("2006-09-01", 100_000, DISPUTED), ("2006-06-01", 50_000, INSIDE)),
        paid_share=Fraction(3, 4),
    )
    assert kept.practices["paid_pence"].tolist() == [570_001, 570_000]
    assert kept.practices["held_pence"].tolist() == [190_000, 0]
    assert kept.invoices["left_pence"].tolist() == [140_000, 40_000]
    assert kept.by_standing == {INSIDE: 50_000, OUTSIDE: 0, DISPUTED: 100_000}
    overdrawn = ledger(POOL, invoices(("2006-09-01", 200_000, OUTSIDE)), paid_share=Fraction(3, 4))
    assert overdrawn.left_pence == -10_000


def test_an_account_that_cannot_be_kept_is_refused_with_every_fault() -> None:
    twice = POOL.assign(practice_code="A")
    with pytest.raises(SelectionError, match=r"A stands there twice.*'perhaps'.*-5 pence"):
        ledger(twice, invoices(("2006-09-01", -5, "perhaps")), paid_share=Fraction(3, 4))
    with pytest.raises(SelectionError, match=r"a share of 1\.5"):
        ledger(POOL, invoices(), paid_share=Fraction(3, 2))


@given(
    st.lists(st.tuples(st.integers(0, 10**8), st.booleans()), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from(STANDINGS)), max_size=12),
    st.fractions(0, 1),
)
def test_every_penny_of_an_account_is_paid_spent_or_left(
    pool: list[tuple[int, bool]], bills: list[tuple[int, str]], share: Fraction
) -> None:
    practices = pd.DataFrame(pool, columns=["component_pence", "pools"])
    practices["practice_code"] = [f"P{i}" for i in practices.index]
    kept = ledger(practices, invoices(*(("2006-09-01", *b) for b in bills)), paid_share=share)
    assert kept.component_pence == kept.paid_pence + kept.spent_pence + kept.left_pence
    assert sum(kept.by_standing.values()) == kept.spent_pence
    alone = kept.practices[~kept.practices["pools"].astype(bool)]
    assert (alone["held_pence"] == 0).all()


@pytest.mark.parametrize("year", YEARS)
def test_a_record_of_savings_says_of_every_rule_what_it_is_and_where_it_is_from(year: str) -> None:
    record = SHELF.record("savings", year)
    assert (record.financial_year, record.title) == (year, f"Savings rules {year}")
    assert record.source in SHELF.sources()
    first = RULES[YEARS[0]]
    assert list(record.rules) == list(first)
    always = {"value", "unit", "kind", "status"}
    for name, rule in record.rules.items():
        assert (rule["unit"], rule["kind"]) == (first[name]["unit"], first[name]["kind"]), name
        assert rule["kind"] in ("share", "incentive", "local", "information"), name
        assert always <= set(rule) <= always | {"source", "note", "missing", "open_question"}, name
        assert rule["status"] in STATUSES, name
        assert (rule["value"] is None) == bool(rule.get("missing")), name
        if rule["status"] == "official":
            assert rule["source"] not in ("rulebook", "pbc_example"), name
        if rule["value"] is None:
            assert rule["status"] == "unverified", name
        assert re.fullmatch(r"O([1-9]|1\d|2[0-2])", rule.get("open_question", "O1")), name
    share_rule(record.rules)


def test_every_source_of_a_savings_rule_is_in_the_list_of_sources() -> None:
    cited = {r["source"] for rules in RULES.values() for r in rules.values() if "source" in r}
    assert cited <= set(SHELF.sources())


def test_the_share_was_a_half_then_seven_tenths_and_after_that_it_is_not_confirmed() -> None:
    shares = {y: RULES[y]["practice_share"] for y in YEARS}
    assert share_rule(RULES["2005/06"]).practice_share == Fraction(1, 2)
    assert share_rule(RULES["2006/07"]).practice_share == Fraction(7, 10)
    assert [y for y in YEARS if shares[y]["status"] == "official"] == ["2005/06", "2006/07"]
    later = ["2007/08", "2008/09", "2009/10"]
    assert [y for y in YEARS if shares[y].get("open_question") == "O12"] == later
    assert {shares[y]["status"] for y in ("2017/18", "2018/19")} == {"example"}


def test_local_sums_are_shipped_for_nobody() -> None:
    for rules_of_year in RULES.values():
        assert agreed_sums(rules_of_year) == {}


def with_sums(**sums_by_code: object) -> dict[str, Any]:
    return RULES["2018/19"] | {n: {"value": v} for n, v in sums_by_code.items()}


def test_what_is_recorded_is_read_by_group() -> None:
    found = agreed_sums(with_sums(authorised_pence={"C01": 500, 77: 5}, paid_pence={"C01": 400}))
    assert found == {
        "C01": Agreed(authorised_pence=500, paid_pence=400),
        "77": Agreed(authorised_pence=5),
    }


def test_what_is_recorded_and_cannot_be_is_refused_with_every_fault() -> None:
    odd = with_sums(
        pct_claim_pence=5000, authorised_pence={"C01": 1.5, "C02": 5}, paid_pence={"C02": 6}
    )
    with pytest.raises(SelectionError) as refused:
        agreed_sums(odd)
    for fault in ("pct_claim_pence is 5000", "of C01 is 1.5", "C02: 6 pence were paid of 5"):
        assert fault in str(refused.value)


def test_a_rule_that_cannot_be_followed_is_refused_with_every_fault() -> None:
    odd = RULES["2018/19"] | {
        "practice_share": {"value": 70},
        "pct_claim_first": {"value": "perhaps"},
    }
    with pytest.raises(SelectionError, match=r"pct_claim_first is 'perhaps'.*practice_share is 70"):
        share_rule(odd)
