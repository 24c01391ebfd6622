"""The server, its template and the widgets, on toy notebooks in a real browser."""

import contextlib
import html
import json
import os
import re
import signal
import socket
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import psutil
import pytest
from websockets.sync.client import connect

from pbcanalytics.faces.serve import listing, serve
from pbcanalytics.faces.serve.spares import spares_for_memory
from pbcanalytics.words.errors import ServeError
from tests import browsing

PRACTICES = [f"A81{number:03d}" for number in range(1, 31)]
FAILS = PRACTICES[-1]

SPEND = f"""
import html, traceback, sys, os, ipywidgets as w
from IPython.display import display
from pbcanalytics.faces import parameters
from pbcanalytics.faces.widgets.panel import Panel
from pbcanalytics.faces.widgets.pulse import Pulse
PRACTICES = {PRACTICES!r}
os.environ["PBC_DATA"]
ask = parameters.resolve(mode=mode, practice=practice, year=year)
choice = w.Dropdown(
    options=PRACTICES, value=ask.choose("practice", PRACTICES), description="Practice")
panel, table, message = Panel(), w.HTML(), w.HTML()
def update(_=None):
    try:
        if choice.value == "{FAILS}":
            raise ValueError("made to fail")
        n = PRACTICES.index(choice.value) + 1
        says = f"{{choice.value}} {{ask.year}}"
        bars = dict(type="bar", x=["a", "b"], y=[n, 2 * n])
        line = dict(type="scatter", x=[1, 2, 3], y=[n, 0, n])
        panel.show([
            dict(data=[bars], layout=dict(
                title=dict(text=says), meta=dict(description=f"Spend of {{says}}"))),
            dict(data=[line], layout=dict(title=dict(text=f"<b>{{says}}</b>"))),
        ], says)
        panel.layout.display = None
        row = f'<tr><th scope="row">{{says}}</th><td>{{n:,}}</td></tr>'
        table.value = f'''<table class="pbc-table"><caption>Spend</caption>
            <thead><tr><th scope="col">Practice</th><th scope="col">Pounds</th></tr></thead>
            <tbody>{{row * 60}}</tbody></table>'''
        message.value = "".join(f'<p class="pbc-note" role="status">{{html.escape(s)}}</p>'
            for s in ask.refusals(dict(practice=choice.value, year=ask.year)))
    except Exception:
        panel.layout.display = "none"
        table.value = ""
        message.value = '<p class="pbc-error" role="alert">The figures could not be updated.</p>'
        traceback.print_exc(file=sys.__stderr__)
choice.observe(update, "value")
update()
display(w.VBox([w.HBox([choice]), message, panel, table, Pulse(every=0.5, patience=2)]))
"""

CHANGE = """value => {
  const select = document.querySelector('main select');
  select.value = value;
  select.dispatchEvent(new Event('change', {bubbles: true}));
}"""
SLOW_DRAWING = """() => {
  const draw = Plotly.react;
  Plotly.react = async (...wish) => {
    await new Promise(done => setTimeout(done, 80));
    return draw(...wish);
  };
}"""
TITLES = "[...document.querySelectorAll('.gtitle')].map(e => e.textContent)"


