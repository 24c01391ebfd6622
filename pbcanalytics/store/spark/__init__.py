"""Spark, the second engine: the same models, rendered for it, on the same tables."""

from pbcanalytics.store.spark.engine import SparkEngine
from pbcanalytics.store.spark.rendering import rendered
from pbcanalytics.store.spark.session import lacking, session

__all__ = ["SparkEngine", "lacking", "rendered", "session"]
