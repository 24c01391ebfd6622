"""A page for three readers: widgets for visitors and analysts, static output for a batch run."""

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import ipywidgets
from IPython.display import HTML

from pbcanalytics.faces.charts.cards import strip
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.template import PARTS_STYLESHEET
from pbcanalytics.faces.widgets.panel import Panel
from pbcanalytics.faces.widgets.pulse import Pulse
from pbcanalytics.words.errors import PbcError, SelectionError

_LOG: Final = logging.getLogger("pbcanalytics.page")

Rendered = Mapping[str, Any]
"""What a page shows, by part: HTML text, or a plotly figure as plain data."""


class Page:
    """
    Parts of a page that are redrawn together when a choice changes.

    Parameters
    ----------
    ask : Selection
        The parameters, resolved; an empty one stands for the first there is.
    choices : mapping of str to (label, list of (text, value))
        The dropdowns, by parameter name.
    render : callable
        From the chosen values to `Rendered`; a part that is left out is hidden.
    parts : sequence of str
        The parts, in any order; those named in `figures` are drawn as plotly figures.
    name : str
        Name of the notebook, for links.
    searched : tuple of str
        Of the choices, those with so many options that they are found by typing.
    first : mapping of str to str
        What an empty parameter stands for, where that is not the first option.

    Notes
    -----
    A callback's failure is shown nowhere by Voila and leaves the last practice's figures under
    the new choice; here it hides every part, says so, and goes to the server's log.
    """

    def __init__(
        self,
        ask: Selection,
        choices: Mapping[str, tuple[str, list[tuple[str, str]]]],
        render: Callable[..., Rendered],
        *,
        parts: tuple[str, ...],
        figures: tuple[str, ...],
        name: str,
        searched: tuple[str, ...] = (),
        first: Mapping[str, str] | None = None,
    ) -> None:
        self._ask = ask
        self._render = render
        self._figures = figures
        self._name = name
        first = first or {}
        self._values = {
            key: _chosen(ask, key, [value for _, value in options], first.get(key, ""))
            for key, (_, options) in choices.items()
        }
        self._shown: Rendered = {}
        self._parts: dict[str, Any] = {}
        if ask.mode == "batch":
            self._shown = render(**self._values)
            return
        self._message, self._link = ipywidgets.HTML(), ipywidgets.HTML()
        if ask.mode == "lab":
            self._link.value = _style()
        self._parts = {p: Panel() if p in figures else ipywidgets.HTML() for p in parts}
        self._searched = {key: choices[key][1] for key in searched}
        self._dropdowns = {
            key: _box(label, options, self._values[key], key in searched)
            for key, (label, options) in choices.items()
        }
        for dropdown in self._dropdowns.values():
            dropdown.observe(self._changed, "value")
        self._changed()

    def part(self, name: str) -> Any:
        """Give one part for display: a widget, or in a batch run its finished output."""
        if self._ask.mode != "batch":
            return self._parts[name]
        shown = self._shown.get(name)
        if shown is None:
            return HTML("")  # type: ignore[no-untyped-call]
        if name in self._figures:
            from plotly.graph_objects import Figure

            return Figure(shown)
        return HTML(shown)  # type: ignore[no-untyped-call]

    def controls(self) -> Any:
        """Give the dropdowns and the message line; in a batch run, what was chosen."""
        if self._ask.mode == "batch":
            said = _style() + self._shown.get("message", "")
            return HTML(said)  # type: ignore[no-untyped-call]
        asked = ipywidgets.HBox([*self._dropdowns.values(), self._link])
        return ipywidgets.VBox([asked, self._message, Pulse()])

    def _changed(self, _: Any = None) -> None:
        try:
            self._values = {
                key: _found(box.description, box.value, self._searched[key])
                if key in self._searched
                else box.value
                for key, box in self._dropdowns.items()
            }
            shown = self._render(**self._values)
        except Exception as error:
            _to_server_log()
            if isinstance(error, PbcError):
                _LOG.warning("page %s: %s", self._name, error)
            else:
                _LOG.exception("page %s could not be drawn", self._name)
            said = (
                str(error)
                if isinstance(error, PbcError)
                else "The figures could not be updated. Reload the page; if it happens again, "
                f"tell the analytics team the page, the time and the word {type(error).__name__}."
            )
            shown = {"message": f'<p class="pbc-error" role="alert">{escape(said)}</p>'}
        stamp = " ".join(str(v) for v in self._values.values()) or self._name
        for name, widget in self._parts.items():
            content = shown.get(name)
            widget.layout.display = "none" if content is None else None
            if isinstance(widget, Panel):
                widget.show([] if content is None else [content], stamp)
            else:
                widget.value = content or ""
        self._message.value = self._refusals() + shown.get("message", "")
        if self._ask.mode == "voila":
            query = "&amp;".join(f"{k}={escape(str(v))}" for k, v in self._values.items())
            self._link.value = f'<a class="pbc-link" href="?{query}">Link to this view</a>'

    def _refusals(self) -> str:
        showing = {k: getattr(d, "label", d.value) for k, d in self._dropdowns.items()}
        said = [strip(s, tone="warning") for s in self._ask.refusals(showing)]
        self._ask.refused.clear()
        return "".join(said)


