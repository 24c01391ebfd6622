"""The roads to an installed package agree: pyproject, lock, conda file, README, Makefile."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "constraints.txt").read_text(encoding="utf-8")
SPARK_LOCK = (ROOT / "constraints-spark.txt").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def bare(requirement: str) -> str:
    return re.split(r"[\[<>=;! ]", requirement)[0].lower().replace("_", "-")


def wanted() -> set[str]:
    extras = [r for group in PROJECT["optional-dependencies"].values() for r in group]
    return {bare(r) for r in [*PROJECT["dependencies"], *extras]}


def locked(lock: str) -> set[str]:
    return {bare(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.M)}


def test_every_dependency_is_locked_with_hashes_and_no_address() -> None:
    assert wanted() <= locked(LOCK) | locked(SPARK_LOCK)
    for lock in (LOCK, SPARK_LOCK):
        assert "://" not in lock
        entries = re.split(r"\n(?=\S)", lock.strip())
        assert all("--hash=sha256:" in entry for entry in entries)


def test_spark_is_pinned_and_apart_and_nothing_of_it_comes_with_make_start() -> None:
    extras = PROJECT["optional-dependencies"]
    pinned = dict(r.split("==") for r in extras["spark"])
    assert pinned.keys() == {"pyspark", "sqlglot"}
    assert f"sqlglot=={pinned['sqlglot']} " in SPARK_LOCK
    assert f"pyspark=={pinned['pyspark'].removesuffix('*')}" in SPARK_LOCK
    assert not locked(LOCK) & locked(SPARK_LOCK)
    needs = dict(re.findall(r"^([a-z]+): *(.*?) *##", MAKEFILE, re.M))
    assert needs["start"] == ".venv/.installed"
    assert "spark-if-java" in needs["test"].split()


def test_no_tracked_file_of_packages_names_an_address_and_no_uv_lock_is_tracked() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "uv.lock" not in tracked
    assert "pylock.toml" not in tracked
    for name in ("constraints.txt", "constraints-spark.txt", "environment.yml", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_conda_file_takes_python_and_pip_from_the_channel_and_the_rest_from_the_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert conda == ["python=3.11.*", "pip"]
    assert PROJECT["requires-python"] == ">=3.11"
    assert pip == ["--require-hashes", "-r constraints.txt"]
    assert environment["channels"] == ["conda-forge"]


def test_the_readme_gives_the_commands_of_every_road() -> None:
    for command in (
        "make start",
        "make test",
        "conda env create -f environment.yml",
        "uv pip install --require-hashes --no-deps -r constraints.txt",
        "pip install --no-deps --no-build-isolation -e .",
        "pbc start",
    ):
        assert command in README, command
    named = set(re.findall(r"`make ([a-z]+)`", README))
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.M))
    assert named <= targets
    assert {"start", "test", "check"} <= targets


def test_readme_and_makefile_install_alike() -> None:
    for words in (
        "--require-hashes --no-deps -r constraints.txt",
        "--no-deps --no-build-isolation -e .",
    ):
        assert words in README
        assert words in MAKEFILE


def test_ci_types_the_words_that_a_person_types() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in script
    assert "pip install" not in script


def test_every_package_has_its_reason_on_record() -> None:
    record = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    reasons = {bare(name) for name in re.findall(r"^\| `([^`]+)`", record, re.M)}
    assert reasons == wanted()
