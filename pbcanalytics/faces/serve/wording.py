"""What a visitor reads when a notebook's own code fails."""

import logging
from typing import Any

from nbclient.exceptions import DeadKernelError
from traitlets import default
from voila.execute import VoilaExecutor

FAILED = (
    "This part of the page could not be worked out, so the rest is not shown. "
    "Tell the analytics team which page, which practice and what time; reloading may help."
)
SLOW = "This part of the page took too long, so the rest is not shown. Reload the page."

# nbclient calls it an error that a visitor left, in two places; `CalmRenderer` says it better.
_DEATHS = ("Kernel died while waiting", "Error occurred while starting new kernel client")


class _WithoutDeaths(logging.LoggerAdapter[logging.Logger]):
    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if not str(msg).startswith(_DEATHS):
            super().log(level, msg, *args, **kwargs)


class CalmExecutor(VoilaExecutor):  # type: ignore[misc]
    """Run a notebook's cells; the traceback stays in the server's log."""

    lost = False

    async def execute_cell(
        self, cell: Any, resources: Any, cell_index: int, store_history: bool = True
    ) -> Any:
        """Run a cell; one whose kernel went ends the page as one that never ended does."""
        try:
            return await super().execute_cell(cell, resources, cell_index, store_history)
        except DeadKernelError:
            self.lost = True
            cell["outputs"] = [notice(FAILED)]
            # Any other error is logged together with the cell's source.
            raise TimeoutError from None

    @default("log")
    def _log_default(self) -> "_WithoutDeaths":
        return _WithoutDeaths(super()._log_default(), {})

    def strip_code_cell_errors(self, cell: Any) -> Any:
        """Put one sentence in the place of a cell's traceback."""
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                notice(FAILED) if output["output_type"] == "error" else output
                for output in cell["outputs"]
            ]
        return cell

    def show_code_cell_timeout(self, cell: Any) -> None:
        """Put one sentence in the place of a cell that never ended."""
        cell["outputs"] = [notice(SLOW)]


def notice(sentence: str) -> dict[str, Any]:
    """Make the output that shows a visitor one sentence."""
    html = f'<p class="pbc-error" role="alert">{sentence}</p>'
    return {
        "output_type": "display_data",
        "data": {"text/html": html, "text/plain": sentence},
        "metadata": {},
    }
