"""The parts of the page of coding changes that tell of one pair."""

from html import escape
from typing import Any

from pbcanalytics.faces.charts import cards, figures
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.control_chart import ChartPoint, control_chart
from pbcanalytics.faces.pages.coding import creep_words as words
from pbcanalytics.faces.pages.coding.creep_reasons import reasons
from pbcanalytics.faces.pages.coding.creep_view import ASKED, CLASSES, DEPTH, CreepView
from pbcanalytics.faces.wording import exact, rough


def _percent(share: Any) -> str:
    return f"{100 * share:.1f}%"


def _number(share: Any) -> float | None:
    return None if share is None or share != share else round(100 * float(share), 3)


def _file(v: CreepView, what: str) -> str:
    assert v.pair is not None
    root = "".join(c if c.isalnum() else "_" for c in v.pair["root"])
    return f"{what}_{v.pair['mechanism']}_{v.pair['provider_code']}_{root}.csv"


def _when(row: dict[str, Any]) -> str:
    """Name a period: its month, or its length and first month."""
    begun = f"{row['first_month']:%b %Y}"
    return begun if row["n_months"] == 1 else f"{row['n_months']} months from {begun}"


def chosen(v: CreepView) -> str:
    """Say which pair is shown, what was heard of it, and what it comes to."""
    if v.pair is None or v.pair["is_withheld"]:
        why = (
            "This hospital is not followed there: it has too few spells, or no dear and cheap ones."
            if v.pair is None
            else "Withheld: it holds 1 to 7 dear or cheap spells a year, or would tell of such."
        )
        return f"<h3>{escape(words.title(v))}</h3>{cards.note(why + ' Choose another.')}"
    pence = v.pair["creep_pence"]
    said = [words.heard(v.pair)]
    if pence is not None and v.pair["state"] in ASKED:
        most = "" if v.pair["mechanism"] == CLASSES else "at most "
        said.append(
            f"It comes to {most}{rough(pence)} in {v.pair['n_months']} months at full tariff "
            f"({rough(v.pair['creep_low_pence'])} to {rough(v.pair['creep_high_pence'])}). "
            f"{words.margin(v.pair)}".rstrip()
        )
    if v.pair["state"] == "recording":
        said.append(
            f"It comes to {rough(v.pair['recording_pence'])} in {v.pair['n_months']} months, and "
            "the contract's rules for changes of coding apply."
        )
    return f"<h3>{escape(words.title(v))}</h3><p>{escape(' '.join(said))}</p>"


def chart(v: CreepView) -> dict[str, Any] | None:
    """Draw the share by period, with its own baseline and limits."""
    rows = [r for r in v.periods if r["adjusted_share"] is not None]
    if v.pair is None or len(rows) < 2:
        return None
    usual = _number(v.pair["usual_share"])
    points = [
        ChartPoint(
            _when(r).replace(" months from ", "m "),
            100 * float(r["adjusted_share"]),
            mean=usual,
            lower=_number(r["low_share"]),
            upper=_number(r["high_share"]),
            has_signal=bool(r["is_heard"]),
            says=f"{_when(r)}: {_percent(r['adjusted_share'])} adjusted, "
            f"{_percent(r['dear_share'])} as counted, of {r['n_spells']:,}",
        )
        for r in rows
    ]
    return control_chart(
        points,
        unit="%, case mix taken off; triangle: heard",
        title=words.short_title(v.pair),
        description=f"{words.title(v)}. {words.heard(v.pair)} The table below has the same "
        "figures.",
    )


