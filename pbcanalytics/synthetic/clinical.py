"""What chapters of the HRG list mean in the invented clinics: ages, specialties, codes."""

from typing import Final

SPECIALTY_OF_CHAPTER: Final[dict[str, str]] = {
    "AA": "400", "AB": "110", "BZ": "130", "CA": "120", "CB": "120", "CD": "140", "DZ": "340",
    "EB": "320", "EC": "320", "ED": "320", "EY": "320", "FZ": "100", "GA": "100", "GB": "301",
    "GC": "301", "HC": "110", "HD": "410", "HE": "110", "HN": "110", "HT": "110", "JA": "100",
    "JC": "330", "JD": "330", "KA": "302", "KB": "302", "KC": "302", "LA": "361", "LB": "101",
    "MA": "502", "MB": "502", "SA": "303", "SB": "800", "VA": "110", "WH": "300", "WJ": "300",
    "YA": "107", "YD": "340", "YF": "301", "YG": "301", "YH": "110", "YJ": "100", "YL": "101",
    "YQ": "107", "YR": "107", "YR43": "800", "JC4": "160",
}  # fmt: skip
"""The specialty that treats a chapter by plan; a longer start of the code outranks a shorter."""

SPECIALTY_OF_EMERGENCY: Final[dict[str, str]] = {
    **SPECIALTY_OF_CHAPTER,
    "AA": "300", "AA3": "400", "DZ": "300", "DZ6": "340", "EB": "300", "EB0": "320", "GC": "100",
    "HD": "300", "JD": "300", "KB": "300", "KC": "300", "LA": "300", "SA": "300", "AB": "300",
}  # fmt: skip
"""The specialty that looks after an emergency; very old people go to geriatricians."""

PAEDIATRICS: Final = "420"
GERIATRICS: Final = "430"
EMERGENCY_MEDICINE: Final = "180"

AGE_SLOPE: Final[dict[str, float]] = {
    "A": 0.3, "AA22": 0.8, "AA31": -0.6, "AA35": 0.9, "AB": 0.2, "BZ": 0.3, "BZ3": 1.0,
    "BZ8": 0.6, "CA": -0.3, "CB": -0.1, "CD": -0.7, "DZ": 0.5, "DZ11": 0.7, "DZ65": 0.6,
    "E": 0.6, "EB03": 1.1, "EB12": -0.1, "EY": 0.6, "F": 0.2, "G": 0.1, "HC": 0.4, "HD": 0.3,
    "HE": 0.6, "HE1": 1.4, "HN": 0.4, "HN12": 0.8, "HN22": 0.8, "HT": 0.5, "HT1": 1.3,
    "J": 0.2, "JC": 0.5, "KA": 0.2, "KB": 0.2, "KC": 0.6, "LA": 0.6, "LB": 0.5, "MA": -0.3,
    "MB": -1.0, "SA": 0.4, "VA": 0.7, "WH": 0.2, "WH04": -0.9, "WH09": 1.5, "WJ": 0.5, "Y": 0.5,
}  # fmt: skip
"""How fast an HRG gets commoner with age: log share per 20 years of adult age."""

MEN_ONLY: Final = r"Prostat|Penis|Penile|Scrot|Testi|\bMale\b|Vasectomy|Circumcision"
MOSTLY_WOMEN: Final = ("JA", "YJ")
COURSES: Final = ("SA", "KC04", "HD23", "AA30", "YR43", "LB17", "BZ86", "BZ87", "AB16", "AB18")
"""Planned treatments that are given as a course of day cases."""

