"""Copies of what is being read lie in a folder of their own, which outlives nobody."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbcanalytics import pipeline
from pbcanalytics.store import Warehouse, lent_folder
from pbcanalytics.words.errors import StoreError
from tests.test_intake import HEADINGS, episode

READER = """
import sys
from pathlib import Path
from pbcanalytics.store import lent_folder
with lent_folder(Path(sys.argv[1])) as folder:
    (folder / "rows.json").write_text("9434765919")
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a database."""
    path = tmp_path / "apc.csv"
    path.write_text(f"{HEADINGS}\n{episode('1')}\n", encoding="utf-8")
    pipeline.load(tmp_path / "data", [path])
    return tmp_path / "data"


@pytest.fixture
def reader(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has a folder of the data folder lent to it."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        started.kill()


def folder_of(reader: subprocess.Popen[str]) -> Path:
    assert reader.stdout is not None
    return Path(reader.stdout.readline().strip())


def left(data: Path) -> list[str]:
    return sorted(p.name for p in data.iterdir() if p.name.startswith(".reading"))


def test_two_that_read_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    with lent_folder(tmp_path) as one, lent_folder(tmp_path) as other:
        assert one is not None and other is not None and one != other
        (one / "rows.json").write_text("1")
        (other / "rows.json").write_text("2")
        with lent_folder(tmp_path):
            pass
        assert (one / "rows.json").read_text() == "1"
        if os.name == "posix":
            assert {p.stat().st_mode & 0o777 for p in (one, other)} == {0o700}
    assert left(tmp_path) == []


def test_what_another_process_reads_stays_while_the_database_is_used(
    data: Path, tmp_path: Path, reader: subprocess.Popen[str]
) -> None:
    theirs = folder_of(reader)
    path = tmp_path / "apc.csv"
    assert pipeline.explain_extract(data, path).layout == "hes_apc"
    path.write_text(f"{HEADINGS}\n{episode('2')}\n", encoding="utf-8")
    pipeline.load(data, [path])
    pipeline.status(data)
    assert (theirs / "rows.json").exists()
    assert left(data) == [theirs.name]
    reader.communicate("\n")
    assert left(data) == []


@pytest.mark.parametrize(
    "is_reaped",
    [
        True,
        pytest.param(
            False, marks=pytest.mark.skipif(os.name != "posix", reason="a zombie is a Unix idea")
        ),
    ],
)
def test_what_a_killed_process_left_is_swept(
    data: Path, reader: subprocess.Popen[str], is_reaped: bool
) -> None:
    theirs = folder_of(reader)
    reader.kill()
    if is_reaped:
        reader.wait()
    else:
        os.waitid(os.P_PID, reader.pid, os.WEXITED | os.WNOWAIT)
    with Warehouse.open(data, doing="the test"):
        assert not theirs.exists()


def test_a_folder_goes_where_its_process_is_dead_and_another_has_the_number(data: Path) -> None:
    old = data / f".reading-{os.getpid()}-abc"
    old.mkdir()
    with lent_folder(data):
        assert old.exists()
    os.utime(old, (0, 0))
    with lent_folder(data):
        assert not old.exists()


def test_no_folder_is_made_where_there_is_no_data_folder(tmp_path: Path) -> None:
    with lent_folder(tmp_path / "data") as folder:
        assert folder is None
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    with pytest.raises(StoreError, match="cannot be written"), lent_folder(tmp_path):
        pass
