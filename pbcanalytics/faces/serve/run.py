"""Start the dashboards, in the foreground, and leave nothing behind."""

import contextlib
import errno
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

from tornado.netutil import bind_sockets

from pbcanalytics.faces import template
from pbcanalytics.words.errors import ServeError

ADDRESS = "127.0.0.1"
HIGHEST_PORT = 65535


def serve(
    notebooks: Path,
    *,
    status: Callable[[], str],
    environment: dict[str, str],
    port: int = 8866,
    open_browser: bool = False,
    announce: Callable[[str], None],
    max_kernels: int | None = None,
    grace: float | None = None,
    warm: int | None = None,
) -> None:
    """
    Serve every notebook of a folder as a page, until Ctrl-C or SIGTERM.

    Parameters
    ----------
    notebooks : Path
        The folder; read anew at each request, its subfolders are not served.
    status : callable
        Gives the sentence on the home page that says what data the pages show.
    environment : dict of str
        What the pages' kernels find in their environment, on top of this process's own.
    port : int
        Where to listen, on this machine only; 0 takes any free port.
    open_browser : bool
        Whether to open the home page once it can be opened.
    announce : callable
        Is told one sentence, with the address, when the server answers.
    max_kernels : int, optional
        Pages open at once; by default what half of this machine's memory holds.
    grace : float, optional
        How long a page is kept to which no browser is connected; by default half a minute.
        [seconds]
    warm : int, optional
        Kernels kept ready, so that pages open sooner, at 120 MB each; by default one or two,
        and none on a machine with less than 4 GB.

    Raises
    ------
    ServeError
        If there is no such folder, or the port cannot be had.
    """
    folder = notebooks.resolve()
    if not folder.is_dir():
        raise ServeError(
            f"{notebooks} is not a folder, so there is no dashboard to serve; "
            "name the folder that holds the notebooks"
        )
    sockets = _bind(port)
    try:
        port = sockets[0].getsockname()[1]
        with _environment(), _quick_import():
            from pbcanalytics.faces.serve.kernels import GRACE_SECONDS, room_for_kernels
            from pbcanalytics.faces.serve.server import Dashboards
            from pbcanalytics.faces.serve.settings import settings
            from pbcanalytics.faces.serve.spares import spares_for_memory
        room = room_for_kernels() if max_kernels is None else max_kernels
        address = f"http://{ADDRESS}:{port}/"

        def ready() -> None:
            announce(f"The dashboards are open at {address} (Ctrl-C closes them)")
            if open_browser:
                webbrowser.open(address)

        with _environment():
            server = Dashboards.instance(
                config=settings(
                    folder,
                    port=port,
                    environment=environment,
                    max_kernels=room,
                    grace=GRACE_SECONDS if grace is None else grace,
                    warm=spares_for_memory() if warm is None else warm,
                )
            )
            server.sockets, server.status, server.ready = sockets, status, ready
            try:
                server.initialize([])
                server.start()
            finally:
                Dashboards.clear_instance()
    finally:
        for listener in sockets:
            listener.close()


def check_port(port: int) -> None:
    """
    Find out early whether the dashboards will be able to listen.

    Raises
    ------
    ServeError
        If the port cannot be had.
    """
    for listener in _bind(port):
        listener.close()


def _bind(port: int) -> list[socket.socket]:
    try:
        # The system would quietly take such a number modulo 65536.
        if port in range(HIGHEST_PORT + 1):
            return bind_sockets(port, address=ADDRESS)
        reason = f"Port {port} does not exist (0 to {HIGHEST_PORT} do)"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {port} is already in use on this machine"
        elif error.errno == errno.EACCES:
            reason = f"Port {port} may not be used by this account"
        else:
            raise
    raise ServeError(
        f"{reason}, so the dashboards cannot be served there; "
        "choose another: PORT=8877 make start, or pbc dashboards --port 8877"
    )


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    # Voila finds templates along JUPYTER_PATH only, and asks again at every request.
    ours = {"JUPYTER_PATH": str(template.ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _quick_import() -> Iterator[None]:
    # jsonschema takes this package when it can, for a check nothing here asks for; building
    # its grammar is a third of the server's whole start.
    name = "rfc3987_syntax"
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules[name]
