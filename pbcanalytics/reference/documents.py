"""Documents of a folder, one thing a file: read as fields with values, or with what is wrong."""

from pathlib import Path
from typing import Any

import yaml


def read_document(path: Path, what: str) -> tuple[dict[str, Any], list[str]]:
    """
    Read a document, or say why it is none.

    Parameters
    ----------
    path : Path
    what : str
        What the folder holds one of a file, "measure".

    Returns
    -------
    tuple of dict and list of str
        Its fields, empty where there are faults.
    """
    if path.suffix != ".yaml" or not path.is_file():
        return {}, [f"it is no {what}; only files that end in .yaml belong here"]
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return {}, [
            f"it cannot be read from line {line} on; look there and on the line before for a "
            "bracket, a quotation mark, a colon or spaces that are missing or too many"
        ]
    except (yaml.YAMLError, UnicodeError, ValueError):
        return {}, ["it is no text in UTF-8 that can be read, or has a date that is none"]
    if not isinstance(document, dict):
        return {}, ["it does not consist of fields with values, such as 'name: ...'"]
    return document, []
