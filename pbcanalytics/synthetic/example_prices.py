"""The invented prices and rules of 2005/06, written as reference data of a demonstration only."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import casemix, older_groups, places
from pbcanalytics.synthetic.eras import Era
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

SOURCE: Final = "pbc_example_v35"
"""Key of the source of all that is written here; by it a later run knows its own files."""

NOTE: Final = (
    "Invented for the demonstration: no official price list of HRG v3.5 could be had. "
    "Your own file replaces this one."
)
_SOURCE_ROW: Final = {
    "key": SOURCE,
    "title": "Example codes, prices and rules of 2005/06 made for the demonstration PCT",
    "publisher": "pbcanalytics",
    "licence": "MIT, as the package",
    "held_how": "invented; no official price list of HRG v3.5 could be had. Prices of HRG4+ in "
    "2017/18, averaged over invented groups and taken back to 2005/06 by the GDP deflator",
}
_SHORT_STAY_SHARE: Final = "0.5"
_LEVELS: Final = {"V01": "high", "V02": "standard", "V03": "minor"}

_FULL_SCOPE: Final = (
    "the trusts of the demonstration are taken to be foundation trusts, which were paid in full"
)
_HALVED: Final = (
    "HSJ 14702 says that the price of short emergency stays was halved; that it is half for every "
    "HRG, for stays of less than two days and at every age is invented (O2)"
)
_RULES: Final[dict[str, tuple[Any, str]]] = {
    "scope_admitted": (["DC", "EL", "NEL", "NELNE"], _FULL_SCOPE),
    "scope_outpatients": (True, _FULL_SCOPE),
    "scope_emergency": (True, _FULL_SCOPE),
    "outpatient_procedure": ("none", "procedures on outpatients are paid as attendances"),
    "emergency_currency": ("three_levels", "invented levels: high, standard, minor"),
    "short_stay_emergency": ("per HRG", _HALVED),
    "short_stay_longest_days": (1, _HALVED),
    "short_stay_youngest_years": (0, _HALVED),
    "specialised_top_up": ("none", "the demonstration pays none (O3)"),
}

_PER_SPELL: Final = "pence per spell, before MFF"
_DAYS: Final = "days"
_UNITS: Final = {
    "hrg": "code of the shape of HRG v3.5",
    "name": "label",
    "root": "first code of a pair with and without cc",
    "root_name": "label",
    "split_name": "label",
    "day_case_pence": _PER_SPELL,
    "elective_pence": _PER_SPELL,
    "outpatient_procedure_pence": "pence per attendance, before MFF",
    "non_elective_pence": _PER_SPELL,
    "elective_trim_days": _DAYS,
    "non_elective_trim_days": _DAYS,
    "long_stay_per_day_pence": "pence per day beyond the trim point, before MFF",
    "short_stay_emergency_share": "share of the price paid for an emergency stay of few days",
    "provider_code": "code",
    "provider_name": "label",
    "mff_ratio": "payment index",
    "specialty_code": "code",
    "first_attendance_pence": "pence per attendance, before MFF",
    "follow_up_attendance_pence": "pence per attendance, before MFF",
    "attendance_pence": "pence per attendance, before MFF",
}
_TARIFF: Final = tuple(_UNITS)[:12]


def write(folder: Path, table: pd.DataFrame, shelf: Shelf, era: Era) -> None:
    """
    Write the tables by which the older era is priced, with their records.

    Parameters
    ----------
    folder : Path
        Gets `tariff`, `short_stay`, `mff`, `outpatient`, `emergency` and `rules` of the era's price
        year, and `sources.csv`.
    table : DataFrame, one row per group
        From `older_groups.regrouped`.
    shelf : Shelf
        Example prices of outpatients and A&E, market forces factors, and the national activity.
    era : Era
    """
    year = era.price_year
    tariff = table[list(_TARIFF)]
    short = tariff.loc[tariff["non_elective_pence"].notna(), ["hrg"]]
    mff = shelf.read("mff", casemix.PRICE_YEAR)
    made = {
        "tariff": ("Example tariff of admitted care", tariff),
        "short_stay": (
            "Example reduction for short emergency stays",
            short.assign(short_stay_emergency_share=_SHORT_STAY_SHARE),
        ),
        "mff": (
            "Example market forces factors of the demonstration's providers",
            mff[mff["provider_code"].isin(places.PROVIDERS)],
        ),
        "outpatient": ("Example prices of outpatient attendances", _outpatient(shelf)),
        "emergency": ("Example prices of A&E attendances", _emergency(shelf, era)),
    }
    for subject, (title, frame) in made.items():
        (folder / subject).mkdir(parents=True)
        stem = folder / subject / periods.in_file_name(year)
        whole = [c for c in frame if str(c).endswith(("_pence", "_days"))]
        frame.astype(dict.fromkeys(whole, "Int64")).to_csv(
            stem.with_suffix(".csv"), index=False, lineterminator="\n"
        )
        columns = {str(c): {"unit": _UNITS[str(c)], "status": "example"} for c in frame}
        _record(stem, f"{title}, {year}", year, {"grain": "one row per code", "columns": columns})
    (folder / "rules").mkdir()
    rules = {
        name: {"value": value, "status": "example", "source": SOURCE, "note": note}
        for name, (value, note) in _RULES.items()
    }
    stem = folder / "rules" / periods.in_file_name(year)
    _record(stem, f"Payment rules {year}, as in the demonstration", year, {"rules": rules})
    pd.DataFrame([_SOURCE_ROW]).to_csv(folder / "sources.csv", index=False, lineterminator="\n")


def check(reference: Path, shelf: Shelf, era: Era) -> None:
    """
    Refuse to write invented prices where prices of somebody's own stand, or those shipped.

    Raises
    ------
    SelectionError
    """
    if reference.resolve() == shelf.folders[0].resolve():
        raise SelectionError(
            f"The example prices of {era.price_year} would stand among the official ones in "
            f"{reference}, so nothing was made. Name a folder of your own, as in --data demo-pbr."
        )
    stem = periods.in_file_name(era.price_year)
    subjects = ("tariff", "short_stay", "mff", "outpatient", "emergency", "rules")
    found = [
        f"{subject}/{path.name}"
        for subject in subjects
        for path in sorted((reference / subject).glob(f"{stem}.*"))
        if not _is_ours(path.with_suffix(".yaml"))
    ]
    if found:
        raise SelectionError(
            f"{reference} holds prices or rules of {era.price_year} that are not the "
            f"demonstration's ({', '.join(found)}), and invented ones would replace them, so "
            "nothing was made. Choose another folder with --data."
        )


def install(made: Path, reference: Path) -> None:
    """Put the tables that `write` made into a reference folder; sources are added to those held."""
    for path in sorted(made.rglob("*.*")):
        place = reference / path.relative_to(made)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        if path.name == "sources.csv" and place.is_file():
            held = pd.read_csv(place, dtype=str, keep_default_na=False)
            rows = pd.concat([held[held["key"] != SOURCE], pd.DataFrame([_SOURCE_ROW])])
            content = rows.to_csv(index=False, lineterminator="\n").encode()
        beside = place.with_name(f".{place.name}.new")
        beside.write_bytes(content)
        beside.replace(place)


def _is_ours(record: Path) -> bool:
    if not record.is_file():
        return False
    held = yaml.safe_load(record.read_text(encoding="utf-8"))
    return isinstance(held, dict) and held.get("source") == SOURCE


def _record(stem: Path, title: str, year: str, more: Mapping[str, Any]) -> None:
    head = {"title": title, "financial_year": year, "source": SOURCE, "note": NOTE}
    text = yaml.safe_dump({**head, **more}, sort_keys=False, allow_unicode=True, width=100)
    stem.with_suffix(".yaml").write_text(text, encoding="utf-8")


def _outpatient(shelf: Shelf) -> pd.DataFrame:
    held = shelf.read("outpatient", casemix.PRICE_YEAR)
    prices = ["first_attendance_pence", "follow_up_attendance_pence"]
    for column in prices:
        held[column] = held[column].map(_then, na_action="ignore")
    return held[["specialty_code", *prices]]


def _emergency(shelf: Shelf, era: Era) -> pd.DataFrame:
    held = shelf.read("emergency", casemix.PRICE_YEAR).set_index("hrg")["attendance_pence"]
    mix = shelf.read("hrg_mix", "2024/25")
    volumes = mix[mix["setting"] == "emergency_care"].set_index("hrg")["n_activity"]

    def level(code: str) -> Iterator[tuple[int, int]]:
        for hrg, of in era.emergency_levels.items():
            if of == code and hrg in held.index and hrg in volumes.index:
                yield int(held[hrg]), int(volumes[hrg])

    rows = []
    for code, name in _LEVELS.items():
        pairs = list(level(code))
        mean = Fraction(sum(p * n for p, n in pairs), sum(n for _, n in pairs))
        rows.append([code, f"Example: A&E, {name}", _then(mean)])
    return pd.DataFrame(rows, columns=["hrg", "name", "attendance_pence"])


def _then(pence: int | Fraction) -> int:
    return 100 * round(Fraction(pence) * older_groups.DEFLATOR / 100)
