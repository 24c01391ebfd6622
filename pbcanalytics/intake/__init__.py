"""Intake: extracts in, every row accepted or rejected with a reason."""

from pbcanalytics.intake.layouts import LAYOUTS, Layout, recognise
from pbcanalytics.intake.loading import Loaded, load_file, prepare

__all__ = ["LAYOUTS", "Layout", "Loaded", "load_file", "prepare", "recognise"]
