"""The tables of the monitoring page, each with its download."""

from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.pages.budgets import monitor_words as words
from pbcanalytics.faces.pages.budgets.monitor_view import PODS, MonitorView
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.faces.wording import chance, exact, rough

_NOT_FORESEEN: Final = "not foreseen"


def why(v: MonitorView) -> str | None:
    """Make the table of causes."""
    if v.scope != ALL or not v.months:
        return None
    if not v.causes:
        return cards.note(words.why_not(v))
    rows: list[dict[str, Any]] = [
        {
            "cause": words.CAUSES[r["cause"]][0] if r["part"] == "moved" else _step(r),
            "means": words.CAUSES[r["cause"] if r["part"] == "moved" else r["part"]][1],
            "pence": int(r["pence"]),
        }
        for r in v.causes
        if r["pence"]
    ]
    cells = [
        Cell("cause", "What", is_number=False),
        Cell("means", "What that means", is_number=False),
        Cell("pence", "Adds to spending over profile", exact),
    ]
    total = {"cause": "Over profile", "means": "", "pence": sum(r["pence"] for r in rows)}
    made = cards.table(rows, cells, caption=f"Why: {v.title}, to {words.month(v.to)}", total=total)
    return made + cards.download(
        [{**r, "group": v.group["group_code"], "year": v.year} for r in rows],
        file=f"why_{_file(v)}",
        text="Download this table (CSV, in pence)",
        notes=[v.title, "The parts add up to the difference, with nothing left over."],
    )


def _step(row: dict[str, Any]) -> str:
    if row["part"] == "timing":
        return words.CAUSES["timing"][0]
    names = {
        "list_change": "list size",
        "growth": "agreed growth",
        "uplift": "price uplift",
        "adjustment": "local adjustments",
        "scope": "held by others",
        "affordability": "affordability",
        "fair_share": "fair-share move",
    }
    step = str(row["cause"])
    return f"Budgeted: {names.get(step, step.replace('_', ' '))}"


def months(v: MonitorView) -> str:
    """Make the table of months, with its download."""
    if not v.months:
        return f"<p>{escape(words.few_months(v))}</p>"
    rows = []
    over = 0
    for m in v.months:
        over += int(m["actual_pence"]) - int(m["profile_pence"])
        rows.append(
            {
                **m,
                "when": words.month(m["month"]),
                "over_pence": int(m["actual_pence"]) - int(m["profile_pence"]),
                "since_april_pence": over,
                "chance": _NOT_FORESEEN
                if m["chance_of_share"] is None
                else chance(m["chance_of_share"]),
                "foreseen": _NOT_FORESEEN
                if m["outturn_pence"] is None
                else f"{rough(m['low_80_pence'])} to {rough(m['high_80_pence'])}",
            }
        )
    is_all = v.scope == ALL
    cells = [
        Cell("when", "Month", is_number=False),
        Cell("profile_pence", "Profile", exact),
        Cell("actual_pence", "Spent", exact),
        Cell("over_pence", "Over profile", exact),
        Cell("since_april_pence", "Since April", exact),
        Cell("state", "Figures", is_number=False),
        *([Cell("foreseen", "March foreseen, 4 in 5", is_number=False)] if is_all else []),
        *(
            [Cell("chance", "Chance of a share", is_number=False)]
            if is_all and v.is_sharing
            else []
        ),
    ]
    total = {
        "when": "So far",
        **{k: sum(int(r[k]) for r in rows) for k in ("profile_pence", "actual_pence")},
        "over_pence": over,
    }
    kept = ["month", "pod", "profile_pence", "actual_pence", "state", "outturn_pence"]
    kept += ["low_80_pence", "high_80_pence", "chance_of_share", "expected_share_pence"]
    return cards.table(
        rows, cells, caption=f"Month by month: {v.title}", total=total
    ) + cards.download(
        [{**{k: r[k] for k in kept}, "group": v.group["group_code"], "year": v.year} for r in rows],
        file=f"months_{_file(v)}",
        text="Download this table (CSV, in pence)",
        notes=[v.title, words.says(v)],
    )


