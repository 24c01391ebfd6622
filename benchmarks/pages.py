"""How fast the budget pages open and change, in a real browser. `python -m benchmarks.pages`.

Uses the published data of `data` (or of the folder named in PBC_DATA). Pages are opened with a
kernel that waits for them and, with `--cold`, without. The first visit of each round has an empty
browser cache, the second a warm one. Processor time is of the server, its kernels and the
browser: unlike the clock it hardly depends on what else the machine does.
"""

import os
import statistics
import sys
import time
from pathlib import Path

import psutil

from pbcanalytics.faces.notebooks import folder
from pbcanalytics.store import Published
from tests.browsing import Server, browser, visit
from tests.test_dashboards import CHANGE
from tests.test_serve import serving

ROUNDS = 5
CHANGES = 40

PAGES = (
    ("baseline_budgets", "Practice", "{code} 2018/19"),
    ("budget_monitor", "Whose budget", "{code} 2018/19 latest ALL"),
    ("referral_trends", "Of whom", "gp_referrals {code} ALL ALL ALL registered nhsr_0_2_2"),
)
"""Notebook, the choice that is changed, and what the page is stamped with afterwards."""


def opened(context: object, server: Server, page: str, n_ready: int) -> tuple[float, float]:
    """Open a page when the kernels are ready; give the seconds until its figures are drawn."""
    while server.health()["ready"] < n_ready:
        time.sleep(0.1)
    with visit(context, server) as tab:  # type: ignore[arg-type]
        began, used = time.perf_counter(), processor()
        tab.open(f"/pages/{page}").drawn()
        return time.perf_counter() - began, processor() - used


def processor() -> float:
    """Add up the processor time of all that was started from here, in seconds."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def memory(server: Server) -> tuple[float, float]:
    """Give the memory of the server and of the largest kernel, without what is shared, in MB."""
    of_server = psutil.Process(server.process.pid).memory_full_info().uss
    of_kernels = [kernel.memory_full_info().uss for kernel in server.kernels()]
    return of_server / 1e6, max(of_kernels, default=0) / 1e6


def told(page: str, what: str, seconds: list[float], used: list[float]) -> None:
    """Print one row."""
    taken = sorted(1000 * one for one in seconds)
    p95 = taken[min(len(taken) - 1, round(0.95 * (len(taken) - 1)))]
    cpu = f"{statistics.median(used):.2f}" if used else ""
    print(
        f"| {page} | {what} | {statistics.median(taken):.0f} | {p95:.0f} | {taken[0]:.0f} "
        f"| {cpu} | {len(taken)} |",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    data = Path(os.environ.get("PBC_DATA", "data")).resolve()
    n_ready = 0 if "--cold" in sys.argv else 2
    kind = "kernel ready" if n_ready else "cold kernel"
    rows = Published(data).rows(
        "SELECT DISTINCT practice_code FROM budget_practices WHERE financial_year = '2018/19' "
        "ORDER BY 1"
    )
    codes = [r["practice_code"] for r in rows]
    print("| page | what | p50 [ms] | p95 [ms] | least [ms] | processor [s] | n |")
    print("|---|---|---|---|---|---|---|")
    with serving(data, folder(), f"warm={n_ready}") as server, browser() as chromium:
        for page, label, stamp in PAGES:
            first, again, changes = [], [], []
            for _ in range(ROUNDS):
                context = chromium.new_context()
                first.append(opened(context, server, page, n_ready))
                again.append(opened(context, server, page, n_ready))
                context.close()
            with visit(chromium, server) as tab:
                tab.open(f"/pages/{page}").drawn()
                for i in range(CHANGES):
                    code = codes[(i + 1) % len(codes)]
                    asked = [label, code, stamp.format(code=code)]
                    changes.append(tab.page.evaluate(CHANGE, asked) / 1000)
            told(page, f"figures drawn, {kind}, first visit", *map(list, zip(*first, strict=True)))
            told(page, f"figures drawn, {kind}, later visit", *map(list, zip(*again, strict=True)))
            told(page, "choice changed to figure redrawn", changes, [])
        of_server, of_kernel = memory(server)
    print(f"\nMemory: server {of_server:.0f} MB, largest kernel {of_kernel:.0f} MB.")
    print(f"Load average of the last 15 minutes: {os.getloadavg()[2]:.1f}.")


if __name__ == "__main__":
    main()
