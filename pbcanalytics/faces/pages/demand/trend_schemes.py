"""The part of the page of demand that tells whether schemes worked, and whether one could know."""

from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.faces.sentences import schemes as words
from pbcanalytics.store import Published

_KEPT: Final = (
    *("scheme", "title", "measure", "specialty_names", "starts", "n_months_agreed", "to_month"),
    *("n_practices", "n_controls", "verdict", "effect_ratio", "effect_low", "effect_high"),
    *("others_ratio", "naive_ratio", "return_share", "n_as_far", "n_placebos"),
    *("least_fall_ratio", "least_rise_ratio", "hoped_share", "planned_share"),
)
"""Columns of the download."""


def schemes(published: Published, v: TrendView) -> str:
    """
    Tell of the schemes that are to change a measure and have a practice of a group in them.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView

    Returns
    -------
    str
        HTML; a sentence where there is none.
    """
    rows = published.rows(
        "SELECT s.* FROM schemes AS s JOIN scheme_groups AS g ON g.scheme = s.scheme "
        "WHERE s.measure = ? AND g.group_kind = ? AND g.group_code = ? "
        "ORDER BY s.starts DESC, s.scheme",
        (v.measure["measure"], v.group["group_kind"], v.group["group_code"]),
    )
    if not rows:
        return cards.note(f"No scheme for {v.measure['title']} is registered here.")
    return "".join(_told(row) for row in rows) + _table(rows, v)


def _told(row: dict[str, Any]) -> str:
    """Tell of one scheme: the verdict, then what it rests on."""
    first = f"<h3>{escape(row['title'])}</h3><p><strong>{escape(words.says(row))}</strong></p>"
    is_open = bool(row["verdict"])
    said = [words.placebos(row)] if is_open else []
    said.append("" if row["is_withheld"] else words.hope(row))
    more = [row["what_is_done"]]
    if is_open:
        more += [words.compared(row), words.naive(row)]
    more += ["" if row["is_withheld"] else words.seen(row), *words.remarks(row), words.NOTE]
    shown = "".join(f"<p>{escape(s)}</p>" for s in said if s)
    rest = "".join(f"<p>{escape(s)}</p>" for s in more if s)
    return f"{first}{shown}<details><summary>How this is known</summary>{rest}</details>"


def _table(rows: list[dict[str, Any]], v: TrendView) -> str:
    """Make the table of schemes, with its download."""
    shown = [
        {
            "title": row["title"],
            "starts": f"{row['starts']:%B %Y}",
            "to": "not yet" if row["to_month"] is None else f"{row['to_month']:%B %Y}",
            "effect": None
            if row["is_withheld"]
            else f"{words.change(row['effect_ratio'])} ({words.interval(row)})"
            if row["verdict"]
            else "not known",
            "verdict": None
            if row["is_withheld"]
            else words.VERDICTS.get(row["verdict"], "cannot be evaluated"),
            "seen": _seen(row),
        }
        for row in rows
    ]
    cells = [
        Cell("title", "Scheme", is_number=False),
        Cell("starts", "Began", is_number=False),
        Cell("to", "Known to", is_number=False),
        Cell("effect", "Effect (95%)", is_number=False),
        Cell("verdict", "Verdict", is_number=False),
        Cell("seen", "Could be seen", is_number=False),
    ]
    caption = f"Schemes: {v.measure['title']}, {v.whose}"
    return cards.table(shown, cells, caption=caption) + cards.download(
        [{key: row[key] for key in _KEPT} for row in rows],
        file=f"{v.measure['measure']}_{v.group['group_code']}_schemes.csv",
        text="Download the schemes (CSV)",
        notes=[caption, words.NOTE],
    )


def _seen(row: dict[str, Any]) -> str | None:
    """Write the smallest fall and rise that could be seen."""
    if row["is_withheld"]:
        return None
    if row["least_fall_ratio"] is None:
        return "not known"
    return f"{words.change(row['least_fall_ratio'])}, {words.change(row['least_rise_ratio'])}"
