"""Any number of plotly figures in one widget, drawn by one copy of plotly.js.

`plotly.graph_objects.FigureWidget` sends its five-megabyte bundle once a figure and can
stop taking updates for the life of a Voila page; here the figures travel as JSON and the
page draws them with `Plotly.react`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


def plotly_script() -> Path:
    """Find plotly.js as the installed plotly package ships it, without importing plotly."""
    from importlib.util import find_spec

    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed, so no figure can be drawn")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


class Panel(anywidget.AnyWidget):
    """
    Draw plotly figures in order, in a grid that folds to one column on a phone.

    The element's `data-stamp` says which `show` is drawn, and `aria-busy` whether another
    is on its way: the two together tell a test, or a screen reader, that a chart is current.

    Attributes
    ----------
    drawing : str
        JSON of the last `show`: `{"stamp": ..., "figures": [...]}`.
    """

    _esm = _HERE / "panel.js"
    _css = _HERE / "panel.css"

    drawing = traitlets.Unicode('{"stamp": "", "figures": []}').tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_msg(self._answer)

    def show(self, figures: Iterable[Any], stamp: str = "") -> None:
        """
        Replace what is drawn.

        Parameters
        ----------
        figures : iterable of plotly figures, or of mappings in plotly's JSON form
            Each is named for screen readers by `layout.meta.description`, else its title.
        stamp : str
            What the figures show, such as "A81001 2018/19"; ends up in `data-stamp`.
        """
        drawn = ",".join(
            json.dumps(figure) if isinstance(figure, Mapping) else figure.to_json()
            for figure in figures
        )
        self.drawing = f'{{"stamp": {json.dumps(stamp)}, "figures": [{drawn}]}}'

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        # JupyterLab serves no plotly.js of ours, so the page asks the kernel for it, once.
        if isinstance(content, dict) and content.get("ask") == "plotly":
            self.send({"plotly": True}, buffers=[plotly_script().read_bytes()])
