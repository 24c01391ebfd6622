"""Home and pages as a person meets them: a real browser on the real server and data."""

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pbcanalytics.faces.notebooks import folder
from pbcanalytics.faces.wording import exact, short
from pbcanalytics.store import Published
from tests.browsing import Server, Visit, visit, wait_until
from tests.test_comparisons import copied

pytestmark = pytest.mark.browser

PAGE = "/pages/baseline_budgets"
SERVED = {p.stem for p in folder().glob("*.ipynb")} - {"explain_spell"}
CHANGE = """
async ([label, value, stamp]) => {
  const box = [...document.querySelectorAll('.widget-dropdown')]
    .find(d => d.querySelector('label').textContent.trim() === label).querySelector('select');
  const began = performance.now();
  box.value = [...box.options].find(o => o.textContent.includes(value)).value;
  box.dispatchEvent(new Event('change', {bubbles: true}));
  return await new Promise(done => { const look = () => {
    const panel = document.querySelector('.pbc-panel');
    const title = panel.querySelector('.gtitle')?.textContent ?? '';
    if (panel.dataset.stamp === stamp && panel.getAttribute('aria-busy') === 'false'
        && title.includes(value)) done(performance.now() - began);
    else if (performance.now() - began > 15000) done(-1);
    else requestAnimationFrame(look); }; look(); });
}
"""


@pytest.fixture(scope="module")
def practices(small_pct: Path) -> list[dict[str, object]]:
    return Published(small_pct).rows(
        "SELECT * FROM budget_practices WHERE financial_year = '2018/19' ORDER BY practice_code"
    )


def published_anew(data: Path) -> str:
    """Put a new published file in the place of the current one, of the same figures."""
    held = Published(data)
    build = f"anew-{held.about()['build_id']}"
    copied(held, data, {"build_id": build})
    held.close()
    assert Published(data).about()["build_id"] == build
    return build


def named(tab: Visit) -> set[str]:
    """The practice codes that titles, captions, strips and downloads of the page name."""
    text = tab.page.evaluate(
        "[...document.querySelectorAll('.gtitle, .pbc-strip, .pbc-headline, caption')]"
        ".map(e => e.textContent).concat([...document.querySelectorAll('a[download]')]"
        ".map(e => e.download)).join(' ')"
    )
    return set(re.findall(r"X8\d{4}", text))


def test_the_home_page_lists_every_notebook_and_says_what_the_data_are(
    server: Server, chromium: Browser
) -> None:
    with visit(chromium, server) as tab:
        tab.page.goto(server.url)
        strip = tab.page.inner_text(".pbc-strip")
        assert "invented data" in strip
        assert "activity to March 2019" in strip
        assert "prices of 2017/18 and 2018/19" in strip
        assert "at least 99% of activity priced" in strip
        links = tab.page.locator("main li a")
        assert links.count() == len(SERVED)
        assert tab.page.locator("main li p").first.inner_text().endswith("?")
        assert tab.inaccessible() == []
        assert tab.faults == []
        tab.picture("home")


def test_the_address_chooses_the_practice_and_every_part_shows_it(
    server: Server, chromium: Browser, practices: list[dict[str, object]]
) -> None:
    with visit(chromium, server) as tab:
        tab.open(f"{PAGE}?practice=X80002&financial_year=2018/19").drawn("X80002 2018/19")
        assert named(tab) == {"X80002"}
        body = tab.page.inner_text("main")
        assert exact(int(str(practices[1]["indicative_pence"]))) in body
        assert short(int(str(practices[1]["indicative_pence"]))) in body
        total = sum(int(str(p["indicative_pence"])) for p in practices)
        assert f"budgets sum to {exact(total)}" in body
        assert "to the penny" in body
        assert tab.inaccessible() == []
        assert tab.faults == []
        tab.picture("baseline_budgets")


@pytest.fixture(scope="module")
def desk(server: Server, chromium: Browser) -> Iterator[Visit]:
    """One open page of budgets for tests that choose on it, each a practice of 2018/19."""
    with visit(chromium, server) as tab:
        yield tab.open(PAGE).drawn()


def chosen(desk: Visit, code: str) -> float:
    """Choose a practice, and give how long it took until it was drawn. [ms]"""
    taken: float = desk.page.evaluate(CHANGE, ["Practice", code, f"{code} 2018/19"])
    assert taken > 0, f"{code} was not drawn"
    return taken


def test_after_twenty_changes_nothing_shows_another_practice(
    desk: Visit, practices: list[dict[str, object]]
) -> None:
    codes = [str(p["practice_code"]) for p in practices]
    taken = []
    for i in range(20):
        code = codes[(i + 1) % len(codes)]
        taken.append(chosen(desk, code))
        headline = short(int(str(practices[(i + 1) % len(codes)]["indicative_pence"])))
        wait_until(
            desk.page,
            f"document.querySelector('.pbc-headline').textContent.includes('{headline}')"
            f" && [...document.querySelectorAll('caption')].some(c => c.textContent"
            f".includes('{code}'))",
            timeout=5,
        )
        assert named(desk) == {code}
    # Four times the goal of 250 ms: this run may share its cores with other tests.
    assert statistics.median(taken) < 1000
    for year, before in (("2017/18", "2016/17"), ("2018/19", "2017/18")):
        assert desk.page.evaluate(CHANGE, ["Year", year, f"{code} {year}"]) > 0
        assert f"activity of {before}" in desk.page.inner_text(".pbc-strip")
    assert desk.faults == []


