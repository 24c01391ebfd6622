"""The tables of the baseline-budget page, with their downloads."""

from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages.budgets import budget_words as words
from pbcanalytics.faces.pages.budgets.budget_view import BudgetView
from pbcanalytics.faces.wording import exact
from pbcanalytics.words import codes

_NAMES: Final = {**codes.PODS, codes.OTHER_POD: "Other, not priced", "ALL": "All lines"}


def _steps(rows: list[dict[str, Any]]) -> list[Cell]:
    """Give the columns of the walk; a step that moves nothing for anybody is left out."""
    return [
        Cell("activity_pence", "Activity at tariff", exact),
        *(Cell(key, name, exact) for key, name in words.moving(rows)),
        Cell("indicative_pence", "Indicative budget", exact),
    ]


def lines(v: BudgetView) -> str:
    """Make the table of the budget's lines, with its download."""
    rows = [{"line": _NAMES[r["pod"]], **r} for r in v.lines]
    cells = [
        Cell("line", "Line", is_number=False),
        Cell("n_activity", "Activity", "{:,}".format),
        *_steps([v.practice, *v.lines]),
    ]
    made = cards.table(
        rows,
        cells,
        caption=f"Budget by line: {v.title}",
        total={"line": "All lines", **v.practice},
    )
    withheld = sum(r["is_withheld"] for r in rows)
    if withheld:
        made += cards.note(
            f"{withheld} lines are withheld because they, or the lines from which they could be "
            "worked out, hold 1 to 7 activities. They are in the total."
        )
    kept = [c.key for c in cells]
    saved = [{**{k: r[k] for k in kept}, "practice": v.code, "year": v.year} for r in rows]
    return (
        made
        + _beside(v)
        + cards.download(
            saved,
            file=f"budget_lines_{v.code}_{v.year.replace('/', '-')}.csv",
            text="Download this table (CSV, in pence)",
            notes=[v.title, words.says(v)],
        )
    )


def _beside(v: BudgetView) -> str:
    """Make the tables of local adjustments and of what others hold, where there are any."""
    made = ""
    if v.adjustments:
        made += cards.table(
            [{**r, "line": _NAMES[r["pod"]]} for r in v.adjustments],
            [
                Cell("line", "Line", is_number=False),
                Cell("reason", "Why", is_number=False),
                Cell("amount_pence", "Amount", exact),
            ],
            caption=f"Local adjustments: {v.title}",
        )
    if v.scope:
        made += cards.table(
            [
                {
                    **r,
                    "line": _NAMES[r["pod"]],
                    "months": words.when(r["months"]),
                    "reason": r["reason"] or "",
                    "held_pence": "outside the resource"
                    if r["practice_code"] == "ALL"
                    else r["held_pence"],
                }
                for r in v.scope
            ],
            [
                Cell("line", "Line", is_number=False),
                Cell("holder", "Held by", is_number=False),
                Cell("months", "Months", is_number=False),
                Cell("reason", "Why", is_number=False),
                Cell("held_pence", "Held", _held),
            ],
            caption=f"Held by others: {v.title}",
        )
    return made + "".join(cards.note(text) for text in words.pools(v.budget))


def _held(value: int | str) -> str:
    """Write a sum, or why there is none."""
    return value if isinstance(value, str) else exact(value)


def practices(v: BudgetView) -> str:
    """Make the table of every practice of the PCT, with the sum and its download."""
    cells = [
        Cell("name", "Practice", is_number=False),
        Cell("consortium", "Consortium", is_number=False),
        Cell("list_budget", f"List, April {v.year[:4]}", "{:,}".format),
        *_steps(v.practices),
    ]
    rows = [
        {
            **p,
            "name": f"{p['practice_name']} ({p['practice_code']})",
            "consortium": p["consortium_code"] or "none",
        }
        for p in v.practices
    ]
    steps = [key for key, _ in words.MOVES]
    numbers = ["list_budget", "activity_pence", *steps, "indicative_pence", "held_pence"]
    total: dict[str, Any] = {k: sum(int(p[k]) for p in v.practices) for k in numbers}
    made = cards.table(
        rows,
        cells,
        caption=f"All practices of PCT {v.budget['pct_code']}, {v.year}",
        total={"name": f"All {len(rows)} practices", "consortium": "", **total},
        marked=v.code,
        mark_key="practice_code",
    )
    gaps = "".join(
        cards.note(f"Practice {g['practice_code']} has no budget: {g['reason']}.") for g in v.gaps
    )
    gaps += "".join(cards.note(words.not_done(row)) for row in v.unapplied)
    keys = ["practice_code", "practice_name", "consortium_code", "list_base", *numbers]
    keys += ["target_pence", "distance_share"]
    return f"<p>{escape(words.sums(v))}</p>{made}{gaps}" + cards.download(
        [{k: p[k] for k in keys} for p in v.practices],
        file=f"budgets_{v.budget['pct_code']}_{v.year.replace('/', '-')}.csv",
        text="Download all practices (CSV, in pence)",
        notes=[words.sums(v)],
    )


def checklist(v: BudgetView) -> str:
    """Make the table of what the checklist says, with its download."""
    if not v.checks:
        return ""
    cells = [
        Cell("item", "No.", is_number=False),
        Cell("question", "Question", is_number=False),
        Cell("state", "Answer", is_number=False),
        Cell("sentence", "What the data say", is_number=False),
    ]
    whose = f"PCT {v.budget['pct_code']}, {v.year}"
    made = cards.table(v.checks, cells, caption=f"pbcanalytics budget checklist: {whose}")
    return f"<p>{escape(words.drift(v.budget))}</p>{made}" + cards.download(
        [{c.key: r[c.key] for c in cells} for r in v.checks],
        file=f"checklist_{v.budget['pct_code']}_{v.year.replace('/', '-')}.csv",
        text="Download the checklist (CSV)",
        notes=[whose],
    )