def periods(v: CreepView) -> str | None:
    """Make the table twin of the chart, with its download."""
    if v.pair is None or v.pair["is_withheld"]:
        return None
    if not v.periods:
        return cards.note(words.untold(v.pair))
    rows = [{**r, "when": _when(r)} for r in v.periods]
    cells = [
        Cell("when", "Period", is_number=False),
        Cell("n_spells", "Spells or attendances", "{:,}".format),
        Cell("dear_share", "Dear, as counted", _percent),
        Cell("adjusted_share", "Case mix taken off", _percent),
        Cell("low_share", "Low limit", _percent),
        Cell("high_share", "High limit", _percent),
    ]
    length = v.periods[0]["n_months"]
    why = "" if length == 1 else " Shorter periods would hold 1 to 7 dear or cheap spells."
    made = cards.table(rows[-12:], cells, caption=f"The latest periods: {words.title(v)}")
    made += cards.note(
        f"The share is of {words.share_of(v.pair['mechanism'])}; usual, in the first 24 months: "
        f"{_percent(v.pair['usual_share'])}. Limits are three "
        f"standard errors about it; what is heard is decided by a sharper test.{why}"
    )
    return made + cards.download(
        v.periods,
        file=_file(v, "shares"),
        text="Download all periods (CSV)",
        notes=[words.title(v), words.heard(v.pair)],
    )


