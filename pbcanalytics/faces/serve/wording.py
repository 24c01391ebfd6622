"""What a visitor reads when a notebook's own code fails."""

from typing import Any

from voila.execute import VoilaExecutor

FAILED = (
    "This part of the page could not be worked out, so the rest is not shown. "
    "Tell the analytics team which page, which practice and what time; reloading may help."
)
SLOW = "This part of the page took too long, so the rest is not shown. Reload the page."


class CalmExecutor(VoilaExecutor):  # type: ignore[misc]
    """Run a notebook's cells; the traceback stays in the server's log."""

    def strip_code_cell_errors(self, cell: Any) -> Any:
        """Put one sentence in the place of a cell's traceback."""
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                _notice(FAILED) if output["output_type"] == "error" else output
                for output in cell["outputs"]
            ]
        return cell

    def show_code_cell_timeout(self, cell: Any) -> None:
        """Put one sentence in the place of a cell that never ended."""
        cell["outputs"] = [_notice(SLOW)]


def _notice(sentence: str) -> dict[str, Any]:
    html = f'<p class="pbc-error" role="alert">{sentence}</p>'
    return {
        "output_type": "display_data",
        "data": {"text/html": html, "text/plain": sentence},
        "metadata": {},
    }
