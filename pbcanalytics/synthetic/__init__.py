"""A fictional PCT, seeded and plausible, with planted truths and an answer key."""

from pbcanalytics.synthetic.eras import ERAS, NTPS, PBR, Era
from pbcanalytics.synthetic.writing import write

__all__ = ["ERAS", "NTPS", "PBR", "Era", "write"]
