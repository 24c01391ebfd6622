"""The command `pbc` as a person types it: here, or in a process of its own where that matters."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from pbcanalytics.cli import main

Done = subprocess.CompletedProcess[str]


def pbc(*words: str | Path) -> Done:
    """Run the command in this process, which a start and its imports would cost seconds."""
    said = [str(word) for word in words]
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["pbc", *said])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(said, code, out.getvalue(), err.getvalue())


def process(*words: str | Path, cwd: Path | None = None) -> Done:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pbcanalytics", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        encoding="utf-8",
    )
