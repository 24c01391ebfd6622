"""Folders for copies of what is being read: beside the database, each of one process alone."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from pbcanalytics.words.errors import StoreError

_PREFIX: Final = ".reading"
_OF_A_PROCESS: Final = re.compile(rf"{re.escape(_PREFIX)}-(\d+)-.+")
_SLACK_SECONDS: Final = 60
"""By so much the clock of processes and that of files may differ."""


@contextmanager
def folder_in(data: Path) -> Iterator[Path]:
    """
    Lend a folder for copies of files that may name patients; nobody else's is it, or may look.

    It lies in the data folder, not in the system's, which may be shared. It is removed afterwards;
    what a killed process left is, whenever a folder is lent or the database opened.

    Parameters
    ----------
    data : Path
        The data folder.

    Raises
    ------
    StoreError
        If the data folder cannot be written.
    """
    sweep(data)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-", dir=data))
    except OSError as error:
        raise StoreError(
            f"{data} cannot be written ({error.strerror}), so the file cannot be unpacked there "
            "and was not read. Check the folder, or name another with --data."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lent_folder(data: Path) -> Iterator[Path | None]:
    """Lend such a folder where there is a data folder; else nothing is made and None is lent."""
    if not data.is_dir():
        yield None
        return
    with folder_in(data) as folder:
        yield folder


def sweep(data: Path) -> None:
    """Remove the folders that were lent to processes which are dead, with all that is in them."""
    for folder in data.glob(f"{_PREFIX}*"):
        named = _OF_A_PROCESS.fullmatch(folder.name)
        # A folder that names no process was left by an earlier version.
        if named is None or not _is_alive(int(named[1]), folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int, folder: Path) -> bool:
    """Tell whether the process that made a folder still runs, and not another by its number."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.create_time() <= folder.stat().st_mtime + _SLACK_SECONDS
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True
