"""The server, its template and the widgets, on toy notebooks in a real browser."""

import contextlib
import json
import re
import socket
import time
import uuid

import pytest
from websockets.sync.client import connect

from pbcanalytics.faces.serve import listing, serve
from pbcanalytics.words.errors import ServeError
from tests import browsing
from tests.toys import CHANGE, FAILS, PRACTICES, serving

SLOW_DRAWING = """() => {
  const draw = Plotly.react;
  Plotly.react = async (...wish) => {
    await new Promise(done => setTimeout(done, 80));
    return draw(...wish);
  };
}"""
TITLES = "[...document.querySelectorAll('.gtitle')].map(e => e.textContent)"


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
