"""Headers that every answer carries, whichever handler gives it."""

from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.web import OutputTransform

# Voila's own template and ipywidgets need inline script and style; nothing needs eval.
CONTENT = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob:",
        "worker-src 'self' blob:",
        "frame-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)

HEADERS = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guarded(OutputTransform):
    """Put the headers on, and take off the one that names the server's version."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Change the headers of an answer as its first bytes leave."""
        for name, value in HEADERS.items():
            headers[name] = value
        headers.pop("Server", None)
        return status_code, headers, chunk


def quiet_log(handler: Any) -> None:
    """Log only what an operator needs: a failed request, by its path and never its query."""
    if handler.get_status() >= 500:
        from tornado.log import access_log

        request = handler.request
        access_log.error("%d %s %s", handler.get_status(), request.method, request.path)
