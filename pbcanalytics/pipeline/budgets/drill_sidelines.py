"""The rows of the steps that were agreed by name: adjustments, and what others hold."""

import datetime as dt
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.rounding import largest_remainder
from pbcanalytics.budgets.walk.adjustments import ALL
from pbcanalytics.budgets.walk.scope import in_words, months_of, read_scope, share_of_year
from pbcanalytics.pipeline.budgets.drill_rows import Asked, Found
from pbcanalytics.words.working_days import months_between

ROUNDING: Final = "rounding: the lines of a practice sum to its total at every step"


def adjustment(asked: Asked) -> Found:
    """
    Give each adjustment as it was put on the lines, with the row that asked for it.

    Returns
    -------
    DataFrame, one row per adjustment and line
        `practice_code`, `line`, `pence`, `reason`, `agreed_by`, `agreed_on`, `asked_for` (for
        which practice and line, ALL where it was spread), `asked_pence`, `file`, `line_number`;
        the last four are empty where the row is not loaded now. [pence]
    """
    landed = asked.of_year("budget_adjustments")
    told = []
    put = _of_places(asked.plain.adjustments, asked)
    by = ["practice_code", "pod", "reason"]
    for (code, pod, reason), parts in put.groupby(by, sort=False):
        from_rows = _asking(landed, asked, str(code), str(pod), {"reason": reason})
        for i, part in enumerate(parts.to_dict("records")):
            # Rows of one reason are put on a line in the order in which they are read.
            row = from_rows[i] if len(from_rows) == len(parts) else _one_of(from_rows)
            told.append(
                {
                    "practice_code": code,
                    "line": pod,
                    "pence": int(part["amount_pence"]),
                    "reason": reason,
                    "agreed_by": part["agreed_by"],
                    "agreed_on": part["agreed_on"],
                    "asked_for": f"{row['practice_code']} {row['line']}" if row else None,
                    "asked_pence": row.get("amount_pence"),
                    "file": row.get("file"),
                    "line_number": row.get("line_number"),
                }
            )
    names = (
        *("practice_code", "line", "pence", "reason", "agreed_by", "agreed_on", "asked_for"),
        *("asked_pence", "file", "line_number"),
    )
    return _frame(told, names), {}


def scope(asked: Asked) -> Found:
    """
    Give what others hold of the lines, with the row that says so.

    Returns
    -------
    DataFrame, one row per line and holder's months
        `practice_code`, `line`, `holder`, `months`, `share` (of the year's working days; a
        Fraction), `pence` (of the step), `held_pence` (what the holder has, fitted to the money;
        empty where the line is outside the resource), `reason`, `file`, `line_number`. A line of
        which nobody holds anything may show a penny of rounding, and says so. [pence]
    """
    landed = asked.of_year("budget_scope")
    plain, told = asked.plain, []
    held = _of_places(plain.held, asked)
    for line in asked.lines.to_dict("records"):
        code, pod = line["practice_code"], line["pod"]
        own = held[(held["practice_code"] == code) & (held["pod"] == pod)].to_dict("records")
        outside = plain.outside[plain.outside["pod"].isin([pod, ALL])].to_dict("records")
        parts = [*own, *({**row, "held_pence": None} for row in outside)]
        if not parts and line["scope_pence"]:
            told.append(
                {
                    "practice_code": code,
                    "line": pod,
                    "pence": line["scope_pence"],
                    "reason": ROUNDING,
                }
            )
        shares = [_share(row["months"], plain.financial_year) for row in parts]
        for row, share, pence in zip(parts, shares, _shared(line, shares), strict=True):
            whose = ALL if row["held_pence"] is None else code
            said = {"holder": row["holder"], "reason": row["reason"]}
            from_rows = [
                r
                for r in _asking(landed, asked, whose, pod, said)
                if (r["practice_code"] == ALL) == (whose == ALL)
                and _when(r, plain.financial_year) == row["months"]
            ]
            origin = _one_of(from_rows)
            told.append(
                {
                    "practice_code": code,
                    "line": pod,
                    "holder": row["holder"],
                    "months": row["months"],
                    "share": share,
                    "pence": pence,
                    "held_pence": row["held_pence"],
                    "reason": row["reason"],
                    "file": origin.get("file"),
                    "line_number": origin.get("line_number"),
                }
            )
    names = (
        *("practice_code", "line", "holder", "months", "share", "pence", "held_pence", "reason"),
        *("file", "line_number"),
    )
    return _frame(told, names), {}


def _of_places(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Keep the rows of a sideline of the walk that are of the lines asked for."""
    wanted = asked.places
    keys = zip(frame["practice_code"], frame["pod"], strict=True)
    is_wanted = [key in wanted for key in keys]
    return frame[pd.Series(is_wanted, index=frame.index, dtype=bool)]


def _asking(
    landed: pd.DataFrame, asked: Asked, code: str, pod: str, said: dict[str, Any]
) -> list[dict[str, Any]]:
    """Find the landed rows that ask for something of a line, and say the same of it."""
    return [
        {str(k): v for k, v in row.items()}
        for row in landed.to_dict("records")
        if asked.answers.get(row["practice_code"], row["practice_code"]) in (code, ALL)
        and row["line"] in (pod, ALL)
        and all(row[k] == v or (pd.isna(row[k]) and pd.isna(v)) for k, v in said.items())
    ]


def _one_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the one row; nothing where there is none, or several that cannot be told apart."""
    return rows[0] if len(rows) == 1 else {}


def _share(months: str, financial_year: str) -> Fraction:
    """Give the share of a year that a run of months is, as `scope.in_words` writes it."""
    first, last = (dt.date.fromisoformat(f"{month}-01") for month in months.split(" to "))
    return share_of_year(list(months_between(first, last)), financial_year)


def _when(row: dict[str, Any], financial_year: str) -> str:
    """Write the months for which a landed row holds, as the walk does."""
    (one,) = read_scope(pd.DataFrame([row]))
    return in_words(months_of(one, financial_year))


def _shared(line: Mapping[Any, Any], shares: list[Fraction]) -> list[int]:
    """Share the scope step of a line out over those who hold it, to the penny."""
    if not shares:
        return []
    whole, step = sum(shares, Fraction(0)), int(line["scope_pence"])
    parts = [step * share / whole if whole else Fraction(0) for share in shares]
    return largest_remainder(parts, step)


def _frame(rows: list[dict[str, Any]], names: Iterable[str]) -> pd.DataFrame:
    """Lay out rows; whole numbers that may be missing stay whole."""
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    whole = [n for n in frame.columns if n == "line_number" or n.endswith("pence")]
    return frame.astype(dict.fromkeys(whole, "Int64"))
