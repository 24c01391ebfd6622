"""The payment rules of a year, those of the user's own folder included."""

from pathlib import Path

from pbcanalytics.faces.sentences import rules_in_force
from pbcanalytics.faces.sentences.rules_in_force import RuleInForce
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap


def rules(data: Path, financial_year: str) -> list[RuleInForce]:
    """
    List the payment rules that prices of a year follow.

    Parameters
    ----------
    data : Path
        The data folder, for rules of the user's own.
    financial_year : str
        "2018/19" or "2018-19".

    Returns
    -------
    list of RuleInForce, one per rule

    Raises
    ------
    SelectionError
        If that is no financial year.
    ReferenceGap
        If no rules of the year are held, or a name in the user's own is no rule.
    """
    held = shelf(data)
    stem = periods.in_file_name(financial_year)
    stems = [name[len("rules/") : -len(".yaml")] for name, _ in held.files() if _is_rules(name)]
    if stem not in stems:
        years = ", ".join(s.replace("-", "/") for s in stems)
        raise ReferenceGap(
            f"No payment rules are held for {stem.replace('-', '/')}, so nothing of that year can "
            f"be priced. Held: {years}. Add reference/rules/{stem}.yaml to your data folder; "
            "docs/rules.md says how."
        )
    return rules_in_force.in_force(held, stem.replace("-", "/"))


def _is_rules(name: str) -> bool:
    return name.startswith("rules/") and name.endswith(".yaml")