def or_why(
    make: Callable[[], Page],
    ask: Selection,
    *,
    parts: tuple[str, ...],
    figures: tuple[str, ...],
    name: str,
) -> Page:
    """
    Make a page, or one that says why there is nothing to show.

    Raises
    ------
    PbcError
        In a batch run, where nobody would read the page.
    """
    try:
        return make()
    except PbcError as error:
        if ask.mode == "batch":
            raise
        why = error

    def say() -> Rendered:
        raise why

    return Page(ask, {}, say, parts=parts, figures=figures, name=name)


def _chosen(ask: Selection, key: str, allowed: list[str], first: str = "") -> str:
    """Settle one choice; case and blanks around it do not matter, an empty one is the first."""
    asked = str(ask.values[key]).strip()
    if not asked:
        return first if first in allowed else allowed[0]
    alike = [value for value in allowed if value.casefold() == asked.casefold()]
    return alike[0] if alike else str(ask.choose(key, allowed, first))


def _box(label: str, options: list[tuple[str, str]], value: str, is_searched: bool) -> Any:
    """Make the widget of one choice."""
    if not is_searched:
        return ipywidgets.Dropdown(options=options, value=value, description=label)
    texts = {v: text for text, v in options}
    return ipywidgets.Combobox(
        options=[*texts.values()],
        value=texts[value],
        description=label,
        continuous_update=False,
    )


def _found(label: str, typed: str, options: list[tuple[str, str]]) -> str:
    """Find what was typed: an option, its value, or the one option that holds all the words."""
    words = typed.casefold().split()
    for text, value in options:
        if [*text.casefold().split()] == words or [value.casefold()] == words:
            return value
    near = [value for text, value in options if all(w in text.casefold() for w in words)]
    if len(near) == 1 and words:
        return near[0]
    many = f"{len(near):,} of the list have it" if near and words else "none of the list has it"
    raise SelectionError(f"{label}: {many}. Type more, or choose one of those that are offered.")


def _style() -> str:
    """Give the parts' style sheet; a Voila page has it already, JupyterLab and a file have not."""
    return f"<style>{PARTS_STYLESHEET.read_text(encoding='utf-8')}</style>"


def _to_server_log() -> None:
    """Send the log to the process's own error stream: a kernel's stderr goes to the notebook."""
    if _LOG.handlers:
        return
    with contextlib.suppress(OSError):
        _LOG.addHandler(logging.StreamHandler(os.fdopen(os.dup(2), "w")))
    _LOG.propagate = False
