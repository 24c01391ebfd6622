"""Documents of a folder, one thing a file: read as fields with values, or with what is wrong."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pbcanalytics.reference.rule_values import told


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


def is_text(value: Any) -> bool:
    """Tell whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def field_faults(
    document: Mapping[str, Any],
    stem: str,
    fields: Collection[str],
    texts: Collection[str],
    optional: Collection[str] = (),
) -> Iterator[str]:
    """
    Find fields that are missing, too many or no text, and a name that is not its file's.

    Parameters
    ----------
    document : mapping
    stem : str
        Name of the file, without its ending.
    fields : collection of str
        All that there are.
    texts : collection of str
        Those that hold a text.
    optional : collection of str
        Those that may be left out.
    """
    strange = [str(field) for field in document if field not in fields]
    if strange:
        there = ", ".join(fields)
        yield f"it has fields that do not exist: {', '.join(strange)} (there are {there})"
    missing = [field for field in fields if field not in document and field not in optional]
    if missing:
        yield f"it has no {', '.join(missing)}"
    if document.get("name", stem) != stem:
        yield f"its name is {told(document['name'])}, and its file is called {stem}.yaml"
    for field in texts:
        if field in document and not is_text(document[field]):
            yield f"{field} is {told(document[field])}, and must be a text"
