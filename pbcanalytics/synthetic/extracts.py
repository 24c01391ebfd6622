"""Histories written out in HES headings: admitted care, outpatients, A&E and referrals."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import days, demand, episodes, places, population
from pbcanalytics.synthetic.recording import ZERO_STAY
from pbcanalytics.synthetic.world import Course, History

_HEADINGS: Final = {
    "apc": (
        "FYEAR EPIKEY PSEUDO_HESID PROCODE3 PROVSPNO GPPRAC PCTCODE ADMIDATE ADMIMETH ADMISORC "
        "CLASSPAT INTMANAG EPISTART EPIEND EPIORDER EPISTAT EPIDUR SPELDUR DISDATE DISMETH "
        "DISDEST STARTAGE SEX MAINSPEF TRETSPEF DIAG_01 DIAG_02 DIAG_03 DIAG_04 DIAG_05 DIAG_06 "
        "OPERTN_01 OPERTN_02 SUSHRG CRITICALCAREDAYS"
    ),
    "op": (
        "FYEAR ATTENDKEY PSEUDO_HESID PROCODE3 GPPRAC PCTCODE APPTDATE APPTAGE SEX FIRSTATT "
        "ATTENDED REFSOURC REQDATE MAINSPEF TRETSPEF OPERTN_01 SUSHRG"
    ),
    "ae": (
        "FYEAR AEKEY PSEUDO_HESID PROCODE3 GPPRAC PCTCODE ARRIVALDATE ARRIVALTIME ARRIVALAGE SEX "
        "AEATTENDCAT AEATTENDDISP AEDEPTTYPE AEREFSOURCE SUSHRG"
    ),
    "referrals": (
        "REFERRALKEY PSEUDO_HESID GPPRAC PCTCODE PROCODE3 REQDATE REFSOURC TRETSPEF PRIORITY AGE "
        "SEX"
    ),
}

HEADINGS: Final = {dataset: names.split() for dataset, names in _HEADINGS.items()}
"""The headings of each dataset's files, in order."""

_BABY_AGES: Final = ((1, 7001), (7, 7002), (29, 7003), (91, 7004), (182, 7005), (273, 7006))
_LETTERS: Final = np.frombuffer(b"0123456789ABCDEF", dtype=np.uint8)


@dataclass(frozen=True)
class Desk:
    """What all rows of one group of practices are written with."""

    course: Course
    history: History
    pseudonyms: NDArray[Any]

    def common(self, table: pd.DataFrame, day: str) -> dict[str, Any]:
        """Write the columns that every dataset shares: who, where, whose, and their age."""
        person = table["person"].to_numpy()
        return {
            "PSEUDO_HESID": self.pseudonyms[person],
            "PROCODE3": np.array(places.PROVIDERS, dtype=object)[table["provider"].to_numpy()],
            "GPPRAC": np.array(self.course.places.code, dtype=object)[table["practice"]],
            "PCTCODE": places.PCT,
            "SEX": self.history.people.sex[person] + 1,
            "age": _age(self.history.people.birth[person], table[day].to_numpy()),
        }

    def keys(self, lead: int, n: int) -> NDArray[np.int64]:
        """Give rows numbers that no other group or dataset uses."""
        return lead * 10**11 + self.course.group * 10**8 + np.arange(n)

    def rows(self, dataset: str, columns: dict[str, Any], day: NDArray[np.int64]) -> pd.DataFrame:
        """Put columns in the order of the headings, with `year`, and leave out other years."""
        year = days.year_of(day)
        made = pd.DataFrame({name: columns[name] for name in HEADINGS[dataset]})
        made = made.assign(year=year, day=day)
        wanted = (year >= self.course.first_year) & (year <= self.course.last_year)
        return made[wanted].reset_index(drop=True)


