"""Why spending is off its profile: exact, the same in any order, nothing left over."""

import datetime as dt
from fractions import Fraction
from functools import cache
from itertools import permutations
from typing import Final

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics.budgets import Plan, YearBudget, baseline
from pbcanalytics.budgets.monitor.monitoring import Monitoring, monitoring
from pbcanalytics.budgets.monitor.month_shares import month_starts, spread
from pbcanalytics.budgets.monitor.shapley import EFFECTS, effects, in_pence
from pbcanalytics.budgets.monitor.variance import PARTS, TIMING, Variance, variance
from pbcanalytics.budgets.walk.baseline import MOVES
from pbcanalytics.words.errors import SelectionError

Cells = dict[tuple[str, str], tuple[int, int, int, int]]

YEAR: Final = "2018/19"
BASE: Final = "2017/18"
ROOTS: Final = ("AA01", "AA02", "BB10")
NAMES: Final = [(root, f"{root}{letter}") for root in ROOTS for letter in "ABC"]


@st.composite
def worlds(draw: st.DrawFn) -> Cells:
    """A line's HRGs: some only before, some only after, some in neither."""
    counts = st.integers(0, 6)
    found = {}
    for name in NAMES:
        before, after = draw(counts), draw(counts)
        found[name] = (
            before,
            after,
            draw(st.integers(-500, 90_000)) if before else 0,
            draw(st.integers(-500, 90_000)) if after else 0,
        )
    return found


lists = st.tuples(st.integers(1, 9_000), st.integers(1, 9_000))


def by_every_order(cells: Cells, patients: tuple[int, int]) -> list[Fraction]:
    """The oracle: walk from the one period to the other in each of the 120 orders, and average."""
    n = [sum(c[p] for c in cells.values()) for p in (0, 1)]
    if 0 in n:
        patients = (max(patients), max(patients))

    @cache
    def spending(when: tuple[int, ...]) -> Fraction:
        listed, volume, between, within, price = when
        filled = [p if n[p] else 1 - p for p in (0, 1)]
        total = Fraction(0)
        for root in {r for r, _ in cells}:
            of_root = {h: c for (r, h), c in cells.items() if r == root}
            sizes = [sum(c[p] for c in of_root.values()) for p in (0, 1)]
            share = Fraction(sizes[filled[between]], n[filled[between]])
            mean = Fraction(0)
            for c in of_root.values():
                in_mix = filled[within] if sizes[filled[within]] else 1 - filled[within]
                if not sizes[in_mix] or not c[in_mix]:
                    continue
                at = filled[price] if c[filled[price]] else 1 - filled[price]
                mean += Fraction(c[in_mix], sizes[in_mix]) * Fraction(c[2 + at], c[at])
            total += share * mean
        return patients[listed] * Fraction(n[volume], patients[volume]) * total

    if n == [0, 0]:
        return [Fraction(0)] * 5
    found = [Fraction(0)] * 5
    orders = list(permutations(range(5)))
    for order in orders:
        state = [0] * 5
        for factor in order:
            before = spending(tuple(state))
            state[factor] = 1
            found[factor] += spending(tuple(state)) - before
    return [f / len(orders) for f in found]


def change(cells: Cells) -> int:
    return sum(c[3] - c[2] for c in cells.values())


def turned(cells: Cells) -> Cells:
    return {name: (b, a, pb, pa) for name, (a, b, pa, pb) in cells.items()}


@settings(max_examples=40)
@given(worlds(), lists)
def test_the_effects_are_the_average_of_all_120_orders(
    cells: Cells, patients: tuple[int, int]
) -> None:
    assert list(effects(cells, patients)) == by_every_order(cells, patients)


@given(worlds(), lists)
def test_nothing_is_left_over_and_every_part_is_whole_pence(
    cells: Cells, patients: tuple[int, int]
) -> None:
    exact = effects(cells, patients)
    assert sum(exact) == change(cells)
    rounded = in_pence(exact)
    assert sum(rounded) == change(cells)
    assert all(abs(r - e) < 1 for r, e in zip(rounded, exact, strict=True))


