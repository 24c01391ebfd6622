"""A page that has lost its kernel says so.

Voila shows nothing when a kernel dies, is culled or comes back blank: the controls move and
the figures stay. While the page is looked at, this widget asks its kernel for a beat.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Pulse(anywidget.AnyWidget):
    """
    Ask the kernel for a beat, and put up a banner when none comes.

    The beat also keeps a page that is being used from being culled; a hidden tab, or one
    nobody has touched for `idle` seconds, stops asking and so lets its kernel go.

    Attributes
    ----------
    every : float
        Time between two beats. [seconds]
    patience : float
        Time without an answer before the page is called lost. [seconds]
    idle : float
        Time without a touch after which the page stops asking. [seconds]
    """

    _esm = _HERE / "pulse.js"
    _css = _HERE / "pulse.css"

    every = traitlets.Float(5.0).tag(sync=True)
    patience = traitlets.Float(15.0).tag(sync=True)
    idle = traitlets.Float(3600.0).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_msg(self._answer)

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and content.get("ask") == "beat":
            self.send({"beat": True})
