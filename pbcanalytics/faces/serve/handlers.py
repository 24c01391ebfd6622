"""What the server answers besides Voila's own: home, pages, health, and what is not there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.utils import include_css

from pbcanalytics.faces.serve.listing import entries, is_served
from pbcanalytics.faces.serve.vacancy import Vacancy

ADVICE = {
    403: ("This page is not open to you", "Ask the analytics team if you think it should be."),
    404: (
        "There is no such page",
        "The address may be misspelt, or the dashboard may have been renamed.",
    ),
    503: (
        "All places are taken",
        "As many people as this server has room for have a dashboard open. "
        "Try again in a few minutes; a place is freed when somebody closes a page.",
    ),
}
OTHERWISE = (
    "This page could not be opened",
    "Try again in a minute. If it happens again, tell the analytics team which page and when.",
)


def _is_page(path: Path) -> bool:
    """Tell whether a file is a notebook that is served; one that cannot be read fails later."""
    try:
        return is_served(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return path.is_file()


class House(JupyterHandler):
    """A page in the house style, with calm words instead of Jupyter's when it fails."""

    def render_page(self, name: str, **words: Any) -> str:
        """Fill one of our own templates."""
        stylesheet = include_css("pbc", self.base_url, "static/pbc.css")
        template = self.settings["jinja2_env"].get_template(name)
        page: str = template.render(base_url=self.base_url, stylesheet=stylesheet, **words)
        return page

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what happened without a path, a traceback or the visitor's own words."""
        heading, advice = ADVICE.get(status_code, OTHERWISE)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if status_code == 503:
            self.set_header("Retry-After", "120")
        self.finish(self.render_page("error.html", heading=heading, advice=advice))


class Page(House, TornadoVoilaHandler):  # type: ignore[misc]
    """One dashboard, run for this visitor: `/pages/<name>?practice=...`."""

    kernel_id: str | None = None
    gone = False

    async def get(self, name: str) -> None:
        """Render the notebook of that name."""
        if not _is_page(Path(self.contents_manager.root_dir) / f"{name}.ipynb"):
            raise HTTPError(404)
        # Reading the token sets its cookie. Without the cookie Voila's own shutdown-on-leave
        # is refused (403), and every page left keeps its kernel (voila issue 1458).
        _ = self.xsrf_token
        manager: Any = self.kernel_manager
        with manager.spares.out_of_the_way():
            await TornadoVoilaHandler.get(self, f"{name}.ipynb")

    def on_kernel(self, kernel_id: str) -> None:
        """Learn which kernel is this page's, perhaps too late for its visitor."""
        self.kernel_id = kernel_id
        if self.gone:
            self.on_connection_close()

    def on_connection_close(self) -> None:
        """Free the kernel of a visitor who left while the page was still opening."""
        self.gone = True
        if self.kernel_id:
            IOLoop.current().add_callback(self._vacancy.free, self.kernel_id)

    def on_finish(self) -> None:
        """Have the kernel freed when nobody connects to it, or now if the visitor has left."""
        super().on_finish()
        if self.gone:
            self.on_connection_close()
        elif self.kernel_id:
            self._vacancy.watch(self.kernel_id)

    @property
    def _vacancy(self) -> Vacancy:
        manager: Any = self.kernel_manager
        vacancy: Vacancy = manager.vacancy
        return vacancy


class Leaving(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """The last word of a page that is being left."""

    async def post(self, kernel_id: str) -> None:
        """Free its kernel; one that is gone already is no error."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)
        else:
            self.set_status(204)


class OldAddress(House):
    """Voila's own address of a page; keeps links made before working."""

    @authenticated
    def get(self, name: str) -> None:
        """Send the visitor on, query and all."""
        target = url_path_join(self.base_url, "pages", name)
        query = self.request.query
        self.redirect(f"{target}?{query}" if query else target)


class Home(House):
    """The list of dashboards."""

    def initialize(self, folder: Path, status: Callable[[], str]) -> None:
        """Keep what the page is made from; both are read anew at each request."""
        self.folder, self.status = folder, status

    @authenticated
    def get(self) -> None:
        """List the notebooks by title under the sentence that says what data they show."""
        try:
            status = self.status()
        except Exception:
            self.log.exception("the status of the data could not be read")
            status = "The state of the data could not be read. Tell the analytics team."
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.render_page("home.html", entries=entries(self.folder), status=status))


class Missing(House):
    """Whatever is asked for here is not there."""

    def prepare(self) -> None:  # type: ignore[override]
        """Answer 404 to every method."""
        raise HTTPError(404)


class Health(RequestHandler):
    """How full the server is, for tests and supervisors."""

    def initialize(self, manager: Any) -> None:
        """Keep the kernel manager."""
        self.manager = manager

    @allow_unauthenticated
    def get(self) -> None:
        """Count the kernels: the visitors', those ready for the next, and the most there may be."""
        self.set_header("Cache-Control", "no-store")
        counts = {"kernels": self.manager.n_visited, "ready": self.manager.spares.n_ready}
        self.finish({**counts, "max": self.manager.max_kernels})
