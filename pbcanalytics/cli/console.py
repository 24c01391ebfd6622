"""The command's one app, its two consoles, and the options that many commands share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

app = typer.Typer(
    name="pbc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Budgets, demand and coding for practice-based commissioning, every pound traceable.\n\n"
    "Try it: **pbc start** makes a demonstration PCT and opens the dashboards. With your own "
    "extracts: **pbc load** them, **pbc build**, **pbc publish**, **pbc dashboards**.",
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", envvar="PBC_DATA", help="The folder that holds your data."
    ),
]
Port = Annotated[int, typer.Option(envvar="PORT", help="Where to listen.")]
Open = Annotated[bool, typer.Option("--open/--no-open", envvar="OPEN", help="Open a browser.")]
DATA: Final = Path("data")
PORT: Final = 8866


class Shown:
    """A bar on a terminal: called with the step and the share done, and paused for questions."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, step: str, share: float) -> None:
        """Show how far a step is."""
        self._bar.update(self._task, completed=share, step=step)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away while somebody is asked."""
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


@contextmanager
def progressing(title: str) -> Iterator[Shown]:
    """Show a bar while a step runs, on a terminal only; gives what to call with its progress."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[step]}"),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield Shown(bar, bar.add_task(title, total=1.0, step=""))
