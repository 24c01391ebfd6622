"""Kernels whose page has gone without saying so, found by nobody being connected to them."""

from typing import Any

from tornado.ioloop import PeriodicCallback

CHECKS = 10


class Vacancy:
    """
    Free a kernel to which nobody has been connected for the grace time.

    A page says that it is being left only once its script is loaded, and not at all when its
    tab is closed or its browser is killed. A kernel is looked at from the end of its page's
    answer on: before that nobody can be connected, however long the notebook takes.

    Absence is counted in checks, not in seconds: a machine that slept, or was too busy to
    check, has given its visitors no time to connect either.

    Parameters
    ----------
    manager : AsyncMappingKernelManager
        The kernels, and who is connected to them.
    grace : float
        How long a page may take to connect, or to come back after a lost connection.
        [seconds]
    """

    def __init__(self, manager: Any, grace: float) -> None:
        self._manager = manager
        self._absences: dict[str, int] = {}
        self._timer = PeriodicCallback(self._check, 1000 * grace / CHECKS)

    def start(self) -> None:
        """Check from now on; the event loop has to be the current one."""
        self._timer.start()

    def stop(self) -> None:
        """Leave what kernels there are to whoever ends them all."""
        self._timer.stop()

    def watch(self, kernel_id: str) -> None:
        """Look at a kernel from now on; its page has been answered."""
        self._absences[kernel_id] = 0

    async def free(self, kernel_id: str) -> None:
        """End a kernel now, unless somebody else has."""
        self._absences.pop(kernel_id, None)
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id, now=True)

    async def _check(self) -> None:
        for kernel_id, absences in list(self._absences.items()):
            if kernel_id not in self._manager:
                self._absences.pop(kernel_id, None)
            elif self._manager.kernel_model(kernel_id)["connections"] > 0:
                self._absences[kernel_id] = 0
            elif absences < CHECKS:
                self._absences[kernel_id] = absences + 1
            else:
                await self.free(kernel_id)
