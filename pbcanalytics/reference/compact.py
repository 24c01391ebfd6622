"""The compact: what the practices of a PCT have agreed to show one another."""

from dataclasses import dataclass

from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words.errors import ReferenceGap

_NAMED = "practices_named_to_each_other"


@dataclass(frozen=True)
class Compact:
    """
    What was agreed.

    Attributes
    ----------
    practices_named_to_each_other : bool
        Comparisons name every practice; else only the reader's own, and letter the others.
    """

    practices_named_to_each_other: bool


def compact(reference: Shelf) -> Compact:
    """
    Read the record `compact`; what it does not say was not agreed.

    Raises
    ------
    ReferenceGap
        If a value is neither true nor false.
    """
    rules = reference.record("compact").rules
    value = rules.get(_NAMED, {}).get("value")
    if value is not None and not isinstance(value, bool):
        raise ReferenceGap(
            f"compact.yaml says {value!r} of {_NAMED}, so it is not known whether practices may "
            "be named to one another, and nothing is published. Write true or false there."
        )
    return Compact(practices_named_to_each_other=value is True)
