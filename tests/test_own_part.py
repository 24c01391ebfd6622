"""Of a forecast of the whole year, what others hold is in nobody's part."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.budgets.forecast.forecasting import Year, forecast
from pbcanalytics.budgets.forecast.own_part import own_part
from pbcanalytics.budgets.forecast.profile import profile

PODS = ["NEL", "EL"]
PRACTICES = ["A", "B", "C"]
YEARS = ["2015/16", "2016/17", "2017/18"]


def world(n_months: int) -> tuple[Any, ...]:
    """Three years and a part of the next in which nothing changes but the season."""
    season = np.linspace(0.8, 1.2, 12)
    level = np.array([[900.0, 300.0], [500.0, 500.0], [100.0, 700.0]]) * 1e5
    month = season[:, None, None] * level[None]
    history = np.stack([month] * len(YEARS))
    year = Year(
        actual=month[:n_months],
        developed=month[:n_months],
        late_noise=np.zeros(3),
        late_common=np.zeros((3, 0)),
        budget=np.full(3, np.nan),
    )
    spread = profile(history.sum(axis=2), YEARS, PODS, "2018/19")
    return history, spread, year, month


@pytest.mark.parametrize("n_months", [1, 6, 8, 12])
def test_months_and_lines_of_others_leave_the_rest_as_it_will_be(n_months: int) -> None:
    history, spread, year, month = world(n_months)
    made = forecast(history, spread, year)
    held = {("A", "EL"): frozenset(range(12))}
    held |= {("B", pod): frozenset(range(6)) for pod in PODS}
    found = own_part(made, history, spread, year, PRACTICES, PODS, held)
    # A leaves one line for the year; B takes its budget from October; C is as it was.
    truth = [month[:, 0, 0].sum(), month[6:, 1].sum(), month[:, 2].sum()]
    assert found.point == pytest.approx(truth, rel=0.02)
    assert found.point[2] == made.point[2]
    assert found.actual[1] == month[6:n_months, 1].sum()
    assert (found.own_variance <= made.own_variance).all()


def test_where_nothing_is_held_nothing_changes() -> None:
    history, spread, year, _ = world(7)
    made = forecast(history, spread, year)
    assert own_part(made, history, spread, year, PRACTICES, PODS, {}) is made


@given(
    st.sets(st.integers(0, 11)),
    st.integers(1, 12),
    st.sampled_from([(p, pod) for p in PRACTICES for pod in PODS]),
)
def test_the_part_is_never_more_than_the_whole(
    months: set[int], n_months: int, line: tuple[str, str]
) -> None:
    history, spread, year, _ = world(n_months)
    made = forecast(history, spread, year)
    held = {line: frozenset(months)}
    found = own_part(made, history, spread, year, PRACTICES, PODS, held)
    assert (found.point <= made.point + 1e-6).all()
    assert (found.point >= 0).all()
