"""What goes into the file of an agreed version: figures, inputs, rules, words."""

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets import YearBudget
from pbcanalytics.budgets.agreement.checklist import Agreement, Check, checklist
from pbcanalytics.faces.sentences import agreed_bundle as words
from pbcanalytics.faces.sentences import checklist as check_words
from pbcanalytics.faces.sentences import rules_in_force
from pbcanalytics.pipeline.budgets.budget_inputs import packed
from pbcanalytics.reference import Shelf
from pbcanalytics.store import plain_records
from pbcanalytics.words import periods

DOCUMENT: Final = "pct.json"
_RULES: Final = "rules.json"
_TABLES: Final = {"lines": "budget.csv", "practices": "practices.csv"}


def figures(budget: YearBudget) -> dict[str, bytes]:
    """Write the figures of a budget: every field of it, and every cell."""
    return plain_records.written(budget, DOCUMENT, _TABLES)


def members(
    budget: YearBudget,
    inputs: Mapping[str, pd.DataFrame],
    held: Shelf,
    checks: Sequence[Check],
) -> dict[str, bytes]:
    """
    Gather the files of a version; the manifest aside.

    Returns
    -------
    dict of str to bytes
        By name.
    """
    b = budget.baseline
    rules = _rules(held, list(dict.fromkeys((b.base_year, b.price_year, b.financial_year))))
    return {
        "README.txt": words.readme(budget.pct_code, b.financial_year).encode(),
        "formulas.md": words.formulas().encode(),
        **figures(budget),
        "checklist.csv": _checklist_file(checks),
        _RULES: json.dumps(rules, indent=1, ensure_ascii=False, default=str).encode(),
        **packed(inputs),
    }


def checked(
    budget: YearBudget,
    inputs: Mapping[str, pd.DataFrame],
    agreed: Sequence[Agreement],
    rules: Mapping[str, Any],
) -> tuple[Check, ...]:
    """Hold a budget against the checklist, by the rules of fair shares that hold for it."""
    given = inputs.get("given_budgets")
    prescribing: dict[str, int] = {}
    if given is not None:
        sums = given.groupby("practice_code")["budget_pence"].sum()
        prescribing = {str(code): int(pence) for code, pence in sums.items()}
    return checklist(
        budget,
        agreed=agreed,
        prescribing=prescribing,
        band_share=Fraction(str(rules["band_share"]["value"])),
    )


def fair_share_rules(held: Shelf) -> dict[str, Any]:
    """Give the rules of fair shares in force."""
    return dict(held.record("fair_shares").rules)


def rules_kept(kept: Mapping[str, bytes]) -> dict[str, Any]:
    """Give the rules of fair shares that were kept with a version."""
    return dict(json.loads(kept[_RULES])["fair_shares"])


def files_loaded(loads: pd.DataFrame) -> list[dict[str, Any]]:
    """List the files that were loaded: name, layout, checksum, rows, and when."""
    columns = ["file", "layout", "supplier", "sha256", "rows_read", "accepted", "rejected"]
    return [
        {
            **{c: None if pd.isna(row[c]) else row[c] for c in columns},
            "loaded_at": pd.Timestamp(row["loaded_at"]).isoformat(timespec="seconds"),
        }
        for row in loads.to_dict("records")
    ]


def _rules(held: Shelf, years: list[str]) -> dict[str, Any]:
    """Tell the payment rules of the years, what their prices are, and the rules of fair shares."""
    known = held.record_years("rules")
    of_files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in held.files()}
    stems = [periods.in_file_name(year) for year in years]
    return {
        "payment_rules": {
            year: [dataclasses.asdict(r) for r in rules_in_force.in_force(held, year)]
            for year in years
            if year in known
        },
        "price_tables": {
            year: held.evidence(year) for year in years if year in held.years("tariff")
        },
        "fair_shares": fair_share_rules(held),
        "files": {n: sha for n, sha in of_files.items() if any(stem in n for stem in stems)},
        "reference_digest": held.digest(),
    }


def _checklist_file(checks: Sequence[Check]) -> bytes:
    """Write the checklist as a table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(check_words.HEADS)
    writer.writerows(check_words.rows(checks))
    return out.getvalue().encode()
