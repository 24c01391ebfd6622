"""What can go wrong, said in one sentence: what, where, why it matters, what to do."""


class PbcError(Exception):
    """Something a person can put right; its text is the sentence that person reads."""

    exit_code = 1


class ReferenceGap(PbcError, LookupError):
    """No reference value is held for that year, code or provider."""

    exit_code = 3


class ExtractError(PbcError, ValueError):
    """A file cannot be read as the extract it claims to be."""

    exit_code = 4


class SelectionError(PbcError, ValueError):
    """A parameter is not among the values that can be chosen."""

    exit_code = 5


class StoreError(PbcError, OSError):
    """A database or a folder cannot be opened, read or written."""

    exit_code = 6


class ServeError(PbcError, OSError):
    """The dashboards cannot be served as asked."""

    exit_code = 7
