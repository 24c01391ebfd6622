"""plotly.js, served once a browser and never asked for again until plotly changes."""

import gzip
from functools import lru_cache
from importlib.metadata import version

from tornado.web import HTTPError, RequestHandler

from pbcanalytics.faces.widgets.panel import plotly_script

PLOTLY = f"pbc/plotly-{version('plotly')}.min.js"


class Plotly(RequestHandler):
    """Serve plotly.js, packed once for all visitors and to be kept for a year."""

    def get(self) -> None:
        """Answer with the script; its address changes with its version."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(_packed())
        else:
            self.finish(plotly_script().read_bytes())

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Say no more than the status."""
        self.finish()


@lru_cache(maxsize=1)
def _packed() -> bytes:
    try:
        return gzip.compress(plotly_script().read_bytes(), compresslevel=6, mtime=0)
    except OSError as error:
        raise HTTPError(404) from error
