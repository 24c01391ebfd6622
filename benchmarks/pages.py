"""How fast the budget pages open and change, in a real browser. `python -m benchmarks.pages`.

Uses the published data of `data` (or of the folder named in PBC_DATA). Each opening is a plain
cold kernel; the first visit of each round has an empty browser cache, the second a warm one.
"""

import os
import statistics
import time
from pathlib import Path

from pbcanalytics.store import Published
from tests.browsing import Server, browser, serving, visit
from tests.test_dashboards import CHANGE

ROUNDS = 5
CHANGES = 40


PAGES = (
    ("baseline_budgets", "Practice", "{code} 2018/19"),
    ("budget_monitor", "Whose budget", "{code} 2018/19 latest ALL"),
)
"""Notebook, the choice that is changed, and what the page is stamped with afterwards."""


def opened(context: object, server: Server, page: str) -> float:
    """Open a page and wait for its figures; give the milliseconds."""
    with visit(context, server) as tab:  # type: ignore[arg-type]
        began = time.perf_counter()
        tab.open(f"/pages/{page}").drawn()
        return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print."""
    data = Path(os.environ.get("PBC_DATA", "data")).resolve()
    rows = Published(data).rows(
        "SELECT DISTINCT practice_code FROM budget_practices WHERE financial_year = '2018/19' "
        "ORDER BY 1"
    )
    codes = [r["practice_code"] for r in rows]
    print("| page | what | p50 [ms] | p95 [ms] | n |")
    print("|---|---|---|---|---|")
    with serving(data) as server, browser() as chromium:
        for page, label, stamp in PAGES:
            first, again, changes = [], [], []
            for _ in range(ROUNDS):
                context = chromium.new_context()
                first.append(opened(context, server, page))
                again.append(opened(context, server, page))
                context.close()
            with visit(chromium, server) as tab:
                tab.open(f"/pages/{page}").drawn()
                for i in range(CHANGES):
                    code = codes[(i + 1) % len(codes)]
                    asked = [label, code, stamp.format(code=code)]
                    changes.append(tab.page.evaluate(CHANGE, asked))
            for name, taken in (
                ("figures drawn, cold kernel, first visit", first),
                ("figures drawn, cold kernel, later visit", again),
                ("choice changed to figure redrawn", changes),
            ):
                taken.sort()
                p95 = taken[min(len(taken) - 1, round(0.95 * (len(taken) - 1)))]
                told = f"{statistics.median(taken):.0f} | {p95:.0f} | {len(taken)}"
                print(f"| {page} | {name} | {told} |")


if __name__ == "__main__":
    main()
