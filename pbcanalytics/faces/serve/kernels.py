"""The processes behind the pages: one a visitor, of this very Python, and only so many."""

import sys
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server import CallContext
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Dict, Float, Int

from pbcanalytics.faces.serve.vacancy import Vacancy

KERNEL = "python3"
# Its own log at ERROR: ipykernel warns at every start that a loopback socket is not encrypted.
LAUNCH = [sys.executable, "-m", "ipykernel_launcher", "--log-level=40"]

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

    _starting = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.vacancy = Vacancy(self, self.grace)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel, or answer 503 when the server is full."""
        if len(self.list_kernel_ids()) + self._starting >= self.max_kernels:
            raise HTTPError(503)
        kwargs["env"] = {**kwargs.get("env", {}), **self.environment}
        self._starting += 1
        try:
            kernel_id: str = await super().start_kernel(**kwargs)
        finally:
            self._starting -= 1
        # The page handler learns its kernel, to free it if the visitor leaves before the end.
        CallContext.get(CallContext.JUPYTER_HANDLER).on_kernel(kernel_id)
        return kernel_id
