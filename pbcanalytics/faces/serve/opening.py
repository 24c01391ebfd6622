"""A page whose kernel goes while it opens: one line in the log, and an end to the answer."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import nbformat
from voila.notebook_renderer import NotebookRenderer

from pbcanalytics.faces.serve.spares import Spare
from pbcanalytics.faces.serve.wording import FAILED, CalmExecutor, notice


class CalmRenderer(NotebookRenderer):  # type: ignore[misc]
    """
    Render a notebook, and expect that its visitor may leave before the end.

    Leaving frees the kernel. Voila logs that with a traceback and the cell's source, and never
    ends the answer if the kernel had not started yet.
    """

    async def _jinja_kernel_start(self, nb: Any, kernel_id: str, kernel_future: Any) -> str:
        # nbclient's word for a kernel that died before its first answer. `kernel_started` stays
        # false, by which the cells know.
        with contextlib.suppress(RuntimeError):
            spare = self.request_handler.kernel_manager.spares.taken(kernel_id)
            if spare is None:
                await super()._jinja_kernel_start(nb, kernel_id, kernel_future)
            else:
                self._take_over(nb, kernel_future, spare)
        return kernel_id

    def _take_over(self, nb: Any, kernel: Any, spare: Spare) -> None:
        # In place of a new client, which takes half a second to be sure of its kernel.
        self.executor = CalmExecutor(
            nb,
            km=kernel,
            config=self.traitlet_config,
            show_tracebacks=self.voila_configuration.show_tracebacks,
        )
        self.executor.kc = spare.client.result()
        self.kernel_started = True

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:
        if self.kernel_started:
            async for cell in super()._jinja_cell_generator(nb, kernel_id):
                yield cell
        else:
            said = [notice(FAILED)]
            yield nbformat.v4.new_code_cell(outputs=said)  # type: ignore[no-untyped-call]
        if self.kernel_started and not self.executor.lost:
            return
        if self.request_handler.gone:
            self.log.warning("%s was left while it was opening", self.notebook_path)
        else:
            self.log.error("%s lost its kernel while it was opening", self.notebook_path)