REFERRAL_SHARE: Final[dict[str, tuple[float, float, float]]] = {
    "100": (0.11, 0.3, 0.08), "101": (0.055, 0.6, 0.06), "107": (0.015, 0.8, 0.03),
    "110": (0.13, 0.2, 0.12), "120": (0.08, -0.1, 0.04), "130": (0.10, 0.6, 0.06),
    "140": (0.025, -0.4, 0.03), "160": (0.012, 0.0, 0.04), "300": (0.02, 0.4, 0.03),
    "301": (0.07, 0.2, 0.08), "302": (0.02, 0.2, 0.05), "303": (0.02, 0.5, 0.06),
    "320": (0.065, 0.6, 0.10), "330": (0.10, 0.2, 0.03), "340": (0.03, 0.5, 0.06),
    "361": (0.012, 0.6, 0.03), "400": (0.045, 0.0, 0.06), "410": (0.03, 0.2, 0.03),
    "420": (0.05, 0.0, 0.02), "430": (0.02, 2.0, 0.03), "502": (0.08, -0.4, 0.03),
    "800": (0.003, 0.6, 0.05),
}  # fmt: skip
"""By specialty: share of GP referrals, slope with age (as above), share of consultants' own."""

FOLLOW_UPS: Final[dict[str, float]] = {
    "100": 1.2, "107": 1.6, "110": 1.8, "120": 1.4, "130": 2.6, "140": 1.3, "160": 1.9,
    "302": 3.0, "303": 3.6, "320": 1.8, "330": 1.7, "361": 4.0, "400": 1.8, "410": 3.4,
    "800": 5.0,
}  # fmt: skip
"""Follow-up attendances per first attendance, by specialty; two elsewhere. [ratio]"""

DIAGNOSES: Final[dict[str, str]] = {
    "AA": "G459 R51X G409 I639", "AB": "M545 R522", "BZ": "H259 H353 H401", "CA": "J342 J350 H669",
    "CB": "R040 J039 H819", "CD": "K011 K029", "DZ": "J189 J441 J22X J459", "EB": "I500 R074 I489",
    "EC": "Q211", "ED": "I710", "EY": "I251 I209 I495", "FZ": "K409 K802", "GA": "K802 K563",
    "GB": "K805 K831", "GC": "K859 R101 K703", "HC": "M512 M480", "HD": "M069 M545 M109",
    "HE": "S720 S525 S424", "HN": "M171 M161 M750", "HT": "S720 S826 S527", "JA": "C509 N63X",
    "JC": "C449 L723", "JD": "L039 L309", "KA": "E059 E041", "KB": "E119 E149", "KC": "E871 E86X",
    "LA": "N390 N179 N10X", "LB": "N40X R31X N201", "MA": "N920 N812 D259", "MB": "O039 R103",
    "P": "J219 B349 A09X R509", "SA": "D509 D649 C900", "VA": "S099 T07X", "WH": "T391 R296",
    "WJ": "A419 B349", "Y": "I702 Z452",
}  # fmt: skip
"""ICD-10 main diagnoses by chapter."""

COMPANIONS: Final = (
    "I10X E119 N183 J449 I489 I259 E785 F03X M199 Z864 F329 E039 I500 K219 Z867 N179 J459 D649"
)
"""Secondary diagnoses, commonest first."""

OPERATIONS: Final[dict[str, str]] = {
    "A": "A521 A577", "AA": "A559", "BZ": "C751 C794 C873", "CA": "E036 D151 U241", "CB": "E051",
    "CD": "F091 F104", "DZ": "E492 E954", "E": "K634 U191 K601", "G": "J183 G451", "H": "W401 W371",
    "HN": "W401 W371 A651", "J": "S065 B274", "K": "B083", "L": "M459 M473 M653", "M": "Q071 Q181",
    "S": "X339 W365", "Y": "L914 L631", "P": "X403", "W": "X403",
}  # fmt: skip
"""OPCS-4 procedures by chapter."""


def longest_start(table: dict[str, str], code: str, otherwise: str) -> str:
    """
    Look a code up by the longest start of it that a table holds.

    Examples
    --------
    >>> longest_start({"A": "one", "AA3": "two"}, "AA31E", "none")
    'two'
    """
    for length in range(len(code), 0, -1):
        if code[:length] in table:
            return table[code[:length]]
    return otherwise


def age_slope(hrg: str) -> float:
    """Give the log share per 20 years of adult age of an HRG."""
    slopes = {start: str(slope) for start, slope in AGE_SLOPE.items()}
    return float(longest_start(slopes, hrg, "0.0"))
