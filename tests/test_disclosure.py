"""Small numbers stay hidden, from subtraction too, and no more is hidden than it takes."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.faces.withholding.disclosure import withheld_cells, withhold

SMALLEST = 8
row = st.lists(st.integers(0, 40), min_size=1, max_size=9).map(lambda ns: dict(enumerate(ns)))


@given(row)
def test_no_small_cell_is_shown_or_follows_from_the_total(counts: dict[int, int]) -> None:
    hidden = withheld_cells(counts, SMALLEST)
    assert {c for c, n in counts.items() if 0 < n < SMALLEST} <= hidden
    assert all(counts[c] for c in hidden)
    others = [c for c, n in counts.items() if n and c not in hidden]
    if hidden and others:
        assert len(hidden) >= 2
        assert sum(counts[c] for c in hidden) >= SMALLEST


@given(row)
def test_no_more_is_hidden_than_it_takes(counts: dict[int, int]) -> None:
    hidden = withheld_cells(counts, SMALLEST)
    small = {c for c, n in counts.items() if 0 < n < SMALLEST}
    assert len(hidden - small) <= 1 or sum(counts[c] for c in small) == 0
    if not small:
        assert hidden == set()


def test_counts_and_values_of_hidden_cells_are_empty_and_the_rest_unchanged() -> None:
    frame = pd.DataFrame(
        {
            "practice": ["A", "A", "A", "B", "B", "B"],
            "n": [3, 90, 50, 20, 60, 70],
            "pence": [300, 9000, 5000, 2000, 6000, 7000],
        }
    )
    shown = withhold(frame, row="practice", count="n", values=["n", "pence"], smallest=SMALLEST)
    hidden = shown["is_withheld"]
    assert hidden.tolist() == [True, False, True, False, False, False]
    assert shown.loc[hidden, ["n", "pence"]].isna().all().all()
    same = shown.loc[~hidden, ["n", "pence"]].astype("int64")
    assert same.equals(frame.loc[~hidden, ["n", "pence"]])
    assert same["pence"].sum() + frame.loc[hidden, "pence"].sum() == frame["pence"].sum()
