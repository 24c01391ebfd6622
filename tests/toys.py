"""Toy notebooks, and the server on them, for tests of the server itself."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import browsing

PRACTICES = [f"A81{number:03d}" for number in range(1, 31)]
FAILS = PRACTICES[-1]

SPEND = f"""
import html, traceback, sys, os, ipywidgets as w
from IPython.display import display
from pbcanalytics.faces import parameters
from pbcanalytics.faces.widgets.panel import Panel
from pbcanalytics.faces.widgets.pulse import Pulse
PRACTICES = {PRACTICES!r}
os.environ["PBC_DATA"]
ask = parameters.resolve(mode=mode, practice=practice, year=year)
choice = w.Dropdown(
    options=PRACTICES, value=ask.choose("practice", PRACTICES), description="Practice")
panel, table, message = Panel(), w.HTML(), w.HTML()
def update(_=None):
    try:
        if choice.value == "{FAILS}":
            raise ValueError("made to fail")
        n = PRACTICES.index(choice.value) + 1
        says = f"{{choice.value}} {{ask.year}}"
        bars = dict(type="bar", x=["a", "b"], y=[n, 2 * n])
        line = dict(type="scatter", x=[1, 2, 3], y=[n, 0, n])
        panel.show([
            dict(data=[bars], layout=dict(
                title=dict(text=says), meta=dict(description=f"Spend of {{says}}"))),
            dict(data=[line], layout=dict(title=dict(text=f"<b>{{says}}</b>"))),
        ], says)
        panel.layout.display = None
        row = f'<tr><th scope="row">{{says}}</th><td>{{n:,}}</td></tr>'
        table.value = f'''<table class="pbc-table"><caption>Spend</caption>
            <thead><tr><th scope="col">Practice</th><th scope="col">Pounds</th></tr></thead>
            <tbody>{{row * 60}}</tbody></table>'''
        message.value = "".join(f'<p class="pbc-note" role="status">{{html.escape(s)}}</p>'
            for s in ask.refusals(dict(practice=choice.value, year=ask.year)))
    except Exception:
        panel.layout.display = "none"
        table.value = ""
        message.value = '<p class="pbc-error" role="alert">The figures could not be updated.</p>'
        traceback.print_exc(file=sys.__stderr__)
choice.observe(update, "value")
update()
display(w.VBox([w.HBox([choice]), message, panel, table, Pulse(every=0.5, patience=2)]))
"""

CHANGE = """value => {
  const select = document.querySelector('main select');
  select.value = value;
  select.dispatchEvent(new Event('change', {bubbles: true}));
}"""


def notebook(path: Path, *cells: tuple[str, str, list[str]], **metadata: str) -> None:
    """Write a notebook of cells: kind, source, tags."""
    made = []
    for kind, source, tags in cells:
        cell = {"cell_type": kind, "id": f"cell-{len(made)}", "metadata": {"tags": tags}}
        cell["source"] = source
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        made.append(cell)
    kernel = {"name": "another-machine", "language": "python", "display_name": "Python"}
    whole = {"cells": made, "metadata": {"kernelspec": kernel, **metadata}}
    path.write_text(json.dumps({**whole, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


def written(folder: Path) -> Path:
    """Write a page that works, one that fails, and files that no visitor may have."""
    notebook(
        folder / "spend.ipynb",
        ("markdown", "# Spend by practice\n\nWhat *patients* cost. And more.", []),
        ("code", 'practice = "A81001"\nyear = 2018\nmode = "auto"', ["parameters"]),
        ("code", SPEND, []),
    )
    notebook(
        folder / "broken.ipynb",
        ("markdown", "# A heading", []),
        ("code", "secret = 's3cret'", []),
        ("code", "1 / 0  # s3cret", []),
        ("code", "print('came after')", []),
        title="A page that <fails>",
    )
    (folder / "draft.ipynb").write_text("{", encoding="utf-8")
    for name in ("spend.py", "published.duckdb", "extract.csv"):
        (folder / name).write_text("s3cret")
    return folder


@contextlib.contextmanager
def serving(
    data: Path, folder: Path, given: str, settings: str = "", **wishes: Any
) -> Iterator[browsing.Server]:
    """Start a server with options of `serve`, and with other settings than its own."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            start = browsing.START.replace("    port=", f"    {given},\n    port=")
            patch.setattr(browsing, "START", settings + start)
            running = stack.enter_context(browsing.serving(data, folder, **wishes))
        yield running
