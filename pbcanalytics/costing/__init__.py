"""Costing: from episodes to spells to prices, as a chain of SQL models, each a table."""

from pbcanalytics.costing.chain import MODELS, build, digest, price_years, reference_tables

__all__ = ["MODELS", "build", "digest", "price_years", "reference_tables"]