def severity(v: CreepView) -> str | None:
    """Make the fingerprint: how ill the dear and the cheap were before and after."""
    if v.pair is None or v.pair["is_withheld"]:
        return None
    if v.pair["mechanism"] != CLASSES:
        return cards.note("Nothing tells how ill these patients were; so this can only be asked.")
    if not words.has_severity(v.pair):
        return cards.note(words.patients(v.pair))
    rows = [
        {
            "group": name,
            "before": v.pair[f"{key}_before"],
            "after": v.pair[f"{key}_after"],
            "change": v.pair[f"{key}_after"] - v.pair[f"{key}_before"],
        }
        for key, name in (("dear", "Dear classes"), ("cheap", "Cheap classes"))
    ]
    cells = [
        Cell("group", "Patients in", is_number=False),
        Cell("before", "18 months before", _signed),
        Cell("after", "12 months after", _signed),
        Cell("change", "Change", _signed),
    ]
    auc = v.pair["auc"]
    weak = "" if auc is None else f" How well it tells dear from cheap: {auc:.2f} of 1."
    return (
        cards.table(rows, cells, caption=f"Severity of patients: {words.title(v)}")
        + f"<p>{escape(words.patients(v.pair))}</p>"
        + cards.note(
            "Severity is judged by age, stay, route, outcome and critical care, which coders do "
            f"not choose; 0 is the usual patient of the root, 1 a standard deviation.{weak}"
        )
        + cards.download(
            rows,
            file=_file(v, "severity"),
            text="Download this table (CSV)",
            notes=[words.title(v)],
        )
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _parts_of(v: CreepView) -> list[dict[str, Any]]:
    assert v.pair is not None
    return [
        {"part": name, "means": means, "pence": int(v.pair[f"{key}_pence"])}
        for key, (name, means) in words.PARTS.items()
        if v.pair[f"{key}_pence"]
    ]


def _is_split(v: CreepView) -> bool:
    return v.pair is not None and v.pair["volume_pence"] is not None


def bridge(v: CreepView) -> dict[str, Any] | None:
    """Draw the cost of the year before and what made it the cost of the year after."""
    if v.pair is None or not _is_split(v) or v.pair["before_pence"] is None:
        return None
    before = int(v.pair["before_pence"])
    steps = [
        figures.Step(r["part"], r["pence"], f"{r['part']}: {exact(r['pence'])} ({r['means']})")
        for r in _parts_of(v)
    ]
    since = words.month(v.pair["first_month"])
    return figures.walk(
        figures.Step("Year before", before, f"The year before: {exact(before)}"),
        steps,
        "Year after",
        title=f"{v.pair['provider_code']}: cost, 12 months from {since}",
        description=f"{words.title(v)}. The table below has the same figures.",
    )


def parts(v: CreepView) -> str | None:
    """Make the table of the parts of a change of cost."""
    if not _is_split(v) or v.pair is None:
        return None
    rows = _parts_of(v)
    since, n = words.month(v.pair["first_month"]), v.pair["n_months"]
    cells = [
        Cell("part", "What", is_number=False),
        Cell("means", "What that means", is_number=False),
        Cell("pence", "Adds to the cost", exact),
    ]
    total = {"part": "Change of cost", "means": "", "pence": sum(r["pence"] for r in rows)}
    caption = f"{n} months from {since} against a year before: {words.title(v)}"
    said = "Payments for long stays stand apart: no class explains them."
    if v.pair["n_unpriced"] != 0:
        said += " Some spells have no price and count at the mean of their class."
    return (
        cards.table(rows, cells, caption=caption, total=total)
        + cards.note(said)
        + cards.download(
            rows,
            file=_file(v, "parts"),
            text="Download this table (CSV, in pence)",
            notes=[caption, "The parts add up to the change, with nothing left over."],
        )
    )


def explained(v: CreepView) -> str | None:
    """Make the table of other explanations."""
    if v.pair is None or v.pair["is_withheld"] or not v.pair["is_heard"]:
        return None
    rows = [{"what": what, "is_so": is_so, "why": why} for what, is_so, why in reasons(v)]
    cells = [
        Cell("what", "Other explanation", is_number=False),
        Cell("is_so", "Seen?", is_number=False),
        Cell("why", "Why", is_number=False),
    ]
    return cards.table(
        rows, cells, caption=f"Other explanations: {words.title(v)}"
    ) + cards.download(
        rows, file=_file(v, "explanations"), text="Download this table (CSV)",
        notes=[words.title(v)],
    )  # fmt: skip


def sure(v: CreepView) -> str | None:
    """Say how sure it is: power, scores, base rate of audits, and what would settle it."""
    if v.pair is None or v.pair["is_withheld"]:
        return None
    said = [words.power(v.pair)]
    if not v.pair["is_heard"]:
        return _paragraphs(said)
    said += [words.audit(v.pair), words.BASE_RATE]
    return _paragraphs(said) + cards.folded("For analysts", _paragraphs([words.scores(v.pair)]))


def _paragraphs(said: list[str]) -> str:
    return "".join(f"<p>{escape(s)}</p>" for s in said)


def practices(v: CreepView) -> str | None:
    """Make the table of what falls on each practice; nobody's practice is tested."""
    if v.pair is None or not v.pair["is_heard"] or v.pair["is_withheld"]:
        return None
    if v.pair["creep_pence"] is None:
        return cards.note(
            "Its pounds are those of the hospital's dear classes, and are shared out there."
            if v.pair["mechanism"] == DEPTH
            else "No price is held of it, so there are no pounds to share out."
        )
    if not v.practices:
        return cards.note(
            "Its pounds are shared out once: see the hospital's roots all together, or a change "
            "that is asked about."
        )
    key = "recording_pence" if v.pair["state"] == "recording" else "creep_pence"
    rows = [
        {"practice": _practice(p), "code": p["practice_code"], "pence": int(p[key])}
        for p in v.practices
    ]
    cells = [
        Cell("practice", "Practice", is_number=False),
        Cell("pence", "Its part", exact),
    ]
    total = {"practice": "The hospital", "pence": sum(r["pence"] for r in rows)}
    caption = f"By practice, {v.pair['n_months']} months: {words.title(v)}"
    return (
        cards.table(rows, cells, caption=caption, total=total)
        + cards.note(
            "Shared out by the practices' spells, in order of their codes; it says nothing of a "
            "practice. Practices with 1 to 7 spells, and what would tell of them, are put together."
        )
        + cards.download(
            rows, file=_file(v, "practices"), text="Download this table (CSV, in pence)",
            notes=[caption],
        )
    )  # fmt: skip


def _practice(row: dict[str, Any]) -> str:
    if row["practice_code"] == "OTHERS":
        return str(row["practice_name"])
    return f"{row['practice_name']} ({row['practice_code']})"
