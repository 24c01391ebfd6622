"""Organisations over time: who answers for whom on a day, and who belongs where (R26, R28)."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import pandas as pd

OPEN: Final = "open"
FOLLOWED: Final = "followed"
CLOSED: Final = "closed"
CIRCLE: Final = "circle"
UNKNOWN: Final = "unknown"

NO_CONSORTIUM: Final = ""
"""What stands for a practice outside all consortia; null is a practice in no register."""


@dataclass(frozen=True)
class Registers:
    """The registers as landed: tables of these names, one row an organisation or membership."""

    practices: pd.DataFrame
    providers: pd.DataFrame
    pcts: pd.DataFrame
    consortia: pd.DataFrame
    memberships: pd.DataFrame


@dataclass(frozen=True)
class Standing:
    """
    What has become of an organisation: the `code` that answers for it, and how that was found.

    `state` is `open` (itself), `followed` (a successor that is open), `closed` (the last that is
    known closed without a successor), `unknown` (the last that is known has a successor that no
    register holds) or `circle` (its successors lead back; it stays as it is).
    """

    code: str
    state: str


def standing(register: pd.DataFrame, code: str, day: dt.date) -> dict[str, Standing]:
    """
    Tell for every organisation of a register who answers for it on a day.

    Parameters
    ----------
    register : DataFrame, one row per organisation
        The column named by `code`, `close_date` (its last day) and `successor_code`.
    code : str
        Column of the code.
    day : date
        An organisation that closed before this day is answered for by its successor, that one's
        successor, and so on.

    Returns
    -------
    dict of str to Standing
        One a code; a code that stands twice in the register is taken as its last row says.
    """
    known = register.drop_duplicates(code, keep="last")
    gone = known[pd.to_datetime(known["close_date"]) < pd.Timestamp(day)]
    heirs = dict(zip(gone[code].astype(str), _texts(gone["successor_code"]), strict=True))
    held = set(known[code].astype(str))
    found = {}
    for first in known[code].astype(str):
        now, passed = first, {first}
        while (heir := heirs.get(now)) in held and heir not in passed:
            now = str(heir)
            passed.add(now)
        if now not in heirs:
            found[first] = Standing(now, OPEN if now == first else FOLLOWED)
        elif heir in passed:
            found[first] = Standing(first, CIRCLE)
        else:
            found[first] = Standing(now, CLOSED if heir is None else UNKNOWN)
    return found


def answering(register: pd.DataFrame, code: str, day: dt.date) -> dict[str, str]:
    """
    Map every organisation to the open one that answers for it on a day.

    Returns
    -------
    dict of str to str
        An organisation that nobody open answers for is not in it.
    """
    found = standing(register, code, day)
    return {first: s.code for first, s in found.items() if s.state in (OPEN, FOLLOWED)}


def consortium_on(registers: Registers, day: dt.date) -> dict[str, str]:
    """
    Give the consortium of every practice on a day.

    Of memberships that overlap, the one that began later counts. Where no membership is held at
    all, the register of practices says (column `consortium_code`), for every day.

    Returns
    -------
    dict of str to str
        `NO_CONSORTIUM` for a practice outside all (R28).
    """
    practices, held = registers.practices, registers.memberships
    codes = practices["practice_code"].astype(str)
    if held.empty:
        own = _texts(practices["consortium_code"])
        return {c: o or NO_CONSORTIUM for c, o in zip(codes, own, strict=True)}
    begun = held["from_date"].isna() | (pd.to_datetime(held["from_date"]) <= pd.Timestamp(day))
    ended = pd.to_datetime(held["to_date"]) < pd.Timestamp(day)
    ordered = held[begun & ~ended].sort_values(
        ["from_date", "consortium_code"], na_position="first", kind="stable"
    )
    found = dict.fromkeys([*codes, *held["practice_code"].astype(str)], NO_CONSORTIUM)
    inside = zip(ordered["practice_code"], _texts(ordered["consortium_code"]), strict=True)
    return found | {str(p): c or NO_CONSORTIUM for p, c in inside}


def pct_on(registers: Registers, day: dt.date) -> dict[str, str | None]:
    """Give the PCT of every practice on a day, mergers of PCTs followed; None where none is."""
    now = standing(registers.pcts, "pct_code", day)
    own = zip(
        registers.practices["practice_code"].astype(str),
        _texts(registers.practices["pct_code"]),
        strict=True,
    )
    return {p: now[pct].code if pct is not None and pct in now else pct for p, pct in own}


def practice_months(registers: Registers, months: pd.DataFrame) -> pd.DataFrame:
    """
    Give each practice's PCT and consortium on the first day of the months of its activity.

    Parameters
    ----------
    registers : Registers
    months : DataFrame, one row per practice and month
        `practice_code`, `month` (its first day).

    Returns
    -------
    DataFrame, one row per practice of a register and month
        `practice_code`, `month`, `pct_code`, `consortium_code`.
    """
    parts = []
    dated = months.dropna().drop_duplicates()
    for month, rows in dated.groupby("month"):
        day = pd.Timestamp(month).date()  # type: ignore[arg-type]
        consortium = consortium_on(registers, day)
        own = rows[rows["practice_code"].isin(list(consortium))]
        parts.append(_placed(own, own["practice_code"], pct_on(registers, day), consortium))
    empty = _placed(dated.head(0), dated["practice_code"].head(0), {}, {})
    return pd.concat(parts, ignore_index=True) if parts else empty


def practices_now(registers: Registers, day: dt.date) -> pd.DataFrame:
    """
    Give the practice that answers for each practice on a day, with its PCT and consortium then.

    Returns
    -------
    DataFrame, one row per practice of a register
        `practice_code`, `now_code`, `pct_code`, `consortium_code`.
    """
    consortium = consortium_on(registers, day)
    found = standing(registers.practices, "practice_code", day)
    now = [found[c].code if c in found else c for c in consortium]
    frame = pd.DataFrame({"practice_code": list(consortium), "now_code": now}, dtype="str")
    return _placed(frame, frame["now_code"], pct_on(registers, day), consortium)


def providers_now(registers: Registers, day: dt.date) -> pd.DataFrame:
    """
    Give the provider that answers for each provider on a day.

    Returns
    -------
    DataFrame, one row per provider of the register
        `provider_code`, `now_code`.
    """
    found = standing(registers.providers, "provider_code", day)
    now = [s.code for s in found.values()]
    return pd.DataFrame({"provider_code": list(found), "now_code": now}, dtype="str")


def last_day(months: pd.Series) -> dt.date:
    """Give the last day of the latest month; without any month, today."""
    latest = pd.to_datetime(months).max()
    if pd.isna(latest):
        return dt.date.today()
    return (latest + pd.offsets.MonthEnd(0)).date()


def _placed(
    frame: pd.DataFrame,
    practice: pd.Series,
    pct: dict[str, str | None],
    consortium: dict[str, str],
) -> pd.DataFrame:
    return frame.assign(
        pct_code=pd.Series([pct.get(c) for c in practice], index=frame.index, dtype="str"),
        consortium_code=pd.Series(
            [consortium.get(c) for c in practice], index=frame.index, dtype="str"
        ),
    )


def _texts(column: pd.Series) -> list[str | None]:
    return [None if pd.isna(v) else str(v) for v in column]
