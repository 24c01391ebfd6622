"""Small numbers stay hidden, from subtraction too."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.faces.disclosure import withheld_cells, withhold

SMALLEST = 8
tables = st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=6)


def determined(hidden: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which hidden cells follow from the row and column totals, by linear algebra."""
    if not hidden:
        return []
    rows = sorted({r for r, _ in hidden})
    columns = sorted({c for _, c in hidden})
    equations = [[float(cell[0] == r) for cell in hidden] for r in rows]
    equations += [[float(cell[1] == c) for cell in hidden] for c in columns]
    matrix = np.array(equations)
    rank = np.linalg.matrix_rank(matrix)
    found = []
    for i, cell in enumerate(hidden):
        asked = np.zeros(len(hidden))
        asked[i] = 1
        if np.linalg.matrix_rank(np.vstack([matrix, asked])) == rank:
            found.append(cell)
    return found


@given(tables)
def test_no_hidden_cell_follows_from_the_totals(drawn: list[list[int]]) -> None:
    counts = {(r, c): n for r, row in enumerate(drawn) for c, n in enumerate(row)}
    hidden = withheld_cells(counts, SMALLEST)
    assert {cell for cell, n in counts.items() if 0 < n < SMALLEST} <= hidden
    assert all(counts[cell] > 0 for cell in hidden)
    shown = {cell for cell, n in counts.items() if n and cell not in hidden}
    if shown:
        assert determined(sorted(hidden)) == []


@given(tables)
def test_what_a_row_or_column_hides_is_no_small_number_either(drawn: list[list[int]]) -> None:
    counts = {(r, c): n for r, row in enumerate(drawn) for c, n in enumerate(row)}
    hidden = withheld_cells(counts, SMALLEST)
    for axis in (0, 1):
        for line in {cell[axis] for cell in hidden}:
            held = sum(counts[cell] for cell in hidden if cell[axis] == line)
            others = [c for c, n in counts.items() if n and c[axis] == line and c not in hidden]
            assert held >= SMALLEST or not others


def test_a_table_without_small_numbers_is_shown_whole() -> None:
    counts = {(r, c): 8 + r * c for r in range(4) for c in range(4)} | {(0, 9): 0}
    assert withheld_cells(counts, SMALLEST) == set()


def test_counts_and_values_of_hidden_cells_are_empty_and_the_rest_unchanged() -> None:
    frame = pd.DataFrame(
        {
            "practice": ["A", "A", "A", "B", "B", "B"],
            "pod": ["EL", "NEL", "DC"] * 2,
            "n": [3, 90, 50, 20, 60, 70],
            "pence": [300, 9000, 5000, 2000, 6000, 7000],
        }
    )
    shown = withhold(
        frame, row="practice", column="pod", count="n", values=["pence"], smallest=SMALLEST
    )
    hidden = shown["is_withheld"]
    assert hidden.tolist() == [True, False, True, True, False, True]
    assert shown.loc[hidden, ["n", "pence"]].isna().all().all()
    same = shown.loc[~hidden, ["n", "pence"]].astype("int64")
    assert same.equals(frame.loc[~hidden, ["n", "pence"]])
    withheld = frame.loc[hidden, "pence"].sum()
    assert same["pence"].sum() + withheld == frame["pence"].sum()
