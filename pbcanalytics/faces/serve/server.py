"""Voila itself, with our handlers, headers and life cycle."""

import atexit
import contextlib
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import voila.handler
import voila.notebook_renderer
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding
from voila.app import Voila
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from pbcanalytics.faces import template
from pbcanalytics.faces.serve.assets import PLOTLY, Plotly
from pbcanalytics.faces.serve.handlers import (
    Health,
    Home,
    Leaving,
    Missing,
    OldAddress,
    Page,
)
from pbcanalytics.faces.serve.listing import NAME
from pbcanalytics.faces.serve.opening import CalmRenderer
from pbcanalytics.faces.serve.policy import Guarded, quiet_log
from pbcanalytics.faces.serve.settings import IMMUTABLE
from pbcanalytics.faces.serve.shelf import Shelf
from pbcanalytics.faces.serve.wording import CalmExecutor

PING_MILLISECONDS = 30_000
LONGEST_GOODBYE_SECONDS = 10

# Whatever else reaches Voila's own handler ends in an assertion, and so in a 500.
ASSET = r"[\w-]+/static(?:/[\w-][\w.-]*)+"
SHUT = r"/voila/(?:tree|api/contents|files|render)(?:/.*)?"


class Dashboards(Voila):  # type: ignore[misc]
    """Voila for practices: read-only, self-contained, and gone when it is told to go."""

    sockets: list[socket.socket]
    status: Callable[[], str]
    ready: Callable[[], None]

    _closing = False

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read no file: a stray voila.json must not open what is closed here."""

    def init_settings(self) -> dict[str, Any]:
        """Add what has to be there when the application is made, and is ignored afterwards."""
        made: dict[str, Any] = super().init_settings()
        loader = jinja2.FileSystemLoader(template.PAGES)
        self.contents_manager = Shelf(parent=self)
        made.update(
            contents_manager=self.contents_manager,
            # Given here and not as `compress_response`, for the headers to be on every answer.
            transforms=[Guarded, GZipContentEncoding],
            jinja2_env=jinja2.Environment(loader=loader, autoescape=True),
            default_handler_class=Missing,
            log_function=quiet_log,
            # A page of another site cannot be pointed here under a name of its own.
            allow_remote_access=False,
            # Jupyter's default is longer than tornado allows, which warns of it at each page.
            ws_ping_interval=PING_MILLISECONDS,
            ws_ping_timeout=PING_MILLISECONDS,
            static_immutable_cache=[url_path_join(self.server_url, path) for path in IMMUTABLE],
        )
        return made

    def init_handlers(self) -> list[Any]:
        """Put our handlers before Voila's, and shut what shows files and folders."""

        def at(path: str) -> str:
            return url_path_join(self.server_url, path)

        page = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        home = {"folder": Path(self.root_dir), "status": self.status}
        ours: list[Any] = [
            (at(r"/?"), Home, home),
            (at(rf"/pages/({NAME})"), Page, page),
            (at(r"/voila/api/shutdown/([\w-]+)"), Leaving),
            (at("/healthz"), Health, {"manager": self.kernel_manager}),
            (at(f"/{PLOTLY.replace('.', '[.]')}"), Plotly),
            (at(rf"/voila/render/({NAME})[.]ipynb"), OldAddress),
            (at(rf"/voila/templates/({ASSET})"), TemplateStaticFileHandler),
            (at(SHUT), Missing),
        ]
        replaced = (TornadoVoilaHandler, TemplateStaticFileHandler)
        theirs = [rule for rule in super().init_handlers() if rule[1] not in replaced]
        return ours + theirs

    def listen(self) -> None:
        """Serve on the sockets found free at the start, until told to stop."""
        voila.handler.NotebookRenderer = CalmRenderer
        voila.notebook_renderer.VoilaExecutor = CalmExecutor
        self.ioloop = IOLoop.current()
        server = HTTPServer(self.app)
        server.add_sockets(self.sockets)
        before = {
            number: signal.signal(number, self._handle_signal_stop)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self.kernel_manager.vacancy.start()
            self.ioloop.add_callback(self.kernel_manager.spares.start)
            self.ioloop.add_callback(self.ready)
            self.ioloop.start()
        finally:
            server.stop()
            self.kernel_manager.vacancy.stop()
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle_signal_stop(self, number: int, frame: object) -> None:
        # Once only: the loop also runs the goodbye, and a second stop would break that off.
        if not self._closing:
            self._closing = True
            # The impatient second Ctrl-C often falls into Python's own end.
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
            self.ioloop.add_callback_from_signal(self.ioloop.stop)

    def stop(self) -> None:
        """End every kernel, then remove what they were reached by."""
        with contextlib.suppress(TimeoutError):
            self.ioloop.run_sync(self._goodbye, timeout=LONGEST_GOODBYE_SECONDS)
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    async def _goodbye(self) -> None:
        await self.kernel_manager.shutdown_all(now=True)
        await self.kernel_manager.spares.stop()