def lines(v: MonitorView) -> str:
    """Make the table of lines, with its download; as far as activity is held."""
    to = words.month(v.group["to_month"])
    rows = [{**r, "line": PODS[r["pod"]], "over_pence": _over(r)} for r in v.lines]
    cells = [
        Cell("line", "Line", is_number=False),
        Cell("budget_pence", "Budget of the year", exact),
        Cell("profile_pence", f"Profile to {to}", exact),
        Cell("actual_pence", f"Spent to {to}", exact),
        Cell("over_pence", "Over profile", exact),
        Cell("n_activity", f"Activity to {to}", "{:,}".format),
    ]
    made = cards.table(
        rows,
        cells,
        caption=f"Line by line: {v.whose}, {v.year}, to {to}",
        marked=v.scope,
        mark_key="pod",
    )
    if any(r["is_withheld"] for r in rows):
        made += cards.note(
            "Withheld: lines of 1 to 7 activities, and those from which they could be worked out. "
            "They are in the totals."
        )
    kept = [c.key for c in cells[1:]]
    return made + cards.download(
        [
            {"line": r["line"], **{k: r[k] for k in kept}, "group": r["group_code"], "year": v.year}
            for r in rows
        ],
        file=f"lines_{_file(v)}",
        text="Download this table (CSV, in pence)",
        notes=[f"{v.whose}, {v.year}, to {to}"],
    )


def _over(row: dict[str, Any]) -> int | None:
    if row["is_withheld"]:
        return None
    return int(row["actual_pence"]) - int(row["profile_pence"])


def practices(v: MonitorView) -> str:
    """Make the table of a group's practices, with its net."""
    if not v.practices:
        return cards.note("Choose a consortium or the PCT to see its practices side by side.")
    rows = [_practice(p) for p in v.practices]
    cells = [
        Cell("name", "Practice", is_number=False),
        Cell("budget_pence", "Budget of the year", exact),
        Cell("actual_pence", "Spent so far", exact),
        Cell("over_pence", "Over profile", exact),
        Cell("foreseen", "March foreseen over budget, 4 in 5", is_number=False),
    ]
    held = [r for r in rows if r["over_pence"] is not None]
    total: dict[str, Any] = {"name": f"Net of {len(rows)} practices", "foreseen": ""}
    total["budget_pence"] = sum(int(r["budget_pence"]) for r in rows)
    if len(held) == len(rows):
        total |= {k: sum(int(r[k]) for r in rows) for k in ("actual_pence", "over_pence")}
    made = cards.table(
        rows,
        cells,
        caption=f"Practices of {v.whose}, {v.year}, to {words.month(v.to)}",
        total=total,
    )
    made += cards.note(f"In the order of their codes. {words.luck(v)}")
    kept = ["code", "name", "budget_pence", "actual_pence", "over_pence", "foreseen"]
    return made + cards.download(
        [{k: r[k] for k in kept} for r in rows],
        file=f"practices_{_file(v)}",
        text="Download this table (CSV, in pence)",
        notes=[v.title, words.says(v)],
    )


def _practice(p: dict[str, Any]) -> dict[str, Any]:
    told = {
        "code": p["group_code"],
        "name": whose.named("practice", p["group_code"], p["group_name"]),
        "budget_pence": p["budget_pence"],
        "actual_pence": None,
        "over_pence": None,
        "foreseen": None,
    }
    if not p["months"] and p["months_are_withheld"]:
        return told
    if not p["months"]:
        # Others hold its months so far: nothing of it counts yet.
        return {**told, "actual_pence": 0, "over_pence": 0, "foreseen": "held by others so far"}
    spent = sum(int(m["actual_pence"]) for m in p["months"])
    profile = sum(int(m["profile_pence"]) for m in p["months"])
    last = p["months"][-1]
    foreseen = _NOT_FORESEEN
    if last["outturn_pence"] is not None:
        _, low, high = words.over_by(last, p["budget_pence"])
        foreseen = f"{rough(low)} to {rough(high)}"
    return {**told, "actual_pence": spent, "over_pence": spent - profile, "foreseen": foreseen}


def share(v: MonitorView) -> str | None:
    """Say what may be shared, and how good forecasts at this month have been."""
    if v.scope != ALL:
        return None
    said = [*words.share_of_saving(v), words.track(v)]
    return "".join(f"<p>{escape(s)}</p>" for s in said)


def _file(v: MonitorView) -> str:
    code, year = v.group["group_code"], v.year.replace("/", "-")
    return f"{code}_{year}_to_{v.to:%Y-%m}{'' if v.scope == ALL else f'_{v.scope}'}.csv"
