"""Financial years and how numbers are said."""

import datetime as dt
import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.budgets import rounding
from pbcanalytics.costing import chain
from pbcanalytics.faces import wording
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError


@pytest.mark.parametrize("module", [periods, wording, rounding, chain])
def test_the_examples_in_docstrings_are_true(module: object) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]
    assert done.attempted
    assert not done.failed


@given(st.dates(dt.date(1990, 1, 1), dt.date(2080, 12, 31)))
def test_a_day_lies_in_the_year_that_contains_it(day: dt.date) -> None:
    year = periods.containing(day)
    assert periods.start(year) <= day < periods.start(periods.following(year))
    assert periods.preceding(periods.following(year)) == year


@pytest.mark.parametrize("text", ["2018", "2018/20", "18/19", "", "2018/19 "])
def test_what_is_no_financial_year_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match="not a financial year"):
        periods.first_year(text)


@given(st.integers(-(10**12), 10**12))
def test_a_sum_of_money_is_written_to_the_penny(pence: int) -> None:
    said = wording.exact(pence)
    digits = int("".join(c for c in said if c.isdigit()))
    assert digits == abs(pence)
    assert said.startswith("−") == (pence < 0)


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_hundred_per_cent_is_said_only_of_everything(part: int, whole: int) -> None:
    part = min(part, whole)
    assert (wording.share(part, whole) == "100%") == (part == whole)
