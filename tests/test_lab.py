"""The same notebook in JupyterLab, as an analyst opens it: Run All, then choose."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbcanalytics.faces.notebooks import folder
from tests.browsing import DESK, browser, free_port, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(folder(), root / "notebooks")
    port = free_port()
    words = ["-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    words += ["--IdentityProvider.token=", f"--notebook-dir={root / 'notebooks'}"]
    surroundings = {
        **os.environ,
        "PBC_DATA": str(small_pct),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
    }
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *words], env=surroundings, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).read()
                break
            except OSError:
                if time.monotonic() > end or server.poll() is not None:
                    raise RuntimeError((root / "log").read_text()) from None
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_run_all_draws_the_figure_and_a_choice_redraws_it(lab: str) -> None:
    with browser() as chromium:
        page = chromium.new_page(viewport=DESK)  # type: ignore[arg-type]
        page.goto(f"{lab}/lab/tree/baseline_budgets.ipynb", wait_until="commit")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.get_by_text("| Idle").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("[data-command='runmenu:run-all']").click()
        drawn = "document.querySelector('.pbc-panel')?.dataset.stamp"
        assert "X80001 2018/19" in wait_until(page, drawn, timeout=60)
        title = "document.querySelector('.pbc-panel .gtitle')?.textContent ?? ''"
        assert "X80001" in page.evaluate(title)
        page.locator(".widget-dropdown select").first.select_option(index=1)
        wait_until(page, f"({drawn}) === 'X80002 2018/19' && ({title}).includes('X80002')")
        # JupyterLab empties cells that are out of sight, so text and not its rendering is read.
        wait_until(page, "document.querySelector('.pbc-strip').textContent.includes('X80002')")
        style = "getComputedStyle(document.querySelector('.pbc-strip')).borderLeftColor"
        assert page.evaluate(style) == "rgb(0, 94, 184)"
        if shots := os.environ.get("PBC_SCREENSHOTS"):
            page.screenshot(path=str(Path(shots) / "lab.png"))
