"""Kernels that wait for the next visitors, with all that a page imports already loaded.

A spare belongs to no page and knows nothing of its visitor: no notebook was run in it and no
published file opened, so it cannot show an old build, nor one visitor's choice to another.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import psutil

# The browser goes on working after the answer, with the processors a new spare would use.
QUIET_SECONDS = 3.0
FIRST_SECONDS = 1.0  # the home page comes first
LONGEST_START_SECONDS = 120
LEAST_AVAILABLE_BYTES = 1_000_000_000
LOOK_AGAIN_SECONDS = 60.0
LOOK_ALIVE_SECONDS = 0.5

# A machine sold as 4 GB says a little less of itself; it keeps its memory for the open pages.
_SPARES_BY_MEMORY = ((7_500_000_000, 2), (4_000_000_000, 1))


def spares_for_memory() -> int:
    """Count the spares that this machine has the memory for: 120 MB each, none below 4 GB."""
    total = psutil.virtual_memory().total
    return next((n for least, n in _SPARES_BY_MEMORY if total >= least), 0)


class Spare:
    """
    One kernel that nobody has asked for yet.

    Attributes
    ----------
    kernel_id : str
        Its name, known before it is started.
    started : Future
        Done when its process is there.
    client : Future
        Done when it has loaded everything; gives what it is spoken to through.
    """

    def __init__(self, manager: Any) -> None:
        self.kernel_id: str = manager.new_kernel_id()
        self._manager = manager
        self.started = asyncio.ensure_future(manager.start_spare(self.kernel_id))
        self.client = asyncio.ensure_future(self._connect())

    async def tell(self, environment: dict[str, str]) -> None:
        """
        Have it take over its visitor's environment.

        Raises
        ------
        RuntimeError
            If it has not: it would show the first practice to who asked for another.
        """
        client = await self.client
        # As JSON: Voila's names are members of an enumeration, and do not look like themselves.
        told = json.dumps({**environment, "VOILA_KERNEL_ID": self.kernel_id})
        code = f"import json, os; os.environ.update(json.loads({told!r}))"
        answer = asyncio.ensure_future(client.execute(code, silent=True, reply=True))
        while not answer.done():
            await asyncio.wait({answer}, timeout=LOOK_ALIVE_SECONDS)
            if not answer.done() and not await self._manager.get_kernel(self.kernel_id).is_alive():
                answer.cancel()
                raise RuntimeError(f"kernel {self.kernel_id} had ended")
        if answer.result()["content"]["status"] != "ok":
            raise RuntimeError(f"kernel {self.kernel_id} did not learn what its visitor asked for")

    def let_go(self) -> None:
        """Close what it was spoken to through; its kernel is gone."""
        client = self.client
        if client.done() and not client.cancelled() and not client.exception():
            client.result().stop_channels()

    async def _connect(self) -> Any:
        await self.started
        client = None
        try:
            client = self._manager.get_kernel(self.kernel_id).client()
            # No heartbeat: it would wake two processes every second until somebody comes.
            client.start_channels(stdin=False, hb=False)
            await client.wait_for_ready(timeout=LONGEST_START_SECONDS)
        except Exception as error:
            if client:
                client.stop_channels()
            raise RuntimeError(f"kernel {self.kernel_id} ended while it was starting") from error
        client.allow_stdin = False
        return client


class Spares:
    """
    Keep a few kernels ready, and make new ones only while no page is opening.

    A visitor takes the oldest spare, even one that is still loading: that is never slower than
    a kernel of his own. When there is none, he gets a kernel of his own.

    Parameters
    ----------
    manager : Ceiling
        The kernels.
    wanted : int
        How many to keep ready.
    """

    def __init__(self, manager: Any, wanted: int) -> None:
        self._manager = manager
        self._wanted = wanted
        self._waiting: list[Spare] = []
        self._changing_hands: set[str] = set()
        self._taken: dict[str, Spare] = {}
        self._pages_opening = 0
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, kernel_id: str) -> bool:
        """Tell whether a kernel still waits, or is about to become its visitor's."""
        waits = any(spare.kernel_id == kernel_id for spare in self._waiting)
        return waits or kernel_id in self._changing_hands

    def __len__(self) -> int:
        """Count the spares, those that are still loading too."""
        return len(self._waiting)

    @property
    def n_ready(self) -> int:
        """Count the spares that have loaded everything."""
        return sum(spare.client.done() for spare in self._waiting)

    def start(self) -> None:
        """Make the first spare soon; the event loop has to be the current one."""
        self._later(FIRST_SECONDS)

    async def stop(self) -> None:
        """Make no more; to be called when all kernels have been ended."""
        self._wanted = 0
        self._hold()
        left = [*self._waiting, *self._taken.values()]
        await asyncio.gather(*(spare.client for spare in left), return_exceptions=True)
        for spare in left:
            spare.let_go()

    @contextlib.contextmanager
    def out_of_the_way(self) -> Iterator[None]:
        """Begin no spare while a page opens, nor shortly after."""
        self._pages_opening += 1
        self._hold()
        try:
            yield
        finally:
            self._pages_opening -= 1
            self._later(QUIET_SECONDS)

    async def take(self, environment: dict[str, str]) -> str | None:
        """
        Give the oldest spare to a visitor.

        Parameters
        ----------
        environment : dict of str
            What the visitor's page expects in the kernel's environment.

        Returns
        -------
        str or None
            Its kernel's name; None when there is none that lives.
        """
        while self._waiting:
            spare = self._waiting.pop(0)
            self._changing_hands.add(spare.kernel_id)
            try:
                await spare.tell(environment)
            except Exception:
                self._manager.log.debug("a spare kernel was of no use", exc_info=True)
                spare.let_go()
                if spare.kernel_id in self._manager:
                    await self._manager.shutdown_kernel(spare.kernel_id, now=True)
            else:
                self._taken[spare.kernel_id] = spare
                return spare.kernel_id
            finally:
                self._changing_hands.discard(spare.kernel_id)
        return None

    def taken(self, kernel_id: str) -> Spare | None:
        """Give the spare that became this kernel, once; None for any other kernel."""
        return self._taken.pop(kernel_id, None)

    def _hold(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _later(self, seconds: float) -> None:
        self._hold()
        self._timer = asyncio.get_event_loop().call_later(seconds, self._make)

    def _make(self) -> None:
        if self._pages_opening or len(self._waiting) >= self._wanted:
            return
        if self._manager.is_full or psutil.virtual_memory().available < LEAST_AVAILABLE_BYTES:
            self._later(LOOK_AGAIN_SECONDS)
            return
        spare = Spare(self._manager)
        self._waiting.append(spare)
        spare.client.add_done_callback(lambda client: self._made(spare, client))

    def _made(self, spare: Spare, client: "asyncio.Future[Any]") -> None:
        failed = client.cancelled() or client.exception() is not None
        if spare not in self._waiting:
            return
        if failed and self._wanted:
            self._waiting.remove(spare)
            self._manager.log.warning("a kernel could not be made ready; pages start their own")
        elif self._wanted:
            self._later(QUIET_SECONDS)
