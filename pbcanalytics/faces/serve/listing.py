"""What the notebooks of a folder are called, read from the notebooks themselves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = r"[A-Za-z0-9][\w-]*"

_MARKUP = re.compile(r"[*`]|\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)")


@dataclass(frozen=True)
class Entry:
    """
    One notebook as the home page lists it.

    Attributes
    ----------
    name : str
        Its file name without `.ipynb`, as it stands in the page's address.
    title : str
        Its `title` metadata, else its first heading, else its name.
    summary : str
        The first sentence under the heading; may be empty.
    """

    name: str
    title: str
    summary: str


def entries(folder: Path) -> list[Entry]:
    """
    List the notebooks of a folder that are served, by title.

    A file that is no notebook yet keeps its name.
    """
    found = []
    for path in folder.glob("*.ipynb"):
        if not re.fullmatch(NAME, path.stem):
            continue
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            if not is_served(notebook):
                continue
            entry = Entry(path.stem, title_of(notebook) or path.stem, summary_of(notebook))
        except (OSError, ValueError, AttributeError, TypeError):
            entry = Entry(path.stem, path.stem, "")
        found.append(entry)
    return sorted(found, key=lambda entry: entry.title.casefold())


def is_served(notebook: Mapping[str, Any]) -> bool:
    """Tell whether a notebook is a page: one for analysts only says `"pbc": {"served": false}`."""
    return bool(notebook.get("metadata", {}).get("pbc", {}).get("served", True))


def title_of(notebook: Mapping[str, Any]) -> str:
    """Read a notebook's title: its `title` metadata, else its first `#` heading, else nothing."""
    given = str(notebook.get("metadata", {}).get("title") or "").strip()
    headings = (line for line in _prose(notebook) if line.startswith("# "))
    return given or _plain(next(headings, "")[2:])


def summary_of(notebook: Mapping[str, Any]) -> str:
    """Read the first sentence of a notebook's first paragraph."""
    paragraph: list[str] = []
    for line in _prose(notebook):
        if line and not line.startswith(("#", "<", "|", "!")):
            paragraph.append(line)
        elif paragraph:
            break
    text = _plain(" ".join(paragraph))
    sentence = _SENTENCE.match(text)
    return sentence[1] if sentence else text


def _prose(notebook: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for cell in notebook.get("cells", []):
        if cell.get("cell_type") == "markdown":
            lines += [line.strip() for line in "".join(cell.get("source", "")).splitlines()]
            lines.append("")
    return lines


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda found: found[1] or "", text).strip()
