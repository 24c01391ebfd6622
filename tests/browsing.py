"""A server and a real browser for tests that open pages."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}

START = """
import json, sys
from pathlib import Path
from pbcanalytics.faces.serve import serve
options = json.loads(sys.argv[1])
serve(
    Path(options["notebooks"]),
    status=lambda: options["status"],
    environment=options["environment"],
    port=options["port"],
    max_kernels=options["max_kernels"],
    announce=lambda sentence: print(sentence, flush=True),
)
"""


@dataclass
class Server:
    """A server in a process of its own."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def kernels(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "ipykernel_launcher" in child.cmdline() and child.status() != "zombie":
                    found.append(child)
        return found

    def get(self, path: str, **headers: str) -> "Answer":
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return Answer(reply.status, dict(reply.headers), reply.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def health(self) -> dict[str, int]:
        health: dict[str, int] = json.loads(self.get("/healthz").body)
        return health

    def settle(self, kernels: int = 0, timeout: float = 15) -> None:
        """Wait until no more than so many kernels are left."""
        end = time.monotonic() + timeout
        while self.health()["kernels"] > kernels or len(self.kernels()) > kernels:
            if time.monotonic() > end:
                raise TimeoutError(f"more than {kernels} kernels after {timeout} s")
            time.sleep(0.1)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


@dataclass
class Visit:
    """One tab, and all that went wrong in it."""

    page: Page
    url: str
    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def open(self, path: str) -> "Visit":
        """Go there without waiting: the page streams, and its end waits for the kernel."""
        self.page.goto(self.url + path, wait_until="commit")
        return self

    def drawn(self, stamp: str = "", timeout: float = 60) -> "Visit":
        """Wait until every panel of the page is drawn, with this stamp when one is given."""
        wait_until(
            self.page,
            "(() => { const p = [...document.querySelectorAll('.pbc-panel')]; return p.length > 0"
            " && p.every(e => e.getAttribute('aria-busy') === 'false' && "
            f"(e.dataset.stamp ?? '').includes({json.dumps(stamp)}) && e.dataset.stamp) }})()",
            timeout,
        )
        return self

    @property
    def faults(self) -> list[str]:
        return [*self.outside, *self.console, *self.errors, *self.violations]

    def picture(self, name: str) -> None:
        """Keep a screenshot where PBC_SCREENSHOTS says, if it says."""
        folder = os.environ.get("PBC_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    def inaccessible(self) -> list[str]:
        """Run axe, and list its serious and critical findings."""
        # evaluate, not a script element: the page's policy would refuse one. No preload: axe
        # looks for an imported style sheet beside the page instead of beside its importer.
        self.page.evaluate(AXE_SCRIPT)
        found: list[dict[str, Any]] = self.page.evaluate(
            "axe.run({resultTypes: ['violations'], preload: false}).then(r => r.violations)"
        )
        return [
            f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:200]})"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def scrolls_sideways(self) -> bool:
        script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(script))


def find_browser() -> str:
    """Find a Chromium or Chrome: CHROMIUM names one, else the usual names on the PATH."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise RuntimeError(
            f"no browser found ({named or ', '.join(NAMES)}), so no page can be tested; "
            "install Chromium or Chrome, or set CHROMIUM to its path"
        )
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(
    data: Path,
    notebooks: Path | None = None,
    *,
    environment: dict[str, str] | None = None,
    status: str = "Synthetic data.",
    max_kernels: int | None = None,
) -> Iterator[Server]:
    """
    Start the dashboards over a data folder; end them, and all they started, afterwards.

    The command a person types is what runs, unless other notebooks than the product's own
    are given: then `serve` runs on those.
    """
    port = free_port()
    if notebooks is None:
        command = ["-m", "pbcanalytics", "dashboards", "--data", str(data)]
        command += ["--port", str(port), "--no-open"]
    else:
        options = {
            "notebooks": str(notebooks),
            "status": status,
            "port": port,
            "environment": {"PBC_DATA": str(data), **(environment or {})},
            "max_kernels": max_kernels,
        }
        command = ["-c", START, json.dumps(options)]
    log_file = data / f"server-{port}.log"
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    surroundings |= environment or {}
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=surroundings,
            cwd=data,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log_file)
    try:
        _wait_for(server)
        yield server
    finally:
        _end(process)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser with a fresh profile."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextlib.contextmanager
def visit(
    chromium: Browser | BrowserContext, server: Server, size: dict[str, int] | None = None
) -> Iterator[Visit]:
    """
    Open a tab that notes outside requests, console and page errors, policy violations.

    A browser gives each tab an empty cache and no cookies; tabs of one context share them.
    """
    own_context = isinstance(chromium, Browser)
    context = chromium.new_context() if isinstance(chromium, Browser) else chromium
    page = context.new_page()
    page.set_viewport_size(size or DESK)  # type: ignore[arg-type]
    tab = Visit(page, server.url)
    own = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:", "about:")

    def heard(message: Any) -> None:
        if "Content Security Policy" in message.text:
            tab.violations.append(message.text)
        elif message.type == "error":
            tab.console.append(message.text)

    def asked(request: Any) -> None:
        if not request.url.startswith(own):
            tab.outside.append(request.url)

    page.on("request", asked)
    page.on("websocket", asked)
    page.on("console", heard)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    try:
        yield tab
    finally:
        with contextlib.suppress(Exception):
            page.goto("about:blank")  # leaves politely, so that the kernel is freed
        page.close()
        if own_context:
            context.close()


def wait_until(page: Page, script: str, timeout: float = 30, step: float = 0.05) -> Any:
    """Poll a script until it gives something; wait_for_function needs an eval the pages forbid."""
    end = time.monotonic() + timeout
    while True:
        try:
            found = page.evaluate(script)
        except Exception as error:
            # A page on its way to another has no place to run the script in.
            if "navigat" not in str(error) and "destroyed" not in str(error):
                raise
            found = None
        if found:
            return found
        if time.monotonic() > end:
            body = page.inner_text("body", timeout=1000)[:500]
            raise TimeoutError(f"not so after {timeout} s: {script}\nthe page says: {body}")
        time.sleep(step)


def _wait_for(server: Server, timeout: float = 60) -> None:
    end = time.monotonic() + timeout
    while server.process.poll() is None and time.monotonic() < end:
        try:
            server.get("/healthz")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not start:\n{server.log}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        for child in started:
            with contextlib.suppress(psutil.Error):
                child.kill()
