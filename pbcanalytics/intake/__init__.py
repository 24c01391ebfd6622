"""Intake: extracts in, every row accepted or rejected with a reason."""

from pbcanalytics.intake.choosing import Wishes
from pbcanalytics.intake.explaining import Explanation, explain, explain_as, nearest
from pbcanalytics.intake.files.opening import ENDINGS, checksum, extracts_in
from pbcanalytics.intake.grouping import GrouperInput
from pbcanalytics.intake.grouping import write_input as write_grouper_input
from pbcanalytics.intake.layouts import LAYOUTS
from pbcanalytics.intake.layouts.layout import Layout
from pbcanalytics.intake.layouts.recognising import Undecided, recognise
from pbcanalytics.intake.loading import Loaded, load_file, prepare
from pbcanalytics.intake.maps import ImportMap, file_name, named, save
from pbcanalytics.intake.maps import saved as saved_maps
from pbcanalytics.intake.unloading import Unloaded, unload

__all__ = [
    "ENDINGS",
    "LAYOUTS",
    "Explanation",
    "GrouperInput",
    "ImportMap",
    "Layout",
    "Loaded",
    "Undecided",
    "Unloaded",
    "Wishes",
    "checksum",
    "explain",
    "explain_as",
    "extracts_in",
    "file_name",
    "load_file",
    "named",
    "nearest",
    "prepare",
    "recognise",
    "save",
    "saved_maps",
    "unload",
    "write_grouper_input",
]
