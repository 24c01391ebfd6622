"""Who the patient is, said once for all extracts that say it: pseudonym, NHS number, age, practice.

The same patient has the same `person_id` in every extract with an NHS number, and in every extract
of one provider that has the provider's own number of the patient.
"""

from collections.abc import Sequence
from typing import Final

from pbcanalytics.intake import typing_values
from pbcanalytics.intake.layouts.layout import Field, Rule
from pbcanalytics.words import codes

_NHS_NUMBER: Final = (
    *("NHS Number", "NHS No", "Pseudo NHS Number", "Pseudonymised NHS Number", "Patient Pseudonym"),
    *("NHS Number Pseudonym", "PSEUDO_NHS_NUMBER", "Person Id"),
)
_LOCAL_PATIENT: Final = (
    *("Local Patient Identifier", "Local Patient Identifier (Extended)", "Local Patient Id"),
    *("Hospital Number",),
)

WHO: Final = (
    Field("nhs_number", _NHS_NUMBER, is_secret=True),
    Field("local_patient_id", _LOCAL_PATIENT, is_secret=True),
    Field(
        "birth_date",
        ("Birth Date", "Person Birth Date", "Date Of Birth", "DOB"),
        kind="date",
        is_secret=True,
    ),
)
"""What says who a patient is: nothing of it is stored."""

WHO_REQUIRED: Final = Field(
    "patient_reference", (*_NHS_NUMBER, *_LOCAL_PATIENT), required=True, is_secret=True
)
"""For extracts that are known by naming patients at all, one way or another."""

SEX: Final = Field(
    "sex",
    ("Gender Code", "Person Gender Code", "Gender", "Sex"),
    translate={"M": "1", "MALE": "1", "F": "2", "FEMALE": "2"},
    known=codes.SEXES,
)

_OF_NHS_NUMBER: Final = (
    "CASE nhs_number_state WHEN 'valid' THEN pseudonym(nhs_digits({number})) "
    "WHEN 'test' THEN pseudonym(nhs_digits({number})) "
    "WHEN 'elsewhere' THEN pseudonym({number}) END"
)

# A saved map may bring the number as the reference only.
REFERENCE: Final = (
    "COALESCE(nhs_number, CASE WHEN local_patient_id IS NULL THEN patient_reference END)"
)
"""SQL of the NHS number, for layouts with `WHO_REQUIRED`."""

NHS_NUMBER_RULES: Final = (
    Rule(
        "invalid_nhs_number",
        "nhs_number_state",
        "nhs_number_state = 'invalid'",
        "The NHS number is impossible (its check digit, its length, ten times one figure, or words "
        "in its place); the patient is known by the provider's own number, or by this record "
        "alone.",
    ),
    Rule(
        "test_nhs_number",
        "nhs_number_state",
        "nhs_number_state = 'test'",
        "The NHS number begins with 999, which is kept for tests; no real patient has it.",
    ),
    Rule(
        "no_nhs_number",
        "nhs_number_state",
        "nhs_number_state = 'missing'",
        "There is no NHS number; the patient's records at other providers cannot be joined.",
    ),
)
"""What may be wrong with an NHS number (domain 7.7, V06)."""

PRACTICE_DISAGREES: Final = Rule(
    "practice_disagrees",
    "original_practice_code",
    "original_practice_code <> practice_code",
    "The practice that the provider recorded is not the one that was derived; the derived one is "
    "used.",
)
"""Whose patient it is, is in question (domain 5.3, V02)."""


def identified(
    *record: str, local: Sequence[str] = (), number: str = "nhs_number"
) -> dict[str, str]:
    """
    Write the derived columns that say who a patient is.

    Parameters
    ----------
    *record : str
        SQL of what tells this record from others, best first; the last resort.
    local : sequence of str
        SQL of further names of the patient, better than the record.
    number : str
        SQL of the NHS number.

    Returns
    -------
    dict of str to str
        `nhs_number_state` and `person_id`, a pseudonym, empty only if everything is.
    """
    # 'Unknown', 'N/A' and 0000 stand for many patients.
    own = (
        "CASE WHEN regexp_matches(local_patient_id, '[1-9]') "
        "THEN 'patient ' || left(provider_code, 3) || ' ' || local_patient_id END"
    )
    alone = [f"'record ' || COALESCE(left(provider_code, 3), '') || ' ' || {r}" for r in record]
    others = ", ".join(f"pseudonym({name})" for name in (own, *local, *alone))
    return {
        "nhs_number_state": f"nhs_number_state({number})",
        "person_id": f"COALESCE({_OF_NHS_NUMBER.format(number=number)}, {others})",
    }


def recorded_age(*headings: str) -> Field:
    """Give the field of the age as recorded."""
    return Field("recorded_age", headings, kind="age")


def age_on(day: str) -> dict[str, str]:
    """
    Write the derived age: as recorded, else complete years from birth to a day.

    A birth in a year of two figures that would come after the day was a century earlier.
    """
    short = typing_values.has_short_year("birth_date__text")
    birth = (
        f"CASE WHEN birth_date > {day} AND {short} "
        "THEN CAST(birth_date - INTERVAL 100 YEAR AS DATE) ELSE birth_date END"
    )
    years = f"CASE WHEN {birth} <= {day} THEN date_sub('year', {birth}, {day})::VARCHAR END"
    return {"age_years": f"COALESCE(recorded_age, {typing_values.value(years, 'age', {})})"}


def counted(stem: str, n: int) -> tuple[str, ...]:
    """
    Write headings that end in a number, with and without a zero.

    Examples
    --------
    >>> counted("Secondary Diagnosis Code", 1)
    ('Secondary Diagnosis Code 1', 'Secondary Diagnosis Code 01')
    """
    return tuple(f"{stem} {number}" for i in range(1, n + 1) for number in (i, f"{i:02d}"))
