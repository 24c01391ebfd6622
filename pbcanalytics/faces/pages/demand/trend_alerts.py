"""What stands out at a practice, or among the practices of a group, over all measures."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.faces.wording import month
from pbcanalytics.store import Published

MOST_AT_ONCE: Final = 5
REST_NAME: Final = "small specialties together"

HOW_FAR: Final = {
    0.1: "about a tenth of",
    0.25: "about a quarter of",
    0.33: "about a third of",
    0.5: "about half of",
    0.67: "about a third less than",
    0.75: "about a quarter less than",
    0.8: "about a fifth less than",
    0.9: "about a tenth less than",
    1.1: "about a tenth more than",
    1.2: "about a fifth more than",
    1.33: "about a third more than",
    1.5: "about half as much again as",
    1.75: "about three quarters more than",
    2.0: "about twice",
    2.5: "about two and a half times",
    3.0: "about three times",
    4.0: "about four times",
    5.0: "five times or more",
}
"""The only ratios that are told, and how: nothing finer is published."""

_WHERE: Final = {
    "practice": "group_code = ?",
    "consortium": "consortium_code = ?",
    "pct": "pct_code = ?",
}
_NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_USUAL: Final = (
    "Usual is what its own past and the other practices' same months lead one to expect. Nobody "
    "knows from this why it moved, nor whether that is good."
)


def stands_out(
    published: Published, v: TrendView, named: Callable[[str], str] = lambda code: code
) -> str:
    """
    Say what stands out over all measures: new first, then standing, each with a question.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView
        Whose alerts: a practice's own, or those of the practices of a consortium or PCT.
    named : callable
        Gives what a practice is called on the page, and in what is downloaded, from its code.

    Returns
    -------
    str
        HTML: a sentence, at most five alerts and the rest folded away, what luck raises and what
        could not have been seen, and both as tables to download.
    """
    families = published.rows("SELECT * FROM demand_alert_families ORDER BY title")
    if not families:
        return cards.note(
            "Nothing was watched: that takes 13 months of activity, and other practices to be "
            "held against."
        )
    kind, code = v.group["group_kind"], v.group["group_code"]
    alerts = published.rows(
        "SELECT a.*, f.title, m.questions FROM demand_alerts AS a "
        "JOIN demand_alert_families AS f ON f.measure = a.measure "
        f"JOIN measures AS m ON m.measure = a.measure WHERE {_WHERE[kind]} "
        "ORDER BY is_new DESC, chance_one_in DESC, n_seen, a.measure, group_code, specialty_code",
        (code,),
    )
    is_many = kind != "practice"
    first, rest = alerts[:MOST_AT_ONCE], alerts[MOST_AT_ONCE:]
    made = f'<p class="pbc-says">{escape(says(alerts, families))}</p>'
    made += _listed(first, named, is_many)
    if rest:
        said = f"{_number(len(rest))} more that {'stands' if len(rest) == 1 else 'stand'} out"
        made += cards.folded(said, _listed(rest, named, is_many))
    if alerts:
        made += cards.note(_USUAL)
    made += "".join(cards.note(said) for said in luck(families, v))
    if alerts:
        made += cards.folded("As a table", _table(alerts, v, named))
    return made + cards.folded("What could have been seen", _unseen(families))


def says(alerts: Sequence[dict[str, Any]], families: Sequence[dict[str, Any]]) -> str:
    """Say in one sentence how many stand out, and how many of them are new."""
    until = month(f"{families[0]['month']:%Y-%m}")
    if not alerts:
        if any(f["n_untold"] for f in families):
            return f"Nothing that may be told stands out up to {until}."
        n_tested = sum(f["n_tested"] for f in families)
        return f"Nothing stands out up to {until} once {n_tested:,} comparisons are allowed for."
    n, n_new = len(alerts), sum(a["is_new"] for a in alerts)
    if n == 1:
        new = "new" if n_new else "not new"
        return f"One thing stands out up to {until}, {new}: a question to ask, not a finding."
    new = "all new" if n_new == n else "none of them new" if not n_new else f"{n_new} of them new"
    return f"{_number(n)} things stand out up to {until}, {new}: questions to ask, not findings."


def luck(families: Sequence[dict[str, Any]], v: TrendView) -> list[str]:
    """Say how many comparisons luck raises, and what rise could not have been seen."""
    n = sum(f["n_tested"] for f in families)
    by_luck = sum(f["n_false_expected"] for f in families)
    untold = sum(f["n_untold"] for f in families)
    about = "fewer than 1" if by_luck < 0.5 else f"about {by_luck:.0f}"
    said = [
        f"Of {n:,} comparisons over all practices, {about} would stand out by luck alone. "
        + _reach(families, v)
    ]
    if untold:
        are = "alert is" if untold == 1 else "alerts are"
        said.append(
            f"{untold} {are} left out of all pages: few events are behind, or withheld figures."
        )
    return said


def _reach(families: Sequence[dict[str, Any]], v: TrendView) -> str:
    """Say from which size a rise of the measure that is looked at is seen."""
    title = v.measure["title"]
    own = next((f for f in families if f["measure"] == v.measure["measure"]), None)
    if own is None:
        return f"{title} is not among the measures that are watched."
    when = "later" if _is_known(own["least_later"]) else "soon"
    if not _is_known(own[f"least_{when}"]):
        return f"{title} could not be tested at enough practices to say what would have been seen."
    within = "a year" if when == "later" else "three months"
    return (
        f"{title}, by specialty: rises smaller than {own[f'least_{when}'] - 1:.0%} at a practice "
        f"of usual size could mostly not have been seen within {within}; of small series, smaller "
        f"than {own[f'least_{when}_small'] - 1:.0%}."
    )


def _is_known(ratio: float | None) -> bool:
    return ratio is not None and ratio == ratio


def _listed(alerts: Sequence[dict[str, Any]], named: Callable[[str], str], is_many: bool) -> str:
    """List alerts: what, whose, how far, since when, and what to ask."""
    items = []
    for a in alerts:
        state = "New" if a["is_new"] else f"Raised since {_short(a['first_seen'])}"
        whose = f", {named(a['group_code'])}" if is_many else ""
        items.append(
            f"<li><strong>{escape(state)}: {escape(a['title'])}, {escape(_specialty(a))}"
            f"{escape(whose)}</strong> {_shape(a)} {escape(_far(a))} since about "
            f"{escape(_short(a['onset']))}.{escape(_provisional(a))} "
            f"<em>Ask: {escape(_question(a))}</em></li>"
        )
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _question(alert: dict[str, Any]) -> str:
    """Choose the first question that the alert does not answer itself."""
    asked = [str(q) for q in alert["questions"].split("\n")]
    return next((q for q in asked if not q.startswith("Which specialties")), asked[0])


def _shape(alert: dict[str, Any]) -> str:
    """Draw which way it went; the words beside it say the same."""
    return f'<span aria-hidden="true">{"▲" if alert["side"] == "above" else "▼"}</span>'


def _far(alert: dict[str, Any]) -> str:
    return f"{HOW_FAR[alert['ratio']]} usual"


def _specialty(alert: dict[str, Any]) -> str:
    name = str(alert["specialty_name"])
    return "all specialties" if name == "unknown" else name.lower()


def _provisional(alert: dict[str, Any]) -> str:
    if not alert["is_provisional"]:
        return ""
    return f" Provisional: months after {_short(alert['to_month'])} wait for a late provider."


def _table(alerts: Sequence[dict[str, Any]], v: TrendView, named: Callable[[str], str]) -> str:
    """Make the twin of the list, with its download."""
    rows = [
        {
            "practice": named(a["group_code"]),
            "measure": a["title"],
            "specialty": _specialty(a),
            "far": _far(a),
            "since": _short(a["onset"]),
            "between": f"{_short(a['onset_earliest'])} to {_short(a['onset_latest'])}",
            "state": "new" if a["is_new"] else "standing",
            "first_seen": _short(a["first_seen"]),
            "n_seen": a["n_seen"],
            "chance": f"1 in {a['chance_one_in']:,}",
            "to": _short(a["to_month"]) + (", provisional" if a["is_provisional"] else ""),
        }
        for a in alerts
    ]
    cells = [
        Cell("practice", "Practice", is_number=False),
        Cell("measure", "Measure", is_number=False),
        Cell("specialty", "Specialty", is_number=False),
        Cell("far", "How far", is_number=False),
        Cell("since", "Since about", is_number=False),
        Cell("between", "It may have begun", is_number=False),
        Cell("state", "State", is_number=False),
        Cell("first_seen", "First raised", is_number=False),
        Cell("n_seen", "Months raised"),
        Cell("chance", "By chance alone"),
        Cell("to", "Counted to", is_number=False),
    ]
    caption = f"What stands out: {v.whose}, all measures"
    return cards.table(rows, cells, caption=caption) + cards.download(
        rows,
        file=f"stands_out_{v.group['group_code']}.csv",
        text="Download what stands out (CSV)",
        notes=[caption, _USUAL],
    )


def _unseen(families: Sequence[dict[str, Any]]) -> str:
    """Make the table of what was looked at and from which size a rise is seen."""
    rows = [
        {
            "measure": f["title"],
            "n_tested": f["n_tested"],
            "n_untested": f["n_untested"],
            "n_alerts": f["n_alerts"],
            "by_luck": f"{f['n_false_expected']:.1f}",
            "soon": _rise(f["least_soon"]),
            "later": _rise(f["least_later"]),
            "small": _rise(f["least_later_small"]),
            "to": _short(f["to_month"]),
        }
        for f in families
    ]
    cells = [
        Cell("measure", "Measure", is_number=False),
        Cell("n_tested", "Compared", "{:,}".format),
        Cell("n_untested", "Could not be", "{:,}".format),
        Cell("n_alerts", "Stood out"),
        Cell("by_luck", "By luck alone"),
        Cell("soon", "Rise seen in 3 months"),
        Cell("later", "In 12 months"),
        Cell("small", "In 12, small series"),
        Cell("to", "Counted to", is_number=False),
    ]
    caption = "All practices: what was compared, and what rise is found in 8 of 10 cases"
    share = families[0]["false_share"]
    return (
        cards.table(rows, cells, caption=caption)
        + cards.note(
            f"Rises and falls are looked for apart. At most {share:.0%} of what is raised should "
            "be luck on average; one in ten series is smaller than the small one."
        )
        + cards.download(
            rows, file="what_could_be_seen.csv", text="Download this table (CSV)", notes=[caption]
        )
    )


def _rise(ratio: float | None) -> str:
    return f"+{ratio - 1:.0%}" if ratio is not None and ratio == ratio else "not known"


def _short(day: Any) -> str:
    return month(f"{day:%Y-%m}")


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else f"{n}"
