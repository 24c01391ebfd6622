"""Intake: extracts in, every row accepted or rejected with a reason."""

from pbcanalytics.intake.layout import Layout
from pbcanalytics.intake.layouts import LAYOUTS, recognise
from pbcanalytics.intake.loading import Loaded, load_file, prepare
from pbcanalytics.intake.opening import ENDINGS, checksum, extracts_in

__all__ = [
    "ENDINGS",
    "LAYOUTS",
    "Layout",
    "Loaded",
    "checksum",
    "extracts_in",
    "load_file",
    "prepare",
    "recognise",
]
