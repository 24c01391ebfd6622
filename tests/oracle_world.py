"""Random activity for the oracle, which meets every gap of the invented prices."""

import datetime as dt
import random

from tests.oracle_prices import (
    CASUALTY,
    CODES,
    HRGS,
    NO_FACTOR,
    NOT_DRAWN,
    PROVIDERS,
    SPECIALTIES,
    UNBUNDLED,
    UNGROUPABLE,
    UNKNOWN_HRG,
)
from tests.oracle_spells import Activity, Row

NOT_IN_EACH = (
    *("practice_code", "commissioner_code", "specialty_code", "admission_method"),
    *("age_years", "sex", "intended_management", "administrative_category"),
)
"""What some episode of a spell may leave out."""


class Draw:
    """Random activity of the years, the same for the same seed."""

    def __init__(self, seed: int, years: list[str]) -> None:
        self.r = random.Random(seed)
        self.years = years
        self.n = 0

    def activity(self, n_spells: int, n_attendances: int) -> Activity:
        """Draw so many spells, appointments and A&E attendances of each year."""
        found = Activity()
        for year in self.years:
            first = dt.date(int(year[:4]), 4, 1)
            days = (first.replace(year=first.year + 1) - first).days
            for _ in range(n_spells):
                self._spell(found, first + dt.timedelta(int(self.r.random() * days)))
            for _ in range(n_attendances):
                on = first + dt.timedelta(int(self.r.random() * days))
                found.outpatients.append(self._appointment(on))
                found.emergency_attendances.append(self._arrival(on))
        return found

    def _often(self, share: float) -> bool:
        return self.r.random() < share

    def _hrg(self) -> str | None:
        x = self.r.random()
        if x < 0.94:
            return HRGS[int(x * len(HRGS) / 0.94)]
        return (None, UNKNOWN_HRG, UNGROUPABLE)[int((x - 0.94) * 49.9)]

    def _who(self) -> Row:
        c = self.r.choice
        return {
            "provider_code": c(PROVIDERS[:3]) if self._often(0.97) else NO_FACTOR,
            "practice_code": c(["X80001", "X80002", "X80003", None]),
            "commissioner_code": c(["5XA", "5XB", None]),
            "specialty_code": c(SPECIALTIES),
            "age_years": None if self._often(0.04) else int(self.r.random() * 60) // 3 * 2 + 3,
            "sex": c(["1", "2", None]),
        }

    def _codes(self, listed: list[str], share: float) -> str | None:
        if not self._often(share):
            return None
        return " ".join(self.r.choice(listed) for _ in range(1 + int(self.r.random() * 3)))

    def _spell(self, found: Activity, ended: dt.date) -> None:
        r, c = self.r, self.r.choice
        self.n += 1
        los = int(r.random() * 4) if r.random() < 0.6 else int(r.random() * 45)
        kind = c("1111111122345") if self._often(0.99) else None
        number = None if self._often(0.05) else "0000" if self._often(0.02) else f"S{self.n}"
        has_whole = self._often(0.25)
        spell = {
            **self._who(),
            "person_id": f"p{self.n}",
            "spell_number": number,
            "admission_date": ended - dt.timedelta(los),
            "admission_method": c(
                ["11", "12", "13", "21", "21", "22", "24", "2A", "28", "31", "82", "21", "11"]
            ),
            "admission_source": c(["19", "51", None]),
            "patient_class": kind,
            "intended_management": c(["1", "2", "2", None]),
            "administrative_category": c(["01"] * 20 + ["02", "03", None]),
            "discharge_destination": c(["19", "51", None]),
        }
        if self._often(0.02):
            spell["admission_method"] = c(["99", None])
        ended_on: dt.date | None = ended
        if self._often(0.01):
            ended_on = None
        elif self._often(0.01):
            ended_on = spell["admission_date"] - dt.timedelta(1)
        if has_whole and self._often(0.3):
            self._supplied(found, spell, ended_on, los)
            return
        several = 1 if self._often(0.6) else 2 + int(r.random() * 3)
        self._episodes(found, spell, several, ended_on, los)
        if has_whole and number is not None:
            self._whole(found, spell, ended_on, several, los)

    def _episodes(
        self, found: Activity, spell: Row, several: int, ended: dt.date | None, los: int
    ) -> None:
        """Episodes of one spell in any order, with ties; who and how is not told in each."""
        r, c = self.r, self.r.choice
        rows = []
        for order in range(several):
            row = {
                **spell,
                "episode_id": f"e{self.n}-{c('abcdefgh')}{order}",
                "episode_order": None if self._often(0.05) else 1 + order // c((1, 1, 2)),
                "episode_start": None
                if self._often(0.05)
                else spell["admission_date"] + dt.timedelta(los * order // several),
                "episode_end": None if self._often(0.05) else ended,
                "discharge_date": ended if order == several - 1 else c([None, ended]),
                "hrg": self._hrg(),
                "procedures": c([None, None, "W371"]),
                "critical_care_days": self._days(),
                "rehabilitation_days": self._days(),
                "palliative_days": self._days(),
                "unbundled_hrgs": self._codes(UNBUNDLED, 0.06),
                "specialised_codes": self._codes([*CODES, "99"], 0.3),
            }
            if several > 1 and self._often(0.3):
                for column in r.sample(NOT_IN_EACH, 2):
                    row[column] = None
            if several > 1 and self._often(0.1):
                row["admission_method"] = c(["11", "21", "31"])
            if order < several - 1 and self._often(0.1):
                row["discharge_date"] = spell["admission_date"]
            if order and self._often(0.2):
                row |= {**self._who(), "provider_code": row["provider_code"]}
            rows.append(row)
        if several > 1 and spell["patient_class"] in ("1", "2", "5") and self._often(0.03):
            rows[-1]["patient_class"] = c(["1", "3", None])
        r.shuffle(rows)
        found.episodes += rows

    def _days(self) -> int | None:
        return int(1 + self.r.random() * 9) if self._often(0.05) else self.r.choice((None, 0))

    def _whole(
        self, found: Activity, spell: Row, ended: dt.date | None, several: int, los: int
    ) -> None:
        """Facts that came for the whole of a spell whose episodes came too."""
        which = self.r.random()
        no_class = spell["patient_class"] is None
        if no_class and "class missing, facts for the whole" in NOT_DRAWN:
            return
        if which < 0.5:
            self._supplied(found, spell, ended, los)
        if which > 0.35:
            found.grouped_spells.append(
                {
                    "provider_code": spell["provider_code"],
                    "spell_number": spell["spell_number"],
                    "hrg": self._hrg(),
                    "unbundled_hrgs": self._codes(UNBUNDLED, 0.2),
                    "specialised_codes": self._codes([*CODES, "99"], 0.2),
                }
            )
        if which > 0.6 and spell["spell_number"].startswith("S"):
            found.grouped_episodes += [
                {
                    "provider_code": spell["provider_code"],
                    "spell_number": spell["spell_number"],
                    "episode_order": 1 + order,
                    "hrg": self._hrg(),
                }
                for order in range(several)
            ]

    def _supplied(self, found: Activity, spell: Row, ended: dt.date | None, los: int) -> None:
        """A spell as SUS gives it, with or without its episodes."""
        c = self.r.choice
        no_number = spell["spell_number"] is None or not spell["spell_number"].strip("0")
        alone = no_number or spell["patient_class"] in ("3", "4", None)
        bare = alone and "no number, facts for the whole" in NOT_DRAWN
        found.supplied_spells.append(
            {
                **spell,
                "spell_key": f"k{self.n}",
                "discharge_date": ended,
                "supplied_los_days": c([None, los, los]),
                "adjusted_los_days": c([None, los, los - int(self.r.random() * 5), los + 1]),
                "hrg": self._hrg(),
                "dominant_procedure": c([None, "W371"]),
                "unbundled_hrgs": None if bare else self._codes(UNBUNDLED, 0.2),
                "specialised_codes": None if bare else self._codes([*CODES, "99"], 0.2),
                "scope": None
                if bare
                else c([None, "In PbR", "Y", "1", "YES", "Y", "Not In PbR", "N", "0", "no"]),
            }
        )

    def _appointment(self, on: dt.date) -> Row:
        self.n += 1
        return {
            **self._who(),
            "attendance_id": f"o{self.n}",
            "person_id": f"p{self.n}",
            "appointment_date": on,
            "attendance_type": self.r.choice(["1", "2", "2", "1", "2", "3", "4", "9", None]),
            "attended": self.r.choice(["5", "6", "5", "5", "3", None]),
            "hrg": self._hrg(),
        }

    def _arrival(self, on: dt.date) -> Row:
        self.n += 1
        return {
            **self._who(),
            "attendance_id": f"a{self.n}",
            "person_id": f"p{self.n}",
            "arrival_date": on,
            "hrg": self.r.choice([*CASUALTY, *CASUALTY, None]),
        }
