"""The same notebook by papermill, for every practice's record, as a page and in the Lab."""

import json
import os
from pathlib import Path

import papermill
import pytest

from pbcanalytics.faces.notebooks import folder
from pbcanalytics.faces.wording import exact
from pbcanalytics.store import Published


def run(small_pct: Path, out: Path, monkeypatch: pytest.MonkeyPatch, **asked: str) -> str:
    monkeypatch.setenv("PBC_DATA", str(small_pct))
    papermill.execute_notebook(
        str(folder() / "baseline_budgets.ipynb"),
        str(out),
        parameters={"mode": "batch", **asked},
        progress_bar=False,
        cwd=os.fspath(out.parent),
    )
    return out.read_text(encoding="utf-8")


def test_papermill_gives_the_practice_that_was_asked_for_with_figures_and_tables(
    small_pct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report.ipynb"
    text = run(small_pct, out, monkeypatch, practice="X80002", financial_year="2018/19")
    row = Published(small_pct).rows(
        "SELECT * FROM budget_practices WHERE practice_code = 'X80002' "
        "AND financial_year = '2018/19'"
    )[0]
    assert exact(row["indicative_pence"]) in json.loads(f'"{_joined(text)}"')
    kinds = {
        kind
        for cell in json.loads(text)["cells"]
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert "application/vnd.plotly.v1+json" in kinds
    assert "application/vnd.jupyter.widget-view+json" not in kinds


def _joined(text: str) -> str:
    outputs = [
        "".join(output.get("data", {}).get("text/html", ""))
        for cell in json.loads(text)["cells"]
        for output in cell.get("outputs", [])
    ]
    return json.dumps(" ".join(outputs))[1:-1]


def test_a_batch_run_for_a_practice_that_is_not_there_writes_no_statement(
    small_pct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(papermill.PapermillExecutionError, match="X99999"):
        run(small_pct, tmp_path / "x.ipynb", monkeypatch, practice="X99999")
