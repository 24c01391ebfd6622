"""The layouts of extracts that can be read out of the box."""

from typing import Final

from pbcanalytics.intake.layouts import (
    contracts,
    grouper,
    hes,
    organisations,
    practice,
    registers,
    sus,
)
from pbcanalytics.intake.layouts.layout import Layout

LAYOUTS: Final[tuple[Layout, ...]] = (
    *hes.ALL,
    *sus.ALL,
    *contracts.ALL,
    *practice.ALL,
    *grouper.ALL,
    *organisations.ALL,
    *registers.ALL,
)
