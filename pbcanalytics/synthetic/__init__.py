"""A fictional PCT, seeded and plausible, with planted truths and an answer key."""

from pbcanalytics.synthetic.writing import write

__all__ = ["write"]
