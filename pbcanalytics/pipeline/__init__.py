"""The pipeline: strings the rooms together and decides nothing."""

from pbcanalytics.costing import ADMISSIONS
from pbcanalytics.pipeline.accounts import has_activity, organisations, status
from pbcanalytics.pipeline.extracts import (
    DEMO_FOLDER,
    check,
    demo,
    demo_extracts,
    explain_extract,
    grouper_input,
    load,
    unload,
)
from pbcanalytics.pipeline.figures import build, is_current, publish
from pbcanalytics.pipeline.pricing.prices import (
    bridge,
    contract_effects,
    explain,
    price,
    strategies,
    supplied,
)
from pbcanalytics.pipeline.stage import shelf

__all__ = [
    "ADMISSIONS",
    "DEMO_FOLDER",
    "bridge",
    "build",
    "check",
    "contract_effects",
    "demo",
    "demo_extracts",
    "explain",
    "explain_extract",
    "grouper_input",
    "has_activity",
    "is_current",
    "load",
    "organisations",
    "price",
    "publish",
    "shelf",
    "status",
    "strategies",
    "supplied",
    "unload",
]
