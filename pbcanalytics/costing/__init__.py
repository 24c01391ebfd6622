"""Costing: from episodes to spells to prices, as a chain of SQL models, each a table."""

from pbcanalytics.costing.alone import NO_PROVIDER, group_alone, price_alone
from pbcanalytics.costing.bridging import Bridge, Moved, bridge
from pbcanalytics.costing.chain import (
    MODELS,
    build,
    digest,
    place,
    price_years,
    reference_tables,
    registers,
)
from pbcanalytics.costing.changes import SET_ASIDE, keep_changes, set_aside
from pbcanalytics.costing.contracts import contract_effects
from pbcanalytics.costing.explaining import Candidate, Explained, Step, explain
from pbcanalytics.costing.made_up import ADMISSIONS, price_made_up
from pbcanalytics.costing.organisation_faults import Fault, faults
from pbcanalytics.costing.organisation_views import Compared, compared, told
from pbcanalytics.costing.organisations import Registers, answering, standing
from pbcanalytics.costing.strategies import Strategies, strategies
from pbcanalytics.costing.supplied import Supplied, supplied

__all__ = [
    "ADMISSIONS",
    "MODELS",
    "NO_PROVIDER",
    "SET_ASIDE",
    "Bridge",
    "Candidate",
    "Compared",
    "Explained",
    "Fault",
    "Moved",
    "Registers",
    "Step",
    "Strategies",
    "Supplied",
    "answering",
    "bridge",
    "build",
    "compared",
    "contract_effects",
    "digest",
    "explain",
    "faults",
    "group_alone",
    "keep_changes",
    "place",
    "price_alone",
    "price_made_up",
    "price_years",
    "reference_tables",
    "registers",
    "set_aside",
    "standing",
    "strategies",
    "supplied",
    "told",
]
