"""Costing: from episodes to spells to prices, as a chain of SQL models, each a table."""

from pbcanalytics.costing.chain import (
    MODELS,
    build,
    digest,
    place,
    price_years,
    reference_tables,
    registers,
)
from pbcanalytics.costing.organisation_faults import Fault, faults
from pbcanalytics.costing.organisation_views import Compared, compared, told
from pbcanalytics.costing.organisations import Registers, answering, standing

__all__ = [
    "MODELS",
    "Compared",
    "Fault",
    "Registers",
    "answering",
    "build",
    "compared",
    "digest",
    "faults",
    "place",
    "price_years",
    "reference_tables",
    "registers",
    "standing",
    "told",
]
