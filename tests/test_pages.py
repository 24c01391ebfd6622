"""Every page on a desk and on a phone: it opens whole, fits, is accessible and tells no source."""

import itertools
from typing import Final

import pytest
from playwright.sync_api import Browser

from pbcanalytics.faces.notebooks import folder
from pbcanalytics.faces.serve.listing import entries
from tests.browsing import DESK, PHONE, Server, visit

pytestmark = pytest.mark.browser

OPENED: Final = {
    "baseline_budgets": ("?practice=X80001", "X80001 2018/19"),
    "budget_monitor": ("?group=X80001&month=11", "X80001"),
    "code_creep": ("", ""),
    "explained_prices": ("", "9E1"),
    "price_of_a_stay": ("", "HN12F EL 8"),
    "referral_trends": ("?group=X80001", "X80001"),
}
"""How each page is opened, and what its figures are stamped with; of creep nothing is held here."""

SOURCE: Final = ("Traceback", "page.part(", "from pbcanalytics", "budget year, as in")
CUT_OFF: Final = """
[...document.querySelectorAll("caption, .gtitle, .xtick text")].filter((e) => {
  const [own, held] = [e, e.closest(".pbc-scroll, svg")].map((of) => of.getBoundingClientRect());
  return own.width && (own.left < held.left - 1 || own.right > held.right + 1);
}).map((e) => e.textContent)
"""
"""Titles and names of months that do not fit where they stand."""

LABELS: Final = """
[...document.querySelectorAll(".xaxislayer-above")].map((axis) =>
  [...axis.querySelectorAll(".xtick text")].map((t) => t.getBoundingClientRect())
    .map((r) => [r.left, r.right]).sort((a, b) => a[0] - b[0]))
"""
"""From where to where the labels of each axis go."""


def test_every_page_is_opened_here() -> None:
    assert OPENED.keys() == {entry.name for entry in entries(folder())}


SIZES: Final = {"desk": DESK, "phone": PHONE}
TOO_LONG: Final = ("budget_monitor", "phone")
"""Where the title of a figure is cut off at its end."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", OPENED)
def test_a_page_opens_whole_and_fits(
    server: Server, chromium: Browser, name: str, size: str
) -> None:
    query, stamp = OPENED[name]
    with visit(chromium, server, SIZES[size]) as tab:
        tab.open(f"/pages/{name}{query}").drawn(stamp)
        assert tab.faults == []
        assert not any(text in tab.page.content() for text in SOURCE)
        if "X80001" in stamp:
            assert "X80001" in (tab.page.locator(".pbc-panel .gtitle").first.text_content() or "")
        assert not tab.scrolls_sideways()
        assert tab.page.evaluate(CUT_OFF) == [] or (name, size) == TOO_LONG
        if stamp:
            box = tab.page.locator(".pbc-headline").first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < SIZES[size]["height"], "it is on the first screen"
        axes = tab.page.evaluate(LABELS)
        assert any(len(labels) > 1 for labels in axes) or not stamp
        for labels in axes:
            assert all(a[1] + 4 < b[0] for a, b in itertools.pairwise(labels)), labels
        assert tab.inaccessible() == []
        tab.picture(f"{name}_{size}")
