"""The command `pbc`: one word a step, one sentence an error."""

import logging
import sys
from pathlib import Path
from typing import Final

import typer

from pbcanalytics.cli import (
    aggregates,
    alerts,
    check,
    compare,
    contracts,
    creep,
    drill,
    extracts,
    fair_shares,
    forecast,
    incentive,
    indicators,
    measures,
    monitor,
    organisations,
    outturn,
    prices,
    rules,
    savings,
    schemes,
    share,
    steps,
    tariff,
    trend,
    versions,
)
from pbcanalytics.cli.console import app, err
from pbcanalytics.words.errors import PbcError

__all__ = [
    "aggregates",
    "alerts",
    "app",
    "check",
    "compare",
    "contracts",
    "creep",
    "drill",
    "extracts",
    "fair_shares",
    "forecast",
    "incentive",
    "indicators",
    "main",
    "measures",
    "monitor",
    "organisations",
    "outturn",
    "prices",
    "rules",
    "savings",
    "schemes",
    "share",
    "steps",
    "tariff",
    "trend",
    "versions",
]

app.add_typer(tariff.tariff, name="tariff")

UNFORESEEN_EXIT: Final = 70
INTERRUPTED_EXIT: Final = 130


def main() -> None:
    """Run `pbc`; whatever goes wrong ends in a sentence and an exit code, never a traceback."""
    try:
        app(standalone_mode=False)
    except PbcError as error:
        for sentence in str(error).splitlines():
            err.print(sentence, markup=False, style="bold red")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED_EXIT)
    except Exception as error:
        sys.exit(_unforeseen(error))


def _unforeseen(error: Exception) -> int:
    usage_exit = getattr(error, "exit_code", None)
    show = getattr(error, "show", None)
    if isinstance(usage_exit, int) and callable(show):
        show()
        return usage_exit
    log = Path("pbc-error.log")
    with_log = ""
    try:
        logging.basicConfig(filename=log, encoding="utf-8", force=True)
        logging.exception("pbc %s", " ".join(sys.argv[1:]))
        with_log = f" The details are in {log}; send it to the maintainers."
    except OSError:
        pass
    err.print(
        f"pbc stopped because of something it did not foresee ({type(error).__name__}). Nothing "
        f"half-done was kept.{with_log}",
        markup=False,
        style="bold red",
    )
    return UNFORESEEN_EXIT
