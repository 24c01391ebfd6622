"""
An open workbench for NHS practice-based commissioning.

The flow, from extracts to a page:

>>> import pbcanalytics as pbc                                    # doctest: +SKIP
>>> extracts = pbc.demo(data)              # or your own files
>>> pbc.load(data, [extracts])             # every row accepted, or rejected with a reason
>>> pbc.build(data)                        # episodes → spells → prices → cube
>>> pbc.publish(data)                      # budgets, small numbers withheld, swapped in whole
>>> pbc.status(data)                       # the account of every row, spell and penny
>>> page = pbc.baseline_budgets(practice="X80001", financial_year="2018/19")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbcanalytics.faces.notebooks import (
        baseline_budgets,
        budget_monitor,
        code_creep,
        explained_prices,
        explained_spell,
        price_of_a_stay,
        referral_trends,
    )
    from pbcanalytics.intake import Wishes
    from pbcanalytics.pipeline import (
        build,
        check,
        demo,
        load,
        organisations,
        publish,
        status,
        unload,
    )
    from pbcanalytics.reference import Shelf
    from pbcanalytics.store import Published
    from pbcanalytics.words.errors import PbcError

__all__ = [
    "PbcError",
    "Published",
    "Shelf",
    "Wishes",
    "baseline_budgets",
    "budget_monitor",
    "build",
    "check",
    "code_creep",
    "demo",
    "explained_prices",
    "explained_spell",
    "load",
    "organisations",
    "price_of_a_stay",
    "publish",
    "referral_trends",
    "status",
    "unload",
]

_HOMES = {
    "PbcError": "pbcanalytics.words.errors",
    "Published": "pbcanalytics.store",
    "Shelf": "pbcanalytics.reference",
    "Wishes": "pbcanalytics.intake",
    "baseline_budgets": "pbcanalytics.faces.notebooks",
    "budget_monitor": "pbcanalytics.faces.notebooks",
    "build": "pbcanalytics.pipeline",
    "check": "pbcanalytics.pipeline",
    "code_creep": "pbcanalytics.faces.notebooks",
    "demo": "pbcanalytics.pipeline",
    "explained_prices": "pbcanalytics.faces.notebooks",
    "explained_spell": "pbcanalytics.faces.notebooks",
    "load": "pbcanalytics.pipeline",
    "organisations": "pbcanalytics.pipeline",
    "price_of_a_stay": "pbcanalytics.faces.notebooks",
    "publish": "pbcanalytics.pipeline",
    "referral_trends": "pbcanalytics.faces.notebooks",
    "status": "pbcanalytics.pipeline",
    "unload": "pbcanalytics.pipeline",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a page's kernel needs few of them."""
    if name not in _HOMES:
        raise AttributeError(f"pbcanalytics has no public name '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