def pseudonyms(course: Course, n: int) -> NDArray[Any]:
    """Invent pseudonyms of 32 characters, the same for a person in every file and year."""
    nibbles = course.stream("pseudonyms").integers(0, 16, (n, 28))
    rest = _LETTERS[nibbles].tobytes().decode("ascii")
    return np.array([f"TEST{rest[28 * i : 28 * i + 28]}" for i in range(n)], dtype=object)


def _beside(table: pd.DataFrame, kept: NDArray[np.int64], names: list[str]) -> dict[str, Any]:
    return {name: table[name].to_numpy()[kept] for name in names}


def _age(birth: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    age = population.age_on(birth, day)
    old = day - birth
    coded = np.full(len(age), 7007)
    for under, code in reversed(_BABY_AGES):
        coded[old < under] = code
    return np.where(age < 1, coded, age)


def _hes_year(day: NDArray[np.int64]) -> NDArray[Any]:
    year = days.year_of(day) % 100
    return np.array([f"{y:02d}{(y + 1) % 100:02d}" for y in range(100)], dtype=object)[year]


def admitted(desk: Desk) -> pd.DataFrame:
    """
    Write admitted care: one row per episode.

    Beside the headings stand `spell`, a number for the spell; `why` it is recorded as it is (see
    `recording`), `recorded_code`, the class in which it is recorded, and `would_be`, the class it
    truly had, or "home" where it would have been no admission.
    """
    spells = desk.history.spells.sort_values(["start", "person", "admimeth"], kind="stable")
    spells = spells.reset_index(drop=True)
    rng = desk.course.stream("episodes")
    table = episodes.episodes(desk.course.clinic, spells, rng)
    table = table.sort_values(["finishes", "spell", "order"], kind="stable", ignore_index=True)
    last = table["is_last"].to_numpy()
    end, begins = table["finishes"].to_numpy(), table["begins"].to_numpy()
    codes = desk.course.drawn.table["hrg"].to_numpy(dtype=object)
    critical = table["critical_days"].astype(object).where(table["critical_days"] > 0, None)
    shared = table["shared"].to_numpy()
    number = np.where(np.isnan(shared), table["spell"] + 1, 9 * 10**6 + shared)
    columns = desk.common(table, "begins") | {
        "FYEAR": _hes_year(end),
        "EPIKEY": desk.keys(5, len(table)),
        "PROVSPNO": desk.course.group * 10**7 + number.astype(np.int64),
        "ADMIDATE": days.text(table["start"].to_numpy()),
        "EPISTART": days.text(begins),
        "EPIEND": days.text(end),
        "EPIORDER": table["order"],
        "EPISTAT": 3,
        "EPIDUR": end - begins,
        "SPELDUR": (table["end"] - table["start"]).astype(object).where(last, None),
        "DISDATE": days.text(np.where(last, end, days.NEVER)),
        "DISMETH": table["dismeth"].where(last, "8"),
        "DISDEST": table["disdest"].where(last, "98"),
        "MAINSPEF": table["specialty"],
        "TRETSPEF": table["specialty"],
        "SUSHRG": codes[table["code"].to_numpy()],
        "CRITICALCAREDAYS": critical,
    }
    same = ("ADMIMETH", "ADMISORC", "CLASSPAT", "INTMANAG")
    coded = [c for c in HEADINGS["apc"] if c.startswith(("DIAG", "OPERTN"))]
    columns |= {n: table[n.lower()] for n in same} | {n: table[n] for n in coded}
    columns["ADMIMETH"] = columns["ADMIMETH"].replace(desk.course.era.admission_methods)
    first_day = table["start"].to_numpy()
    columns["STARTAGE"] = _age(desk.history.people.birth[table["person"]], first_day)
    rows = desk.rows("apc", columns, end)
    kept = rows["EPIKEY"].to_numpy() - desk.keys(5, 1)[0]
    beside = table.iloc[kept].reset_index(drop=True)
    names = ["spell", "why", "order", "is_last", "person", "practice", "provider"]
    return rows.assign(
        **_beside(table, kept, [*names, "admimeth", "classpat"]),
        los=(beside["end"] - beside["start"]).to_numpy(),
        recorded_code=codes[beside["recorded"]],
        would_be=np.where(beside["why"] == ZERO_STAY, "home", codes[beside["hrg"]]),
    )


def outpatient(desk: Desk) -> pd.DataFrame:
    """Write outpatients: one row per appointment."""
    table = desk.history.appointments
    table = table.sort_values(["day", "person", "requested"], kind="stable", ignore_index=True)
    hrg = table["procedure"].to_numpy()
    codes = desk.course.drawn.table["hrg"].to_numpy(dtype=object)
    rng = desk.course.stream("outpatient procedures")
    day = table["day"].to_numpy()
    specialty = np.array(demand.SPECIALTIES, dtype=object)[table["specialty"].to_numpy()]
    common = desk.common(table, "day")
    plain = np.array(desk.course.era.attendance_hrgs, dtype=object)[table["first"].to_numpy() - 1]
    columns = common | {
        "FYEAR": _hes_year(day),
        "ATTENDKEY": desk.keys(6, len(table)),
        "APPTDATE": days.text(day),
        "APPTAGE": common["age"],
        "FIRSTATT": table["first"],
        "ATTENDED": table["attended"],
        "REFSOURC": table["source"],
        "REQDATE": days.text(table["requested"].to_numpy()),
        "MAINSPEF": specialty,
        "TRETSPEF": specialty,
        "OPERTN_01": episodes.operations(desk.course.clinic, hrg, rng),
        "SUSHRG": np.where(hrg >= 0, codes[hrg], plain),
    }
    rows = desk.rows("op", columns, day)
    kept = rows["ATTENDKEY"].to_numpy() - desk.keys(6, 1)[0]
    return rows.assign(**_beside(table, kept, ["person", "practice", "provider", "extra"]))


def emergency(desk: Desk) -> pd.DataFrame:
    """Write A&E: one row per attendance."""
    table = desk.history.casualty
    table = table.sort_values(["day", "time", "person"], kind="stable", ignore_index=True)
    day = table["day"].to_numpy()
    common = desk.common(table, "day")
    columns = common | {
        "FYEAR": _hes_year(day),
        "AEKEY": desk.keys(7, len(table)),
        "ARRIVALDATE": days.text(day),
        "ARRIVALTIME": table["time"],
        "ARRIVALAGE": common["age"],
        "AEATTENDCAT": table["category"],
        "AEATTENDDISP": table["disposal"],
        "AEDEPTTYPE": np.where(table["kind"] == 2, "3", "1"),
        "AEREFSOURCE": table["sent_by"],
        "SUSHRG": table["code"],
    }
    rows = desk.rows("ae", columns, day)
    kept = rows["AEKEY"].to_numpy() - desk.keys(7, 1)[0]
    return rows.assign(**_beside(table, kept, ["person", "practice", "provider"]))


def referred(desk: Desk) -> pd.DataFrame:
    """Write referrals: one row per referral."""
    table = desk.history.referrals
    table = table.sort_values(["day", "person", "specialty"], kind="stable", ignore_index=True)
    day = table["day"].to_numpy()
    common = desk.common(table, "day")
    columns = common | {
        "REFERRALKEY": desk.keys(8, len(table)),
        "REQDATE": days.text(day),
        "REFSOURC": table["source"],
        "TRETSPEF": np.array(demand.SPECIALTIES, dtype=object)[table["specialty"].to_numpy()],
        "PRIORITY": table["priority"],
        "AGE": common["age"],
    }
    rows = desk.rows("referrals", columns, day)
    kept = rows["REFERRALKEY"].to_numpy() - desk.keys(8, 1)[0]
    return rows.assign(**_beside(table, kept, ["practice", "provider", "extra"]))