@given(worlds(), lists)
def test_turned_round_every_effect_is_its_opposite_to_the_penny(
    cells: Cells, patients: tuple[int, int]
) -> None:
    there = effects(cells, patients)
    back = effects(turned(cells), (patients[1], patients[0]))
    assert back == tuple(-e for e in there)
    assert in_pence(back) == [-p for p in in_pence(there)]


@given(st.lists(st.integers(-9, 9), min_size=4, max_size=4), st.integers(2, 3))
def test_ties_too_are_rounded_the_same_when_turned_round(parts: list[int], below: int) -> None:
    amounts = [Fraction(p, below) for p in (*parts, -sum(parts) % below)]
    assert in_pence([-a for a in amounts]) == [-p for p in in_pence(amounts)]
    assert sum(in_pence(amounts)) == sum(amounts)


@given(worlds(), lists, st.permutations(NAMES), st.permutations(ROOTS))
def test_names_and_their_order_do_not_matter(
    cells: Cells,
    patients: tuple[int, int],
    order: list[tuple[str, str]],
    roots: list[str],
) -> None:
    called = dict(zip(ROOTS, roots, strict=True))
    renamed = {(called[r], f"x{h[::-1]}"): cells[r, h] for r, h in order}
    assert effects(renamed, patients) == effects(cells, patients)


def only(cells: Cells, patients: tuple[int, int]) -> dict[str, Fraction]:
    found = zip(EFFECTS, effects(cells, patients), strict=True)
    return {name: e for name, e in found if e}


def test_what_alone_changed_gets_all_of_it() -> None:
    same = {("A", "A1"): (10, 10, 1000, 1000), ("A", "A2"): (5, 5, 2000, 2000)}
    twice = {n: (a, 2 * b, p, 2 * q) for n, (a, b, p, q) in same.items()}
    assert only(same, (100, 100)) == {}
    assert only(twice, (100, 200)) == {"list_pence": 3000}
    assert only(twice, (100, 100)) == {"volume_pence": 3000}
    within = {("A", "A1"): (10, 5, 1000, 500), ("A", "A2"): (5, 10, 2000, 4000)}
    assert only(within, (100, 100)) == {"within_root_pence": 1500}
    between = {("A", "A1"): (10, 5, 1000, 500), ("B", "B1"): (5, 10, 2000, 4000)}
    assert only(between, (100, 100)) == {"between_root_pence": 1500}
    dearer = {n: (a, b, p, q + 70) for n, (a, b, p, q) in same.items()}
    assert only(dearer, (100, 100)) == {"price_pence": 140}


def test_by_hand_list_and_volume_share_what_both_did() -> None:
    """100 patients at 1 activity of £10 become 110 at 1.2: 10 × 1.1 × £10, and 0.2 × 105 × £10."""
    cells = {("A", "A1"): (100, 132, 100_000, 132_000)}
    assert only(cells, (100, 110)) == {"list_pence": 11_000, "volume_pence": 21_000}


def test_an_hrg_that_comes_or_goes_has_no_effect_of_price() -> None:
    came = {("A", "A1"): (10, 10, 1000, 1000), ("A", "A2"): (0, 10, 0, 9000)}
    assert "price_pence" not in only(came, (100, 100))
    assert only(came, (100, 100))["within_root_pence"] > 0
    new_root = {("A", "A1"): (10, 10, 1000, 1000), ("B", "B1"): (0, 10, 0, 9000)}
    assert set(only(new_root, (100, 100))) == {"volume_pence", "between_root_pence"}


def test_a_line_that_begins_or_ends_is_volume_whatever_the_list_did() -> None:
    began = {("A", "A1"): (0, 10, 0, 1000), ("B", "B1"): (0, 1, 0, 77)}
    assert only(began, (100, 300)) == {"volume_pence": 1077}
    assert only(turned(began), (100, 300)) == {"volume_pence": -1077}
    assert only({}, (100, 300)) == {}


