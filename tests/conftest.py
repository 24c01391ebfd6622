"""Fixtures: pipe tables as frames, the small demonstration PCT, Hypothesis profiles."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pbcanalytics import pipeline

SHARED = Path(__file__).resolve().parents[2] / "shared"

LONGEST = (
    *(
        "test_creep_command.py",
        "test_spark.py",
        "test_dashboards.py",
        "test_oracle_mutations.py",
        "test_kill.py",
    ),
    *("test_outturn.py", "test_budget_walk.py", "test_contracts.py", "test_overrides.py"),
    *("test_measures.py", "test_versions.py", "test_in_force.py", "test_explained_page.py"),
)
"""Files that begin first: two workers end together where the longest do not come last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("quick"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A key for pseudonyms of the tests' own: nobody's settings are touched."""
    path = tmp_path_factory.mktemp("key") / "pseudonym.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PBC_KEY_FILE", str(path))
        yield path


@pytest.fixture(scope="session")
def small_pct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration PCT of 3 practices and 3 years: loaded, priced and published."""
    data = tmp_path_factory.mktemp("small_pct")
    extracts = pipeline.demo(data, n_practices=3)
    pipeline.load(data, [extracts])
    pipeline.build(data)
    pipeline.publish(data)
    return data


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real and official data that tests are calibrated on; they stay outside the project."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real data (shared/data beside the project) are not on this machine")
    return folder
