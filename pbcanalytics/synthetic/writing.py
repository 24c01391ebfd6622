"""Writing the demo PCT: groups of practices one after another, then the files in one go."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import eras, example_prices, finishing, gathering
from pbcanalytics.synthetic.landing import Landing
from pbcanalytics.words.errors import SelectionError


def write(
    folder: Path,
    shelf: Shelf,
    *,
    n_practices: int = 20,
    years: Sequence[str] | None = None,
    seed: int = 2006,
    quiet: bool = False,
    era: str = eras.NTPS.name,
    reference: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """
    Write the extracts of a fictional PCT, and the answer key to what is planted in them.

    Parameters
    ----------
    folder : Path
        Gets `landing/*.csv`, `answer_key.json` and `answer_key_spells.csv`; files of an earlier
        run are replaced at the end, so that nothing half-written is left.
    shelf : Shelf
        Tables `tariff`, `outpatient`, `emergency` and `mff` of 2017/18, and `hrg_mix`.
    n_practices : int
        1 to 400; the usual 20 have about 150,000 people.
    years : sequence of str, optional
        Consecutive financial years; those of the era unless given.
    seed : int
        The same seed, package version and parameters give the same bytes.
    quiet : bool
        Plant nothing: no growth, creep, catch-up, ageing, ill luck, merger, lateness or error.
    era : str
        "ntps": HRG4+, at the prices on the shelf. "pbr": codes of the shape of HRG v3.5, at an
        invented price list that is written too.
    reference : Path, optional
        Where that price list goes; `reference` in `folder` unless given. Not used by "ntps".
    progress : callable, optional
        Told what is being done and what share of the work is behind.

    Returns
    -------
    dict
        The answer key: `schema`, `version`, `seed`, `parameters`; `pct`; `facts` by financial year
        (see `facts.summary`); `lists`, people on each 1 April; `files`, rows by name; and
        `planted`, a list of items. Every item has `item` and `where`, and most have `since`
        [date], `size`, `n_affected` and, up to 2,000 of them, `keys`. `answer_key_spells.csv`
        names every spell recorded otherwise than it truly was, with the class it would have had.

    Raises
    ------
    SelectionError
        If there is no such era, the years are not consecutive or not of the era, the number of
        practices is out of range, or the price list would replace somebody's own.
    """
    chosen = eras.named(era)
    years = chosen.years if years is None else years
    first_year = eras.consecutive(years)
    chosen.check(years)
    if not 1 <= n_practices <= 400:
        raise SelectionError(f"n_practices is {n_practices}: choose from 1 to 400.")
    tell = progress or (lambda step, done: None)
    reference = reference or folder / "reference"
    if chosen.is_older:
        example_prices.check(reference, shelf, chosen)
    run = gathering.begin(shelf, chosen, n_practices, first_year, len(years), seed, quiet)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
        beside = Path(scratch) / "landing"
        beside.mkdir()
        if chosen.is_older:
            made = Path(scratch) / "reference"
            example_prices.write(made, run.drawn.table, shelf, chosen)
            run.shelf = Shelf((*shelf.folders, made))
        landing = Landing(beside, Path(scratch) / "rows.duckdb")
        try:
            for start in range(0, n_practices, gathering.GROUP):
                tell("people and what happens to them", 0.9 * start / n_practices)
                gathering.add_group(run, landing, start)
            tell("files", 0.9)
            landing.write(run.years)
            key = finishing.finish(run, landing)
        finally:
            landing.close()
        beside_key = Path(scratch) / "answer_key_spells.csv"
        run.changed_spells().to_csv(beside_key, index=False, lineterminator="\n")
        text = json.dumps(key, indent=1, ensure_ascii=False) + "\n"
        (Path(scratch) / "answer_key.json").write_text(text, encoding="utf-8")
        _swap(Path(scratch), folder)
        if chosen.is_older:
            example_prices.install(made, reference)
    tell("done", 1.0)
    return key


def _swap(scratch: Path, folder: Path) -> None:
    old = folder / "landing"
    if old.exists():
        shutil.move(old, scratch / "replaced")
    for name in ("landing", "answer_key_spells.csv", "answer_key.json"):
        (scratch / name).replace(folder / name)
