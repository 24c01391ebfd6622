"""The eras in which the invented PCT can live: their years, codes and prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Era:
    """
    What of the extracts depends on the time in which they are sent.

    Attributes
    ----------
    name : str
        The payment model of its years, as in the rules (`docs/rules.md`).
    years : tuple of str
        Financial years of the usual demonstration.
    most_years : int
        How many years up to the last of those can be asked for by number.
    creep_in : tuple of str
        First four signs of the HRG4+ roots in which creep is planted.
    price_year : str
        The price list by which the invented world decides which code is dearer, in every year.
    hrg_version : str
        "HRG4+", or "v3.5": codes of that shape, invented, with a price list that is written too.
    attendance_hrgs : tuple
        HRG of a first and of a follow-up attendance; None where attendances had none.
    unknown_hrg, ungroupable_hrg : str
        Codes of planted errors.
    emergency_levels : mapping
        From A&E HRG to the code of the era; codes that are not in it stay.
    admission_methods : mapping
        From a code that did not exist yet to the one that stood for it.
    unreadable_dates : tuple
        Dates of admission and of arrival that nobody can read.
    base_years : mapping or None
        Calendar years in which budget year and base year start; None where every year's budget
        rests on the year before.
    first_agreement : int
        Calendar year before whose 1 October no practice changes its consortium.
    """

    name: str
    years: tuple[str, ...]
    most_years: int
    creep_in: tuple[str, ...]
    price_year: str
    hrg_version: str
    attendance_hrgs: tuple[str | None, str | None]
    unknown_hrg: str
    ungroupable_hrg: str
    unreadable_dates: tuple[str, str]
    emergency_levels: Mapping[str, str] = field(default_factory=dict)
    admission_methods: Mapping[str, str] = field(default_factory=dict)
    base_years: Mapping[int, int] | None = None
    first_agreement: int = 2005

    @property
    def is_older(self) -> bool:
        """Tell whether codes are of the shape of v3.5, priced at an invented list."""
        return self.hrg_version == "v3.5"

    def budgets(self, years: Sequence[int]) -> dict[int, int]:
        """
        Say which years get a plan, and the base year of each; by the calendar years they start in.

        Years before the usual ones have no prices, so none of them is planned.

        Examples
        --------
        >>> NTPS.budgets([2016, 2017, 2018]), PBR.budgets([2003, 2004, 2005])
        ({2017: 2016, 2018: 2017}, {2005: 2003})
        >>> NTPS.budgets([2014, 2015, 2016, 2017])
        {2017: 2016}
        """
        if self.base_years is None:
            first = periods.first_year(self.years[1])
            return {year: year - 1 for year in years[1:] if year >= first}
        return {y: max(b, years[0]) for y, b in self.base_years.items() if y in years[1:]}

    def last(self, n_years: int) -> tuple[str, ...]:
        """
        Name the last years of the era.

        Raises
        ------
        SelectionError
            If the era has fewer.

        Examples
        --------
        >>> NTPS.last(2), NTPS.last(5)[0]
        (('2017/18', '2018/19'), '2014/15')
        """
        if not 1 <= n_years <= self.most_years:
            raise SelectionError(
                f"The era '{self.name}' can have 1 to {self.most_years} years, not {n_years}. "
                f"They end with {self.years[-1]}: choose how many of them."
            )
        end = periods.first_year(self.years[-1]) + 1
        return tuple(periods.starting(y) for y in range(end - n_years, end))

    def check(self, years: Sequence[str]) -> None:
        """Refuse years at whose prices an invented price list could not be written."""
        outside = [y for y in years if self.is_older and y not in self.years]
        if outside:
            raise SelectionError(
                f"The era '{self.name}' has no {', '.join(outside)}: its invented codes and prices "
                f"are made for {self.years[0]} to {self.years[-1]}. Choose among those years."
            )


_ELDERLY: Final = ("DZ11", "LA04", "WJ06", "EB03", "KC05")
"""Pneumonia, urinary infection, sepsis, heart failure, disorders of salts: the acute take."""

NTPS: Final = Era(
    name="ntps",
    years=("2016/17", "2017/18", "2018/19"),
    most_years=5,
    creep_in=(*_ELDERLY, "EB07", "DZ65", "DZ22", "JD07", "GC17"),
    price_year="2017/18",
    hrg_version="HRG4+",
    attendance_hrgs=("WF01B", "WF01A"),
    unknown_hrg="ZZ99Z",
    ungroupable_hrg="UZ01Z",
    unreadable_dates=("31/02/20I7", "2017-13-45"),
)
"""The National Tariff Payment System on HRG4+, at official prices of admitted care."""

PBR: Final = Era(
    name="pbr",
    years=("2003/04", "2004/05", "2005/06"),
    most_years=3,
    creep_in=_ELDERLY,
    price_year="2005/06",
    hrg_version="v3.5",
    attendance_hrgs=(None, None),
    unknown_hrg="Z99",
    ungroupable_hrg="U01",
    unreadable_dates=("31/02/20O5", "2005-13-45"),
    emergency_levels={
        **dict.fromkeys(("VB01Z", "VB02Z", "VB03Z", "VB04Z", "VB05Z"), "V01"),
        **dict.fromkeys(("VB06Z", "VB07Z", "VB08Z"), "V02"),
        **dict.fromkeys(("VB09Z", "VB10Z", "VB11Z"), "V03"),
    },
    admission_methods=dict.fromkeys(("2A", "2B", "2C", "2D"), "28"),
    base_years={2005: 2003},
)
"""Payment by Results as practices met it: budgets of 2005/06 from activity of 2003/04 (3.1)."""

ERAS: Final = {era.name: era for era in (NTPS, PBR)}


def named(name: str) -> Era:
    """
    Give an era by its name.

    Raises
    ------
    SelectionError
        If there is none of that name.
    """
    if name not in ERAS:
        raise SelectionError(f"There is no era '{name}'. Choose one of: {', '.join(ERAS)}.")
    return ERAS[name]


def consecutive(years: Sequence[str]) -> int:
    """
    Give the calendar year in which the first of some financial years starts.

    Raises
    ------
    SelectionError
        If the years do not follow one another.
    """
    starts = [periods.first_year(y) for y in years]
    if not starts or starts != list(range(starts[0], starts[0] + len(starts))):
        raise SelectionError(
            f"The years {', '.join(years) or '(none)'} do not follow one another. Name consecutive "
            "financial years, as in 2016/17, 2017/18."
        )
    return starts[0]
