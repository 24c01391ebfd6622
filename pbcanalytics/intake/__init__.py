"""Intake: extracts in, every row accepted or rejected with a reason."""

from pbcanalytics.intake.explaining import Explanation, explain
from pbcanalytics.intake.layout import Layout
from pbcanalytics.intake.layouts import LAYOUTS, recognise
from pbcanalytics.intake.loading import Loaded, load_file, prepare
from pbcanalytics.intake.opening import ENDINGS, checksum, extracts_in

__all__ = [
    "ENDINGS",
    "LAYOUTS",
    "Explanation",
    "Layout",
    "Loaded",
    "checksum",
    "explain",
    "extracts_in",
    "load_file",
    "prepare",
    "recognise",
]
