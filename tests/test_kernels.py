"""Kernels of the server: who gets one, when it ends, and that nothing outlives the server."""

import html
import json
import os
import re
import signal
import socket
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import quote

import psutil
import pytest
from websockets.sync.client import connect

from pbcanalytics.faces.serve.spares import spares_for_memory
from tests import browsing
from tests.toys import CHANGE, notebook, serving


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
    for stay in (3.5, 0.5):
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
        time.sleep(4)
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