def test_quick_changes_leave_the_last_choice_everywhere(
    desk: Visit, practices: list[dict[str, object]]
) -> None:
    codes = [str(p["practice_code"]) for p in practices]
    box = desk.page.locator(".widget-dropdown select").first
    for i in range(20):
        box.select_option(index=i % len(codes))
    last = codes[19 % len(codes)]
    desk.drawn(f"{last} 2018/19")
    # An earlier draw of the same practice may pass by, so the page is given time to settle.
    end = time.monotonic() + 10
    while named(desk) != {last} and time.monotonic() < end:
        desk.page.wait_for_timeout(100)
    desk.page.wait_for_timeout(500)
    assert named(desk) == {last}


def test_an_unknown_practice_in_the_address_is_refused_and_not_repeated(
    server: Server, chromium: Browser
) -> None:
    with visit(chromium, server) as tab:
        tab.open(f"{PAGE}?practice=%3Cscript%3Eboo%3C/script%3E&financial_year=1999/00").drawn()
        body = tab.page.content()
        assert "boo" not in tab.page.inner_text("main")
        assert "<script>boo" not in body
        assert tab.page.locator(".pbc-strip.warning").count() == 2
        assert named(tab) == {"X80001"}


def test_the_download_is_the_practice_on_screen(desk: Visit) -> None:
    for code, other in (("X80001", "X80003"), ("X80003", "X80001")):
        chosen(desk, code)
        link = desk.page.locator(f"a[download='budget_lines_{code}_2018-19.csv']")
        with desk.page.expect_download() as started:
            link.click()
        saved = Path(str(started.value.path())).read_text(encoding="utf-8-sig")
        assert saved.splitlines()[0].startswith("line,n_activity,activity_pence")
        assert code in saved
        assert other not in saved


def test_a_new_build_is_shown_without_a_restart(desk: Visit, small_pct: Path) -> None:
    chosen(desk, "X80001")
    build = Published(small_pct).about()["build_id"]
    assert build in desk.page.inner_text("main")
    newer = published_anew(small_pct)
    assert newer != build
    chosen(desk, "X80002")
    wait_until(desk.page, f"document.querySelector('main').textContent.includes('{newer}')")


def test_a_kernel_that_was_ready_before_a_build_shows_the_build_of_its_visit(
    server: Server, chromium: Browser, small_pct: Path
) -> None:
    end = time.monotonic() + 60
    while server.health()["ready"] < 1:
        assert time.monotonic() < end, "no kernel was made ready"
        time.sleep(0.1)
    waiting = {kernel.pid for kernel in server.kernels()}
    newer = published_anew(small_pct)
    assert server.health()["ready"] >= 1
    with visit(chromium, server) as tab:
        tab.open(f"{PAGE}?practice=X80003").drawn("X80003")
        assert server.health()["kernels"] >= 1
        assert newer in tab.page.inner_text("main")
        assert named(tab) == {"X80003"}
        assert waiting & {kernel.pid for kernel in server.kernels()}


# A busy machine: widgets come a second late, while the page waits long between two looks for them.
BUSY = """
const wait = window.setTimeout, Socket = window.WebSocket;
window.setTimeout = (f, ms, ...rest) => wait(f, ms === 100 ? 3000 : ms, ...rest);
window.WebSocket = class extends Socket {
  set onmessage(f) { super.onmessage = (message) => wait(() => f(message), 1000); }
};
"""


def test_widgets_that_come_while_the_page_looks_away_are_found(
    server: Server, chromium: Browser
) -> None:
    with visit(chromium, server) as tab:
        tab.page.add_init_script(BUSY)
        tab.open(PAGE).drawn()
        tab.page.wait_for_timeout(3500)  # a look that is still under way fails after it
        assert "Error displaying widget" not in tab.page.inner_text("main")
        assert tab.faults == []


def test_a_later_visit_fetches_its_own_page_and_no_script_again(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context()
    fetched = (
        "performance.getEntriesByType('resource').filter(e => e.transferSize > 0)"
        ".map(e => new URL(e.name).pathname)"
    )
    for _ in range(2):
        with visit(context, server) as tab:
            tab.open(PAGE).drawn()
            again = [path for path in tab.page.evaluate(fetched) if "/api/kernels/" not in path]
    context.close()
    assert again == ["/voila/labextensions/pbc/static/opening.js"]


MORE = """
addEventListener('DOMContentLoaded', () => {
  const more = document.createElement('div');
  more.className = 'jp-MarkdownOutput';
  more.textContent = '%s';
  document.getElementById('rendered_cells')?.append(more);
});
"""


@pytest.mark.parametrize("text, is_set", [("It costs $x^2$.", True), ("It costs £2.", False)])
def test_mathjax_is_fetched_for_a_formula_and_for_nothing_else(
    server: Server, chromium: Browser, text: str, is_set: bool
) -> None:
    scripts = (
        "performance.getEntriesByType('resource').filter(e => e.name.includes('.voila.js')).length"
    )
    with visit(chromium, server) as tab:
        tab.page.add_init_script(MORE % text)
        tab.open(PAGE).drawn()
        if is_set:
            wait_until(tab.page, "document.querySelectorAll('mjx-container').length > 0", 10)
        # MathJax comes in 16 parts, all else in 56.
        assert (tab.page.evaluate(scripts) > 64) is is_set
        assert tab.faults == []
