"""The processes behind the pages: one a visitor, of this very Python, and only so many."""

import os
import sys
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server import CallContext
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import ApiPath
from tornado.web import HTTPError
from traitlets import Dict, Float, Int

from pbcanalytics.faces.serve.spares import Spares
from pbcanalytics.faces.serve.vacancy import Vacancy

KERNEL = "python3"
# Its own log at ERROR: ipykernel warns at every start that a loopback socket is not encrypted.
LAUNCH = [sys.executable, "-m", "ipykernel_launcher", "--log-level=40"]
PRELOAD = "--IPKernelApp.exec_lines=from pbcanalytics.faces.serve import preload; preload.preload()"

# A page's kernel settles at 136 MB with pandas, plotly and DuckDB loaded, and is larger
# for a moment after its start; half of the memory is left to everything else.
KERNEL_BYTES = 150_000_000
FEWEST, MOST = 4, 120

# A browser tries again at once and then ever more seldom: within this time, five times over
# a lost connection. A first visit on a busy machine needs 10 s to load all scripts.
GRACE_SECONDS = 30.0


def room_for_kernels() -> int:
    """Count the kernels that fit into half of this machine's memory."""
    return max(FEWEST, min(MOST, psutil.virtual_memory().total // 2 // KERNEL_BYTES))


class ThisPython(KernelSpecManager):
    """
    Know one kernel: the Python that runs the server, activated or not.

    A notebook that names another kernel gets this one, since what a page imports is
    installed here and nowhere else for certain.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        """Name the one kernel; it has no folder of its own."""
        return {KERNEL: ""}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Describe the one kernel."""
        if kernel_name != KERNEL:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(
            argv=[*LAUNCH, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )

    def get_all_specs(self) -> dict[str, Any]:
        """Describe all kernels there are: one."""
        spec = self.get_kernel_spec(KERNEL).to_dict()
        return {KERNEL: {"resource_dir": "", "spec": spec}}


class Ceiling(AsyncMappingKernelManager):
    """Start no more kernels than there is room for, and give each what its pages need."""

    max_kernels = Int(40, config=True, help="a visitor beyond this many is asked to come back")
    environment = Dict(config=True, help="what a kernel finds in its environment on top")
    grace = Float(GRACE_SECONDS, config=True, help="seconds a kernel is kept for nobody")
    warm = Int(0, config=True, help="kernels kept ready for the next visitors")

    _starting = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.vacancy = Vacancy(self, self.grace)
        self.spares = Spares(self, self.warm)

    @property
    def n_visited(self) -> int:
        """Count the kernels that are somebody's, or about to be."""
        running = self.list_kernel_ids()
        return sum(kernel_id not in self.spares for kernel_id in running) + self._starting

    @property
    def is_full(self) -> bool:
        """Tell whether there is room for no kernel more, spares counted."""
        return self.n_visited + len(self.spares) >= self.max_kernels

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Give a visitor a spare or a new kernel, or answer 503 when the server is full."""
        if self.n_visited >= self.max_kernels:
            raise HTTPError(503)
        asked = kwargs.get("env", {})
        kwargs["env"] = {**asked, **self.environment}
        self._starting += 1
        try:
            own = {name: text for name, text in asked.items() if os.environ.get(name) != text}
            spare = await self.spares.take(own)
            kernel_id: str = spare or await super().start_kernel(**kwargs)
        finally:
            self._starting -= 1
        kernel: Any = self.get_kernel(kernel_id)
        kernel.last_activity = utcnow()
        # The page handler learns its kernel, to free it if the visitor leaves before the end.
        CallContext.get(CallContext.JUPYTER_HANDLER).on_kernel(kernel_id)
        return kernel_id

    async def start_spare(self, kernel_id: str) -> None:
        """Start a kernel for nobody yet, that loads what pages import."""
        await super().start_kernel(
            kernel_id=kernel_id,
            kernel_name=KERNEL,
            path=ApiPath(""),
            env={**os.environ, **self.environment},
            extra_arguments=[PRELOAD],
        )

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that idles, but for the spares: idling is what they are for."""
        if kernel_id not in self.spares:
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]
