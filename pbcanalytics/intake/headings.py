"""The headings of a file, whatever kind of file it is."""

from pbcanalytics.words.errors import ExtractError


def one_name_each(file: str, headings: list[str]) -> list[str]:
    """
    Check that no two columns have the same name; one without a name is called by its place.

    Raises
    ------
    ExtractError
        If two have.
    """
    named = [h or f"column {i}" for i, h in enumerate(headings, start=1)]
    upper = [h.upper() for h in named]
    twice = sorted({h for h in upper if upper.count(h) > 1})
    if twice:
        raise ExtractError(
            f"{file} has more than one column named {', '.join(twice)}, so it is not clear which "
            "to use; nothing of it was loaded. Rename or remove one of them."
        )
    return named