def notebook(path: Path, *cells: tuple[str, str, list[str]], **metadata: str) -> None:
    made = []
    for kind, source, tags in cells:
        cell = {"cell_type": kind, "id": f"cell-{len(made)}", "metadata": {"tags": tags}}
        cell["source"] = source
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        made.append(cell)
    kernel = {"name": "another-machine", "language": "python", "display_name": "Python"}
    whole = {"cells": made, "metadata": {"kernelspec": kernel, **metadata}}
    path.write_text(json.dumps({**whole, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


@contextlib.contextmanager
def serving(data: Path, folder: Path, given: str, settings: str = "", **wishes):
    """Start a server with options of `serve`, and with other settings than its own."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            start = browsing.START.replace("    port=", f"    {given},\n    port=")
            patch.setattr(browsing, "START", settings + start)
            running = stack.enter_context(browsing.serving(data, folder, **wishes))
        yield running


@pytest.fixture(scope="module")
def toys(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("toys")
    notebook(
        folder / "spend.ipynb",
        ("markdown", "# Spend by practice\n\nWhat *patients* cost. And more.", []),
        ("code", 'practice = "A81001"\nyear = 2018\nmode = "auto"', ["parameters"]),
        ("code", SPEND, []),
    )
    notebook(
        folder / "broken.ipynb",
        ("markdown", "# A heading", []),
        ("code", "secret = 's3cret'", []),
        ("code", "1 / 0  # s3cret", []),
        ("code", "print('came after')", []),
        title="A page that <fails>",
    )
    (folder / "draft.ipynb").write_text("{", encoding="utf-8")
    for name in ("spend.py", "published.duckdb", "extract.csv"):
        (folder / name).write_text("s3cret")
    return folder


@pytest.fixture(scope="module")
def server(toys, tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    # Settings that would open what is closed, where stock Voila would find them.
    (data / "voila.json").write_text(
        '{"VoilaConfiguration": {"strip_sources": false, "show_tracebacks": true},'
        ' "Ceiling": {"max_kernels": 99}}'
    )
    status = "Data: 2018/19 <b>provisional</b>."
    with serving(data, toys, "warm=0", status=status, max_kernels=3) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with browsing.browser() as started:
        yield started


@pytest.fixture(scope="module")
def returning(chromium):
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def tab(server, returning):
    with browsing.visit(returning, server) as opened:
        yield opened
    server.settle()


def missing(server, path):
    return server.get(path).status in (403, 404)


@pytest.mark.browser
def test_the_address_reaches_every_figure_and_the_table(tab):
    tab.open("/pages/spend?practice=A81007&year=2017").drawn("A81007 2017")
    assert tab.page.evaluate(TITLES) == ["A81007 2017"] * 2
    assert "A81007 2017" in tab.page.inner_text(".pbc-table tbody")
    labels = "[...document.querySelectorAll('[role=figure]')].map(e => e.ariaLabel)"
    assert tab.page.evaluate(labels) == ["Spend of A81007 2017", "A81007 2017"]
    assert tab.page.title() == "Spend by practice \N{EN DASH} pbcanalytics"
    assert tab.faults == []
    assert "parameters.resolve" not in tab.page.content()
    assert str(browsing.ROOT) not in tab.page.content()


@pytest.mark.browser
def test_quick_changes_leave_no_stale_figure(tab):
    tab.open("/pages/spend").drawn("A81001")
    for slowed in (False, True):
        if slowed:
            tab.page.evaluate(SLOW_DRAWING)
        for practice in PRACTICES[10:20]:
            tab.page.evaluate(CHANGE, practice)
        tab.drawn(PRACTICES[19])
        tab.page.evaluate(CHANGE, PRACTICES[0])
        tab.drawn(PRACTICES[0])
    for practice in PRACTICES[10:20]:
        tab.page.evaluate(CHANGE, practice)
        time.sleep(0.06)
    tab.drawn(PRACTICES[19])
    assert tab.page.evaluate(TITLES) == [f"{PRACTICES[19]} 2018"] * 2
    bars = "document.querySelector('.pbc-figure > div').data[0].y"
    assert tab.page.evaluate(bars) == [20, 40]
    assert tab.faults == []


@pytest.mark.browser
def test_plotly_comes_once_as_a_file_and_not_through_the_kernel(tab):
    received = []
    tab.page.on(
        "websocket",
        lambda opened: opened.on("framereceived", lambda frame: received.append(len(frame))),
    )
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.open("/pages/spend").drawn()
    assert len([url for url in asked if "plotly" in url]) == 1
    assert sum(received) < 300_000
    federated = [url for url in asked if "remoteEntry" in url]
    assert len(federated) == 3


@pytest.mark.browser
def test_without_the_file_plotly_comes_through_the_kernel_as_in_jupyterlab(tab):
    tab.page.route("**/pbc/plotly*", lambda route: route.abort())
    tab.open("/pages/spend").drawn("A81001")
    assert tab.page.evaluate(TITLES) == ["A81001 2018"] * 2
    assert tab.errors == []


@pytest.mark.browser
def test_a_refused_parameter_is_said_and_never_repeated(tab):
    tab.open("/pages/spend?practice=%3Cscript%3Ealert(1)%3C/script%3E&year=abc").drawn(
        "A81001 2018"
    )
    assert [note.inner_text() for note in tab.page.query_selector_all(".pbc-note")] == [
        "The address asked for a year that is not in this file; showing 2018.",
        "The address asked for a practice that is not in this file; showing A81001.",
    ]
    shown = tab.page.evaluate("document.documentElement.outerHTML")
    assert "alert(1)" not in shown
    assert "abc" not in shown
    assert tab.faults == []


@pytest.mark.browser
def test_a_failing_choice_hides_the_figures_and_the_next_one_heals(tab, server):
    tab.open("/pages/spend").drawn()
    tab.page.evaluate(CHANGE, FAILS)
    tab.page.wait_for_selector(".pbc-error")
    tab.page.wait_for_selector(".pbc-figure", state="hidden", timeout=5_000)
    # The kernel writes its log after it has told the page.
    end = time.monotonic() + 5
    while "made to fail" not in server.log and time.monotonic() < end:
        time.sleep(0.05)
    assert "made to fail" in server.log
    assert "Traceback" not in tab.page.content()
    tab.page.evaluate(CHANGE, "A81003")
    tab.drawn("A81003")
    # Drawn while it is still hidden, the panel is shown by a message of its own.
    tab.page.wait_for_selector(".pbc-figure", state="visible", timeout=5_000)
    width = "document.querySelector('.pbc-figure .main-svg').clientWidth"
    browsing.wait_until(tab.page, f"{width} > 300", 5)


@pytest.mark.browser
def test_a_failing_cell_is_said_calmly_and_its_source_stays_here(tab, server):
    tab.open("/pages/broken")
    tab.page.wait_for_selector(".pbc-error")
    tab.picture("broken")
    content = tab.page.content()
    assert "could not be worked out" in tab.page.inner_text(".pbc-error")
    assert "cell [" not in content
    assert not any(text in content for text in ("s3cret", "ZeroDivision", "came after"))
    assert "ZeroDivisionError" in server.log
    assert tab.page.title() == "A page that <fails> \N{EN DASH} pbcanalytics"


@pytest.mark.browser
def test_a_lost_kernel_is_announced_and_a_reload_heals(tab, server):
    tab.open("/pages/spend").drawn()
    for kernel in server.kernels():
        kernel.kill()
    tab.page.wait_for_selector(".pbc-lost", timeout=15_000)
    tab.picture("lost")
    assert tab.page.evaluate("[...document.querySelectorAll('select')].every(e => e.disabled)")
    assert tab.inaccessible() == []
    server.settle()
    tab.page.click(".pbc-lost button")
    browsing.wait_until(tab.page, "!document.querySelector('.pbc-lost')")
    tab.drawn("A81001")


@pytest.mark.browser
def test_a_kernel_that_was_only_busy_takes_the_banner_down_again(tab, server):
    tab.open("/pages/spend").drawn()
    (kernel,) = server.kernels()
    kernel.suspend()
    tab.page.wait_for_selector(".pbc-lost", timeout=15_000)
    kernel.resume()
    browsing.wait_until(tab.page, "!document.querySelector('.pbc-lost')")
    assert tab.page.is_enabled("main select")


@pytest.mark.browser
def test_leaving_frees_the_kernel_even_while_the_page_is_opening(tab, server):
    tab.open("/pages/spend").drawn()
    assert server.health()["kernels"] == 1
    tab.page.goto("about:blank")
    server.settle(0, 5)
    tab.open("/pages/spend")
    tab.page.wait_for_selector("progress")
    while server.health()["kernels"] == 0:
        time.sleep(0.02)
    tab.page.goto("about:blank")
    server.settle(0, 5)


@pytest.fixture(scope="module")
def hasty(toys, tmp_path_factory):
    """Give a server that keeps a kernel for nobody for two seconds only."""
    data = tmp_path_factory.mktemp("hasty")
    with serving(data, toys, "warm=0, grace=2", max_kernels=3) as running:
        yield running


def test_a_kernel_is_freed_when_nobody_connects_or_comes_back(hasty):
    page = hasty.get("/pages/spend").text
    assert hasty.health()["kernels"] == 1
    hasty.settle(0, 6)

    page = hasty.get("/pages/spend").text
    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page)[1]
    channels = f"{hasty.url.replace('http', 'ws')}/api/kernels/{kernel}/channels?session_id=s"
    for stay in (5, 0.5):
        with connect(channels, proxy=None):
            time.sleep(stay)
            assert hasty.health()["kernels"] == 1
        time.sleep(1)  # a short loss of the connection
        assert hasty.health()["kernels"] == 1
    hasty.settle(0, 6)


@pytest.mark.browser
def test_a_page_left_before_its_script_is_there_frees_its_kernel(hasty, chromium):
    for close in (False, True):
        with browsing.visit(chromium, hasty) as tab:
            tab.page.route("**/voila.js*", lambda route: route.abort())
            tab.open("/pages/spend")
            browsing.wait_until(tab.page, "document.readyState !== 'loading'")
            assert hasty.health()["kernels"] == 1
            if close:
                tab.page.close()
            else:
                tab.page.goto("about:blank")
            hasty.settle(0, 6)


@pytest.mark.browser
def test_an_open_page_keeps_its_kernel_and_a_closed_tab_does_not(hasty, chromium):
    with browsing.visit(chromium, hasty) as tab:
        tab.open("/pages/spend").drawn("A81001")
        time.sleep(6)
        tab.page.evaluate(CHANGE, "A81003")
        tab.drawn("A81003")
        tab.page.close()
        hasty.settle(0, 6)


@pytest.mark.parametrize("early", [True, False])
def test_leaving_an_opening_page_is_one_calm_line(hasty, toys, tmp_path, early):
    running = tmp_path / "running"
    source = f"import time\nopen({str(running)!r}, 'w')\ntime.sleep(20)  # s3cret"
    path = toys / "slow.ipynb"
    notebook(path, ("markdown", "# Slow", []), ("code", source, []))
    before = len(hasty.log)
    try:
        with socket.create_connection(("127.0.0.1", int(hasty.url.rpartition(":")[2]))) as wire:
            wire.sendall(b"GET /pages/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            end = time.monotonic() + 15
            while not (running.exists() or (early and hasty.kernels())):
                assert time.monotonic() < end
                time.sleep(0.02)
        hasty.settle(0, 5)
        while "left" not in hasty.log[before:] and time.monotonic() < end:
            time.sleep(0.1)
    finally:
        path.unlink()
    time.sleep(0.5)
    assert hasty.log[before:].splitlines() == [
        "[Dashboards] WARNING | slow.ipynb was left while it was opening"
    ]


TOLD = """
import json, os, sys
from pbcanalytics.faces import parameters
ask = parameters.resolve(practice=practice, year=year)
loaded = [m for m in ("scipy.stats", "pbcanalytics.faces.notebooks") if m in sys.modules]
asked = [ask.mode, ask.practice, ask.year, ask.refused]
print("told", json.dumps([asked, os.getpid(), len(loaded)]), "so")
"""
QUIET = 0.5
SETTINGS = f"""
import pbcanalytics.faces.serve.settings as settings
import pbcanalytics.faces.serve.spares as spares
settings.CULL_IDLE_SECONDS, settings.CULL_EVERY_SECONDS = 8, 1
spares.QUIET_SECONDS, spares.LOOK_AGAIN_SECONDS = {QUIET}, 1
"""


def made_ready(server, n=1):
    """Wait until so many kernels are ready, and there is no other."""
    end = time.monotonic() + 60
    while server.health() != {"kernels": 0, "ready": n, "max": 3} or len(server.kernels()) != n:
        assert time.monotonic() < end, server.log
        time.sleep(0.05)


def told(server, query=""):
    """Open the page that tells what it was told, leave it, and give what it says."""
    page = server.get(f"/pages/told{query}")
    leave(server, page)
    return json.loads(re.search("told (.*) so", html.unescape(page.text))[1])


def leave(server, page):
    """Say that a page is being left, as its script does."""
    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page.text)[1]
    token = 32 * "0"  # any will do that comes twice, as a cookie and as a header
    headers = {"Cookie": f"_xsrf={token}", "X-XSRFToken": token}
    address = f"{server.url}/voila/api/shutdown/{kernel}"
    urllib.request.urlopen(urllib.request.Request(address, b"", headers), timeout=30).close()


@pytest.fixture(scope="module")
def warmed(tmp_path_factory):
    """Give a server that keeps one kernel ready, looks for idle ones, and has room for three."""
    folder, data = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("warmed")
    values = ("code", 'practice = "A81001"\nyear = 2018', ["parameters"])
    notebook(folder / "told.ipynb", ("markdown", "# Told", []), values, ("code", TOLD, []))
    slow = "import time; time.sleep(3)"
    notebook(folder / "slow.ipynb", ("markdown", "# Slow", []), ("code", slow, []))
    with serving(data, folder, "warm=1, grace=300", SETTINGS, max_kernels=3) as running:
        yield running


def test_a_ready_kernel_serves_its_visitor_and_shows_nothing_of_the_one_before(warmed):
    made_ready(warmed)
    (spare,) = warmed.kernels()
    asked = ["voila", "A81007", 2017, []]
    assert told(warmed, "?practice=A81007&year=2017") == [asked, spare.pid, 2]
    made_ready(warmed)
    (spare,) = warmed.kernels()
    # The literals, though this spare was begun right after a visit to another practice.
    assert told(warmed) == [["voila", "A81001", 2018, []], spare.pid, 2]
    made_ready(warmed)
    awkward = "'\"\\ {}%n\n#\N{GRINNING FACE}"
    asked, _, loaded = told(warmed, f"?practice={quote(awkward)}&year=x")
    assert (asked, loaded) == (["voila", awkward, 2018, ["year"]], 2)


def test_visits_that_come_at_once_get_a_kernel_each_and_one_too_many_is_turned_away(warmed):
    made_ready(warmed)
    (spare,) = warmed.kernels()
    with ThreadPoolExecutor(4) as visitors:
        answers = [*visitors.map(lambda _: warmed.get("/pages/told"), range(4))]
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 503]
    found = [re.search(r"(\d+), \d\] so", a.text) for a in answers]
    pids = {int(one[1]) for one in found if one}
    assert len(pids) == 3
    assert spare.pid in pids
    assert warmed.health() == {"kernels": 3, "ready": 0, "max": 3}
    time.sleep(QUIET + 0.5)
    assert len(warmed.kernels()) == 3  # no spare beyond the most there may be
    for answer in answers:
        if answer.status == 200:
            leave(warmed, answer)
    made_ready(warmed)  # there is room again


def test_a_spare_that_died_costs_its_visitor_nothing_but_time(warmed):
    made_ready(warmed)
    (spare,) = warmed.kernels()
    spare.kill()
    asked, pid, loaded = told(warmed, "?practice=A81003")
    assert (asked, loaded) == (["voila", "A81003", 2018, []], 0)  # a kernel of its own
    assert pid != spare.pid


def test_no_spare_is_begun_while_a_page_opens(warmed):
    made_ready(warmed)
    with ThreadPoolExecutor(1) as visitor:
        answer = visitor.submit(warmed.get, "/pages/slow")
        time.sleep(QUIET + 1.5)
        assert not answer.done()
        assert len(warmed.kernels()) == 1
        leave(warmed, answer.result())


def test_a_spare_is_not_culled_and_burns_nothing(warmed):
    made_ready(warmed)
    (spare,) = warmed.kernels()
    before = spare.cpu_times()
    time.sleep(10)  # longer than it takes until a page's kernel is culled
    assert warmed.kernels() == [spare]
    after = spare.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2
    assert told(warmed)[1] == spare.pid


@pytest.mark.parametrize(
    ("total", "spares"), [(2.0e9, 0), (3.9e9, 0), (4.1e9, 1), (7.3e9, 1), (8.2e9, 2), (64e9, 2)]
)
def test_a_machine_with_little_memory_keeps_no_kernel_ready(monkeypatch, total, spares):
    memory = SimpleNamespace(total=int(total), available=int(total))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert spares_for_memory() == spares


def test_without_free_memory_no_kernel_is_made_ready_and_pages_open_all_the_same(toys, tmp_path):
    little = SETTINGS + "spares.LEAST_AVAILABLE_BYTES = 10**15"
    with serving(tmp_path, toys, "warm=2", little) as server:
        assert server.get("/pages/spend").status == 200
        assert len(server.kernels()) == 1
        time.sleep(QUIET + 0.5)
        assert len(server.kernels()) == 1


@pytest.mark.browser
@pytest.mark.parametrize(("name", "size"), [("desk", browsing.DESK), ("phone", browsing.PHONE)])
def test_home_and_page_are_accessible_and_fit(server, chromium, name, size):
    with browsing.visit(chromium, server, size) as tab:
        tab.open("/")
        tab.page.wait_for_selector("h1")
        tab.picture(f"home-{name}")
        assert tab.page.inner_text(".pbc-strip") == "Data: 2018/19 <b>provisional</b>."
        assert tab.inaccessible() == []
        assert not tab.scrolls_sideways()
        tab.page.click("text=Spend by practice")
        tab.drawn()
        tab.picture(f"page-{name}")
        assert tab.inaccessible() == []
        assert not tab.scrolls_sideways()
        heights = "[...document.querySelectorAll('main select')].map(e => e.offsetHeight)"
        assert min(tab.page.evaluate(heights)) >= 44
        assert tab.faults == []
        tab.page.emulate_media(media="print")
        assert not tab.page.is_visible(".pbc-header")
        if name == "desk":
            # Voila's own shell pins the page to the window, so that one sheet of it prints.
            sheets = re.findall(rb"/Type\s*/Page\b", tab.page.pdf())
            assert len(sheets) >= 3
    server.settle()


def test_home_lists_every_notebook_by_title_with_its_first_sentence(server):
    page = server.get("/").text
    assert re.findall(r'href="/pages/(\w+)">([^<]+)</a>(?:<p>([^<]*)</p>)?', page) == [
        ("broken", "A page that &lt;fails&gt;", ""),
        ("draft", "draft", ""),
        ("spend", "Spend by practice", "What patients cost."),
    ]
    assert "&lt;b&gt;provisional" in page


def test_every_answer_carries_the_headers(server):
    for path in (
        "/",
        "/nowhere",
        "/healthz",
        "/voila/templates/pbc/static/pbc.css",
        "/api/kernels",
    ):
        headers = server.get(path).headers
        assert "script-src 'self' 'unsafe-inline' blob:;" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers


def test_scripts_travel_packed(server):
    template = browsing.ROOT / "pbcanalytics/faces/template"
    assert "cdn" not in (template / "voila/templates/pbc/index.html.j2").read_text()
    plotly = server.get("/" + server_plotly(), **{"Accept-Encoding": "gzip"})
    assert plotly.headers["Content-Encoding"] == "gzip"
    assert "immutable" in plotly.headers["Cache-Control"]
    assert len(plotly.body) < 2_000_000
    style = server.get("/voila/templates/pbc/static/pbc.css", **{"Accept-Encoding": "gzip"})
    assert style.headers["Content-Encoding"] == "gzip"


def server_plotly() -> str:
    from pbcanalytics.faces.serve.assets import PLOTLY

    return PLOTLY


@pytest.mark.parametrize(
    "path",
    [
        "/voila/tree",
        "/voila/tree/x",
        "/voila/api/contents",
        "/voila/api/contents/spend.ipynb",
        "/voila/files/spend.ipynb",
        "/voila/files/spend.py",
        "/voila/files/published.duckdb",
        "/voila/files/extract.csv",
        "/voila/render/..%2fspend.ipynb",
        "/voila/templates/reveal",
        "/voila/templates/pbc/static/..%2findex.html.j2",
        "/pages/nothing",
        "/pages/..%2fspend",
        "/pages/spend.py",
        "/spend.py",
        "/published.duckdb",
        "/api/kernels",
        "/api/contents",
        "/api/sessions",
        "/api/terminals",
    ],
)
def test_nothing_else_is_served(server, path):
    answer = server.get(path)
    assert answer.status in (403, 404)
    assert "s3cret" not in answer.text
    assert str(browsing.ROOT) not in answer.text


def test_what_is_not_there_is_said_in_the_house_style(server):
    answer = server.get("/pages/nothing%22%3Cb%3E?practice=A81001")
    assert answer.status == 404
    assert "There is no such page" in answer.text
    assert "nothing" not in answer.text
    assert "A81001" not in answer.text


def test_another_name_for_this_machine_is_refused(server):
    answer = server.get("/", Host="elsewhere.example")
    assert answer.status == 403
    assert "not open to you" in answer.text


def test_an_old_address_keeps_its_query(server):
    answer = server.get("/voila/render/nothing.ipynb?practice=A81001")
    assert answer.status == 404  # of /pages/nothing, where it was sent


def test_a_visitor_cannot_run_code_or_change_the_template_and_the_server_fills_up(server, tmp_path):
    pages = [server.get(f"/pages/spend?template={name}") for name in ("reveal", "../../x", "lab")]
    for page in pages:
        assert page.status == 200
        assert 'class="pbc-header"' in page.text
        assert page.text.count('"extension": "./extension"') == 4
    full = server.get("/pages/spend")
    assert full.status == 503
    assert "All places are taken" in full.text
    assert full.headers["Retry-After"]
    assert server.health() == {"kernels": 3, "max": 3, "ready": 0}

    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', pages[0].text)
    canary = tmp_path / "ran"
    channels = f"{server.url.replace('http', 'ws')}/api/kernels/{kernel[1]}/channels"
    with connect(channels, proxy=None) as wire:
        wire.send(_message("execute_request", {"code": f"open({str(canary)!r}, 'w')"}))
        wire.send(_message("kernel_info_request", {}))
        kinds = set()
        end = time.monotonic() + 5
        while "kernel_info_reply" not in kinds and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                frame = wire.recv(timeout=1)
                kinds |= set(re.findall(r"\w+_reply", str(frame)))
    assert "kernel_info_reply" in kinds
    assert "execute_reply" not in kinds
    assert not canary.exists()
    for running in server.kernels():
        running.kill()
    server.settle(timeout=20)


def _message(kind, content):
    defaults = {"silent": False, "store_history": False, "user_expressions": {}}
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "v", "session": "s"}
    header |= {"date": "2026-01-01T00:00:00Z", "version": "5.3"}
    whole = {"header": header, "parent_header": {}, "metadata": {}, "buffers": []}
    return json.dumps({**whole, "channel": "shell", "content": {**defaults, **content}})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_nothing_left_and_the_first_page_came_soon(toys, tmp_path, number):
    began = time.monotonic()
    with browsing.serving(tmp_path, toys) as server:
        assert server.get("/").status == 200
        assert time.monotonic() - began < 6  # 3 s are asked for; twice that on a busy machine
        if number == signal.SIGTERM:
            assert server.get("/pages/spend").status == 200
            assert len(server.kernels()) >= 1
        family = psutil.Process(server.process.pid).children(recursive=True)
        os.kill(server.process.pid, number)
        assert server.process.wait(10) == 0
        # At once: a kernel that is left behind notices by itself, but later.
        assert not any(process.is_running() for process in family)
        assert "Traceback" not in server.log
        assert server.log.count("\n") == 1  # the announcement, and nothing else to an operator


@pytest.mark.parametrize("path", ["/", "/pages/spend"])
@pytest.mark.parametrize("pause", [0.03, 0.1, 0.3])
def test_an_impatient_second_ctrl_c_changes_nothing(toys, tmp_path, path, pause):
    with browsing.serving(tmp_path, toys) as server:
        assert server.get(path).status == 200
        family = psutil.Process(server.process.pid).children(recursive=True)
        for _ in range(2):
            os.kill(server.process.pid, signal.SIGINT)
            time.sleep(pause)
        assert server.process.wait(10) == 0
        assert not any(process.is_running() for process in family)
        assert server.log.count("\n") == 1


def test_a_port_in_use_is_said_before_anything_starts(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"Port {port} is already in use .*--port 8877"):
            serve(tmp_path, status=str, environment={}, port=port, announce=print)


def test_a_port_that_is_none_and_a_folder_that_is_none_are_said(tmp_path):
    with pytest.raises(ServeError, match="Port 70000 does not exist"):
        serve(tmp_path, status=str, environment={}, port=70000, announce=print)
    with pytest.raises(ServeError, match="is not a folder"):
        serve(tmp_path / "no", status=str, environment={}, announce=print)


def test_the_first_sentence_is_found_under_the_heading(tmp_path):
    cells = [{"cell_type": "markdown", "source": ["# A [title](x)\n", "\n", "One *two*\n", "3.5."]}]
    assert listing.title_of({"cells": cells}) == "A title"
    assert listing.summary_of({"cells": cells}) == "One two 3.5."
    assert listing.title_of({}) == ""
