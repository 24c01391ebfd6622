"""The house stays as it is drawn: sizes, names, where SQL, money and randomness may live."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pbcanalytics"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400


def test_a_module_is_read_in_one_sitting() -> None:
    long = {p.name: n for p in MODULES if (n := len(p.read_text().splitlines())) > MOST_LINES}
    assert long == {}


def test_no_module_is_named_for_nothing() -> None:
    assert not {p.stem for p in MODULES} & {"utils", "helpers", "common", "base", "misc"}


def test_random_numbers_are_drawn_in_synthetic_only() -> None:
    drawing = [
        p
        for p in MODULES
        if re.search(r"\brandom\b|default_rng", p.read_text()) and "synthetic" not in p.parts
    ]
    assert drawing == []


def test_models_divide_money_in_whole_numbers_only() -> None:
    for model in (PACKAGE / "costing" / "models").glob("*.sql"):
        lines = [x for x in model.read_text().splitlines() if not x.startswith("--")]
        code = re.sub(r"'[^']*'", "", "\n".join(lines))
        assert not re.search(r"(?<!/)/(?!/)", code), model.name
        assert model.read_text().startswith("-- "), model.name


def test_a_price_or_share_of_a_year_stands_in_no_program() -> None:
    for path in (PACKAGE / "costing").rglob("*"):
        if path.suffix in (".py", ".sql"):
            assert not re.search(r"\b20(0|1|2)\d[/-]\d\d\b", _code(path)), path.name


def _code(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        return re.sub(r"--.*", "", text)
    return re.sub(r'"""[\s\S]*?"""', "", text)


def test_a_pages_kernel_imports_neither_pandas_nor_plotly_nor_the_server() -> None:
    script = (
        "import sys; from pbcanalytics import baseline_budgets; "
        "print([m for m in ('pandas', 'numpy', 'plotly', 'voila', 'tornado.web', "
        "'pbcanalytics.synthetic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() in ("[]", "['tornado.web']")
