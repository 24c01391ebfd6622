"""A notebook asks, the package answers: the contract every notebook keeps."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
MOST_LINES = 40
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.BinOp,
    ast.ListComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def cells(notebook: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


def faults(notebook: dict[str, Any]) -> list[str]:
    """Everything in which a notebook breaks the contract."""
    found = []
    code = cells(notebook, "code")
    source = ["".join(c["source"]) for c in code]
    if code[0]["metadata"].get("tags") != ["parameters"]:
        found.append("the first code cell is not tagged parameters")
    for node in ast.parse(source[0]).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
            found.append("the parameters cell holds more than literals")
    for text in source[1:]:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, FORBIDDEN):
                found.append(f"{type(node).__name__} in a cell: {text[:40]}")
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [module]
            if isinstance(node, ast.Import | ast.ImportFrom) and not set(names) <= {
                "pbcanalytics",
                "IPython.display",
            }:
                found.append(f"imports {names}")
    if sum(len(t.splitlines()) for t in source) > MOST_LINES:
        found.append(f"more than {MOST_LINES} lines of code")
    if any(c["outputs"] or c["execution_count"] for c in code):
        found.append("outputs or counts are not stripped")
    markdown = ["".join(c["source"]) for c in cells(notebook, "markdown")]
    headings = [x for t in markdown for x in t.splitlines() if x.startswith("# ")]
    if len(headings) != 1 or not markdown[0].startswith("# "):
        found.append("not one top heading, at the top")
    if "provenance" not in source[-1]:
        found.append("does not end with provenance")
    if notebook["metadata"]["kernelspec"]["name"] != "python3":
        found.append("names another kernel than python3")
    if not notebook["metadata"].get("title"):
        found.append("has no title for the home page")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_keeps_the_contract(path: Path) -> None:
    assert faults(json.loads(path.read_text(encoding="utf-8"))) == []


def test_there_are_notebooks_and_the_contract_can_be_broken() -> None:
    assert NOTEBOOKS
    notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    notebook["cells"][2]["source"] = "import os\ntotal = 1 + 1\nfor i in []: pass"
    notebook["cells"][2]["outputs"] = [{}]
    notebook["cells"][-1]["source"] = "page"
    assert len(faults(notebook)) == 5
