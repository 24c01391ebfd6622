"""Fixtures: pipe tables as frames, the small demonstration PCT, Hypothesis profiles."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from pbcanalytics import pipeline
from pbcanalytics.intake import pseudonyms
from pbcanalytics.store import Published, Warehouse
from tests.browsing import Server, browser, serving
from tests.toys import written

try:
    import fcntl
except ImportError:  # Windows, where one worker at a time is run
    fcntl = None  # type: ignore[assignment]

SHARED = Path(__file__).resolve().parents[2] / "shared"

LONGEST = (
    *(
        "test_kernels.py",
        "test_spark.py",
        "test_creep_command.py",
        "test_pages.py",
        "test_serve.py",
    ),
    *("test_watching.py", "test_dashboards.py", "test_refresh.py", "test_explained_page.py"),
    *("test_monitor_disclosure.py", "test_synthetic.py", "test_aggregates.py", "test_kill.py"),
    *("test_creep_page.py", "test_layouts.py", "test_savings_command.py", "test_contracts.py"),
    *("test_dirty_files.py", "test_pbr_era.py", "test_intake.py", "test_cli.py"),
    *("test_budget_walk.py", "test_tariff_import.py", "test_measures.py", "test_review.py"),
    *("test_payment_rules.py", "test_drill.py", "test_oracle_rules.py", "test_lab.py"),
    *("test_bridging.py", "test_fair_shares.py", "test_schemes.py", "test_price_steps.py"),
    *("test_maps.py", "test_costing.py", "test_values.py", "test_overrides.py"),
    *("test_organisations.py", "test_outturn.py", "test_identifiers.py", "test_versions.py"),
    *("test_savings_forecast.py", "test_in_force.py", "test_explaining.py", "test_grouper.py"),
)
"""
Files that begin first: two workers end together where the longest do not come last.

What waits (test_kernels.py) begins beside what reckons (test_spark.py).
"""


def pytest_configure(config: pytest.Config) -> None:
    # pytest-xdist would begin with the files of the most tests, which are not the longest.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("quick"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one worker at a time in."""
    with (folder / "lock").open("w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, which all its workers see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def key_file(of_all_workers: Path) -> Iterator[Path]:
    """A key for pseudonyms of the tests' own: nobody's settings are touched."""
    path = of_all_workers / "pseudonym.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PBC_KEY_FILE", str(path))
        with alone(of_all_workers):
            pseudonyms.key()
        yield path


@pytest.fixture(scope="session")
def small_pct(of_all_workers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration PCT of 3 practices and 3 years: loaded, priced and published."""
    made, data = of_all_workers / "made_once", tmp_path_factory.mktemp("own") / "small_pct"
    with alone(of_all_workers):
        if not made.exists():
            unfinished = of_all_workers / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            pipeline.load(unfinished, [pipeline.demo(unfinished, n_practices=3)])
            pipeline.build(unfinished)
            pipeline.publish(unfinished)
            unfinished.rename(made)
    shutil.copytree(made, data)
    with Warehouse.open(data, doing="the test") as warehouse:
        # A file is known by its place, and this copy is to be as one that was loaded here.
        warehouse.con.execute(
            "UPDATE loads SET place = replace(place, ?, ?)",
            [str((of_all_workers / "unfinished").resolve()), str(data.resolve())],
        )
    return data


@pytest.fixture(scope="module")
def held(small_pct: Path) -> Published:
    """What is published of the small demonstration PCT."""
    return Published(small_pct)


@pytest.fixture(scope="session")
def server(small_pct: Path) -> Iterator[Server]:
    """The dashboards of the small demonstration PCT, one server for all files that open pages."""
    with serving(small_pct) as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one file; beside its loop of events no other may run."""
    with browser() as started:
        yield started


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of toy notebooks, for tests of the server itself."""
    return written(tmp_path_factory.mktemp("toys"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real and official data that tests are calibrated on; they stay outside the project."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real data (shared/data beside the project) are not on this machine")
    return folder
