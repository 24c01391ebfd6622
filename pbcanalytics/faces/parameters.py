"""One notebook, three ways in: its own literals, papermill's injected cell, the page's address.

A notebook's `parameters` cell holds literals; papermill puts its values after them, so what
reaches `resolve` is already the stronger of the two. Under Voila the query string comes last:
only names the notebook already has, cast to the literal's own type. Nothing a visitor types
is repeated on the page: a refused value is remembered by its name alone.
"""

import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args
from urllib.parse import parse_qs

from pbcanalytics.words.errors import SelectionError, ServeError

Mode = Literal["voila", "lab", "batch"]

LONGEST_VALUE = 64
MOST_FIELDS = 50

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Selection:
    """
    What a page was asked to show, and what it would not take.

    Attributes
    ----------
    mode : {"voila", "lab", "batch"}
        Who is reading: a visitor of a page, an analyst, nobody yet.
    values : mapping
        The value of each parameter; each can be read as an attribute too.
    refused : list of str
        Names of the parameters whose value was not taken. Never the values.
    """

    mode: Mode
    values: Mapping[str, Any]
    refused: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        """Read a parameter as an attribute: `ask.practice_code`."""
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(f"{name} is not a parameter of this notebook") from None

    def choose(self, name: str, allowed: Iterable[Any], default: Any = None) -> Any:
        """
        Check one parameter against the values that can be chosen.

        Parameters
        ----------
        name : str
            The parameter.
        allowed : iterable
            Values that can be chosen, the first being the fallback.
        default : object, optional
            Fallback to prefer over the first allowed value.

        Returns
        -------
        object
            The parameter's value when allowed; else the fallback, and `refused` names it.

        Raises
        ------
        SelectionError
            If nothing can be chosen, or if a batch run asks for what is not there: a
            statement about another practice than the one asked for must not be written.
        """
        choices = list(allowed)
        if not choices:
            raise SelectionError(
                f"there is no {_noun(name)} to choose in this file, so nothing can be shown; "
                "check that the extract was loaded and built"
            )
        asked = self.values[name]
        if asked in choices:
            return asked
        if self.mode == "batch":
            raise SelectionError(
                f"{_noun(name)} {asked!r} is not in this file, so no statement was written "
                f"for it; choose one of the {len(choices)} that are"
            )
        if name not in self.refused:
            self.refused.append(name)
        return default if default in choices else choices[0]

    def refusals(self, showing: Mapping[str, object]) -> list[str]:
        """
        Say what was refused, without repeating it.

        Parameters
        ----------
        showing : mapping
            What the page shows instead, by parameter name.

        Returns
        -------
        list of str
            One sentence for each refused parameter, not escaped for HTML.
        """
        return [
            f"The address asked for a {_noun(name)} that is not in this file; "
            f"showing {showing.get(name, self.values.get(name))}."
            for name in self.refused
        ]


def resolve(mode: str = "auto", **defaults: Any) -> Selection:
    """
    Settle a notebook's parameters for whoever is reading.

    Parameters
    ----------
    mode : {"auto", "voila", "lab", "batch"}
        "auto" tells Voila from JupyterLab; the batch runner passes "batch".
    **defaults
        The notebook's own parameters, as literals or as papermill injected them.

    Returns
    -------
    Selection

    Raises
    ------
    SelectionError
        If the mode is none of these.
    ServeError
        If a pre-heated page never received its visitor's address.
    """
    if mode == "auto":
        mode = "voila" if _under_voila() else "lab"
    if mode not in get_args(Mode):
        raise SelectionError(
            f"mode {mode!r} is not a way to run a notebook, so its parameters cannot be settled; "
            "use auto, voila, lab or batch"
        )
    values, refused = dict(defaults), []
    for name, text in _asked() if mode == "voila" else ():
        if name not in defaults:
            continue
        try:
            values[name] = _cast(text, defaults[name])
        except (TypeError, ValueError):
            refused.append(name)
    return Selection(cast(Mode, mode), values, refused)


def _noun(name: str) -> str:
    return name.removesuffix("_code").replace("_", " ")


def _under_voila() -> bool:
    software = os.environ.get("SERVER_SOFTWARE", "")
    return "VOILA_PREHEAT" in os.environ or software.startswith("voila/")


def _asked() -> Iterator[tuple[str, str]]:
    preheated = os.environ.get("VOILA_PREHEAT") == "True"
    query = _wait_for_query() if preheated else os.environ.get("QUERY_STRING", "")
    try:
        fields = parse_qs(query, max_num_fields=MOST_FIELDS)
    except ValueError:
        return
    for name, texts in fields.items():
        yield name, texts[-1]


def _cast(text: str, literal: object) -> Any:
    # Cutting a long value short could turn it into another, valid one.
    if len(text) > LONGEST_VALUE:
        raise ValueError("too long")
    if isinstance(literal, bool):
        if text.lower() not in _TRUTHS:
            raise ValueError("neither true nor false")
        return _TRUTHS[text.lower()]
    if isinstance(literal, float):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("not a finite number")
        return number
    if isinstance(literal, int):
        return int(text)
    if literal is None or isinstance(literal, str):
        return text
    raise TypeError("an address cannot carry this kind of value")


def _wait_for_query(waits: Iterable[float] = (0, 1, 2, 5, 10, 20, 40)) -> str:
    # voila.utils.wait_for_request does this after importing the whole server (45 MB, 2 s of
    # CPU in every kernel), and shows the default page when it gives up after 5 s.
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    port = os.environ.get("VOILA_APP_PORT", "8866")
    base = os.environ.get("VOILA_SERVER_URL", "/")
    kernel = os.environ.get("VOILA_KERNEL_ID", "")
    for wait in waits:
        time.sleep(wait)
        try:
            with connect(f"ws://127.0.0.1:{port}{base}voila/query/{kernel}", proxy=None) as socket:
                return str(json.loads(socket.recv()).get("QUERY_STRING", ""))
        except (OSError, TimeoutError, ConnectionClosed):
            continue
    raise ServeError(
        "no address reached this page, so it cannot tell which practice was asked for; "
        "reload it, and restart the dashboards if that does not help"
    )