def test_pence_without_activity_and_a_list_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="list of patients"):
        effects({("A", "A1"): (0, 1, 5, 5)}, (100, 100))
    with pytest.raises(ValueError, match="list of patients"):
        effects({("A", "A1"): (1, 1, 5, 5)}, (0, 100))


# From here on whole practices: budgets, months, and the way to the variance against profile.

PODS: Final = ("EL", "AE")
SIZES: Final = {"A": 90, "B": 40}
"""Lists of the base year."""
Months = list[tuple[str, str, str, str, int, int, int]]


@st.composite
def years(draw: st.DrawFn) -> Months:
    """Two practices' HRGs in some months: practice, line, root, HRG, month's place, n, pence."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(("A", "B")),
                st.sampled_from(PODS),
                *(st.sampled_from(ROOTS[:2]), st.sampled_from("XYZ")),
                st.integers(0, 11),
                st.integers(1, 9),
                st.integers(0, 70_000),
            ),
            min_size=1,
            max_size=14,
        )
    )


def cells_of(rows: Months, year: str) -> pd.DataFrame:
    starts = month_starts(year)
    names = ["practice_code", "pod", "root", "hrg", "month", "n_priced", "pence"]
    return pd.DataFrame(
        [(a, p, r, r + h, pd.Timestamp(starts[m]), n, x) for a, p, r, h, m, n, x in rows],
        columns=names,
    )


def budget_of(
    base: pd.DataFrame, share: str, growth: str, sizes: dict[str, int] = SIZES
) -> YearBudget:
    """Budgets of that base, cut or raised to a share of it, with growth and lists that moved."""
    activity = base.groupby(["practice_code", "pod"], as_index=False)[["n_priced", "pence"]].sum()
    activity["n_activity"] = activity["n_priced"]
    lists = pd.DataFrame(
        {"practice_code": list(sizes), "list_base": list(sizes.values()), "list_budget": 77}
    )
    resource = int(activity["pence"].sum() * Fraction(share))
    plan = Plan(resource, growth_share={"EL": Fraction(growth)})
    made = baseline(activity, lists, plan, financial_year=YEAR, price_year=YEAR)
    return YearBudget("9E1", made, 0, 0)


def explained(
    base_rows: Months,
    rows: Months,
    share: str = "0.97",
    growth: str = "0.02",
    sizes: dict[str, int] = SIZES,
) -> tuple[YearBudget, Monitoring, Variance]:
    base, now = cells_of(base_rows, BASE), cells_of(rows, YEAR)
    found = budget_of(base, share, growth, sizes)
    monthly = now.assign(provider_code="XD1", n_activity=now["n_priced"])
    so_far = monitoring(
        found,
        monthly,
        spread(base, YEAR, PODS),
        answers={"A": "A", "B": "B"},
        consortia={"A": "C01", "B": "C01"},
    )
    assert so_far is not None
    return found, so_far, variance(found, so_far, base, now)


EVERYWHERE: Final = [
    (practice, pod, ROOTS[0], "X", m, 2, 4000 + 31 * m)
    for practice in "AB"
    for pod in PODS
    for m in range(12)
]


@settings(max_examples=20)
@given(years(), years(), st.sampled_from(("0.9", "1", "1.1")), st.sampled_from(("0", "0.03")))
def test_the_parts_add_up_to_what_is_over_profile_at_every_level(
    base_rows: Months, rows: Months, share: str, growth: str
) -> None:
    _, now, why = explained(EVERYWHERE + base_rows, rows, share, growth)
    for frame, against in (
        (why.lines, now.lines),
        (why.practices, now.practices),
        (why.groups, now.groups),
        (why.pct, now.pct),
    ):
        over = against["actual_pence"] - against["profile_pence"]
        assert frame["variance_pence"].tolist() == over.tolist()
        assert frame[list(PARTS)].sum(axis=1).tolist() == over.tolist()
        changed = frame["actual_pence"] - frame["base_pence"]
        assert frame[list(EFFECTS)].sum(axis=1).tolist() == changed.tolist()


@settings(max_examples=20)
@given(years(), years())
def test_timing_is_the_base_years_own_months_against_the_profiles_share_of_it(
    base_rows: Months, rows: Months
) -> None:
    found, now, why = explained(EVERYWHERE + base_rows, rows)
    lines = found.baseline.lines.set_index(["practice_code", "pod"])
    shares = now.elapsed_shares
    for row in why.lines.to_dict("records"):
        at = (row["practice_code"], row["pod"])
        share, steps = shares[at], lines.loc[at]
        expected = row["base_pence"] - share * int(steps["activity_pence"])
        assert abs(row[TIMING] - expected) <= len(MOVES) + len(now.months)
        for move in MOVES[1:]:
            allowed = -share * int(steps[move])
            assert abs(row[f"allowed_{move}"] - allowed) <= Fraction(1, 2)


@settings(max_examples=20)
@given(years(), years(), st.integers(0, 3))
def test_a_practices_rows_may_come_in_pieces(base_rows: Months, rows: Months, seed: int) -> None:
    base = EVERYWHERE + base_rows
    pieces = [
        piece
        for *cell, n, pence in rows
        for piece in ([(*cell, n, pence)] if n == 1 else [(*cell, 1, seed), (*cell, n - 1, pence)])
    ]
    joined = [(*cell, n, pence + (seed if n > 1 else 0)) for *cell, n, pence in rows]
    whole, split = explained(base, joined)[2], explained(base, pieces[::-1])[2]
    pd.testing.assert_frame_equal(whole.lines, split.lines)


def parts_of(rows: Months, sizes: dict[str, int] = SIZES) -> dict[tuple[str, str], list[int]]:
    lines = explained(EVERYWHERE, rows, sizes=sizes)[2].lines
    return {(r["practice_code"], r["pod"]): [r[p] for p in PARTS] for r in lines.to_dict("records")}


def test_practices_do_not_touch_each_other_and_their_codes_mean_nothing() -> None:
    mine = [("A", "EL", "AA01", "X", 0, 3, 9_000), ("A", "AE", "AA02", "Z", 1, 1, 55)]
    one = parts_of([*mine, ("B", "AE", "AA02", "Y", 1, 4, 700)])
    other = parts_of([*mine, ("B", "AE", "AA02", "Y", 1, 4, 999)])
    assert one["A", "EL"] == other["A", "EL"]
    assert one["B", "AE"] != other["B", "AE"]
    swap = {"A": "B", "B": "A"}
    rows = [*mine, ("B", "AE", "AA02", "Y", 1, 4, 700)]
    swapped = parts_of([(swap[a], *rest) for a, *rest in rows], {"A": SIZES["B"], "B": SIZES["A"]})
    moved = {(swap[a], pod): parts[: len(EFFECTS)] for (a, pod), parts in one.items()}
    assert {at: parts[: len(EFFECTS)] for at, parts in swapped.items()} == moved


def test_a_whole_year_has_no_timing_and_only_its_own_months_are_compared() -> None:
    same = [(*r[:-1], r[-1] + 5) for r in EVERYWHERE]
    assert explained(EVERYWHERE, same)[2].lines[TIMING].abs().max() <= len(MOVES)
    part = [r for r in same if r[4] in (0, 2)]
    _, now, why = explained(EVERYWHERE, part)
    assert now.months == (dt.date(2018, 4, 1), dt.date(2018, 6, 1))
    of_base = sum(r[-1] for r in EVERYWHERE if r[4] in (0, 2))
    assert int(why.pct["base_pence"].iloc[0]) == of_base


def test_months_of_the_base_year_that_hold_nothing_are_named() -> None:
    why = explained([r for r in EVERYWHERE if r[4] != 1], EVERYWHERE)[2]
    assert why.empty_base_months == (dt.date(2017, 5, 1),)
    assert explained(EVERYWHERE, EVERYWHERE)[2].empty_base_months == ()


def test_hrgs_that_are_not_of_the_same_activity_are_refused() -> None:
    found, now, _ = explained(EVERYWHERE, EVERYWHERE)
    base, other = cells_of(EVERYWHERE, BASE), cells_of(EVERYWHERE[:-1], YEAR)
    with pytest.raises(SelectionError, match=r"by HRG is not the spending by month.*B AE"):
        variance(found, now, base, other)


def test_prices_of_the_base_year_are_said_to_hold_the_tariff() -> None:
    base = cells_of(EVERYWHERE, BASE)
    activity = base.groupby(["practice_code", "pod"], as_index=False)[["n_priced", "pence"]].sum()
    activity["n_activity"] = activity["n_priced"]
    lists = pd.DataFrame({"practice_code": ["A", "B"], "list_base": [90, 40], "list_budget": 77})
    plan = Plan(300_000, uplift_share=Fraction(1, 40))
    made = baseline(activity, lists, plan, financial_year=YEAR, price_year=BASE)
    found = YearBudget("9E1", made, 0, 0)
    dearer = [(*r[:-1], r[-1] * 41 // 40) for r in EVERYWHERE]
    monthly = cells_of(dearer, YEAR)
    so_far = monitoring(
        found,
        monthly.assign(provider_code="XD1", n_activity=monthly["n_priced"]),
        spread(base, YEAR, PODS),
        answers={"A": "A", "B": "B"},
        consortia={},
    )
    assert so_far is not None
    why = variance(found, so_far, base, monthly)
    assert why.is_price_with_uplift
    assert not explained(EVERYWHERE, EVERYWHERE)[2].is_price_with_uplift
    assert set(why.groups["code"]) == {"A", "B"}, "each outside all consortia"
    whole = why.pct.iloc[0]
    assert whole["price_pence"] > 0
    assert whole["allowed_uplift_pence"] < 0


def test_months_that_others_hold_are_compared_with_nothing_and_the_parts_still_add_up() -> None:
    base, now = cells_of(EVERYWHERE, BASE), cells_of(EVERYWHERE, YEAR)
    activity = base.groupby(["practice_code", "pod"], as_index=False)[["n_priced", "pence"]].sum()
    activity["n_activity"] = activity["n_priced"]
    sizes = pd.DataFrame({"practice_code": ["A", "B"], "list_base": [90, 40], "list_budget": 77})
    names = ["practice_code", "line", "holder", "from_date", "to_date", "reason"]
    until = pd.Timestamp("2018-09-30")
    scope = pd.DataFrame([("A", "AE", "9E1", pd.NaT, until, "taken in October")], columns=names)
    made = baseline(
        activity, sizes, Plan(200_000), financial_year=YEAR, price_year=YEAR, scope=scope
    )
    found = YearBudget("9E1", made, 0, 0)
    over = spread(base, YEAR, PODS)
    so_far = monitoring(
        found,
        now.assign(provider_code="XD1", n_activity=now["n_priced"]),
        over,
        answers={"A": "A", "B": "B"},
        consortia={},
    )
    assert so_far is not None
    lines = variance(found, so_far, base, now).lines.set_index(["practice_code", "pod"])
    assert (lines[list(PARTS)].sum(axis=1) == lines["variance_pence"]).all()
    held = lines.loc["A", "AE"]
    own = [pence for *cell, pence in EVERYWHERE if cell[:2] == ["A", "AE"] and cell[4] >= 6]
    assert held["base_pence"] == held["actual_pence"] == sum(own)
    share = sum(over.shares["AE"][6:])
    whole = sum(pence for *cell, pence in EVERYWHERE if cell[:2] == ["A", "AE"])
    assert abs(held[TIMING] - (sum(own) - share * whole)) <= len(MOVES)
    assert lines["allowed_scope_pence"].astype(bool).sum() == 1
