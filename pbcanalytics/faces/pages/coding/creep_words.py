"""The sentences of the page of coding changes: they ask, and accuse nobody."""

from math import sqrt
from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.coding.creep_view import ALL, CLASSES, DEPTH, CreepView, within
from pbcanalytics.faces.sentences.creep import MECHANISMS as OF_SHARES
from pbcanalytics.faces.wording import chance, rough

MECHANISMS: Final = {
    "cc_split": "Dear classes within roots",
    "day_case_to_ordinary": "Ordinary stays or day cases",
    "outpatient_to_day_case": "Day cases or outpatient procedures",
    "zero_day": "Emergency admissions of no days",
    "splitting": "Stays soon after a stay",
    "follow_up_to_first": "First or follow-up",
    "ward_attenders": "Ward attenders",
    "depth": "Number of diagnoses",
}
"""Each mechanism by its name."""

SHARES: Final = {**OF_SHARES, "cc_split": "spells that are in the dear classes of their root"}
"""What its share is the share of."""

STATES: Final = {
    "none": ("no change heard", ""),
    "query": ("a question to the hospital", "ask"),
    "creep-confirmed": ("a question to the hospital; the dear seem less ill", "ask"),
    "recording": ("better recording of the same patients", "recording"),
    "true mix": ("sicker patients", "sicker"),
    "new service": ("new service, or more activity", "service"),
    "version": ("change of grouper: cannot be told", "grouper"),
    "merger": ("merger: cannot be told", "merger"),
    "insufficient": ("cannot be told: severity is told too poorly", "cannot tell"),
}
"""What each state means to a reader, and the word on the map."""

IN_CLASSES: Final = "in its dear classes"
"""Where the pounds of deeper coding are told, so that they are not counted twice."""

UNPRICED: Final = "no price held"

BASE_RATE: Final = (
    "Audits found about 8% of HRGs wrong, either way, and a net error near nought; reviews of the "
    "best-known cases found no wrongdoing. These are questions to the provider, not findings."
)

MARGINS: Final = {
    "marginal": "{}, since emergencies above the contract's threshold earn a part of their tariff",
    "full": "the same, {}; no emergencies of it lie above a threshold",
    "no_rate": "the same, {}; the rules of its years have no marginal rate",
    "no_threshold": "not known, as no threshold of the contract is held; emergencies above one "
    "earn less",
    "not_priced": "not known, as the stays of its years have no prices of those years",
    "not_parted": "not known, as nobody can say how much of it is emergencies, which may earn less",
}
"""What a change comes to at the margin, by `price_used`."""

PARTS: Final = {
    "volume": ("More or fewer spells", "at the usual price"),
    "between": ("Other roots and practices", "dearer or cheaper kinds of spell"),
    "true": ("Other patients", "sicker or less ill, within roots; takes what rounding leaves"),
    "recording": ("Better recording", "the same severe patients, now recorded as such"),
    "creep": ("Dearer classes, same patients", "what there is to ask about"),
    "price": ("Prices", "other prices for the same classes"),
}
"""The parts of a change of cost: heading, and what each means."""


def mechanism(name: str) -> str:
    """Name a mechanism."""
    return MECHANISMS.get(name, name.replace("_", " ").capitalize())


def share_of(name: str) -> str:
    """Say what a mechanism's share is the share of."""
    return SHARES.get(name, name.replace("_", " "))


def state(pair: dict[str, Any]) -> str:
    """Say what a change looks like."""
    return STATES.get(str(pair["state"]), (str(pair["state"]), ""))[0]


def where(pair: dict[str, Any]) -> str:
    """Name a pair: provider and root."""
    root = "all together" if pair["root"] == ALL else pair["root_name"]
    return f"{pair['provider_name']}, {root}"


def title(v: CreepView) -> str:
    """Name the chosen pair and what is looked at, as every figure and table of it does."""
    if v.pair is None:
        return "This pair is not followed"
    return f"{where(v.pair)}: {mechanism(v.pair['mechanism']).lower()}"


def short_title(pair: dict[str, Any]) -> str:
    """Name a pair by its codes, where there is little room."""
    root = "all together" if pair["root"] == ALL else pair["root"]
    return f"{pair['provider_code']}, {root}: {mechanism(pair['mechanism']).lower()}"


def month(day: Any) -> str:
    """Write a month in words."""
    return wording.month(f"{day:%Y-%m}")


def counted(n: int, one: str, many: str) -> str:
    """Write a number with its noun."""
    return f"{n} {one if n == 1 else many}"


def worth(pairs: list[dict[str, Any]], part: str = "creep") -> tuple[int, int, int]:
    """Add pounds up, with the ends of 95% of their sum; changes are taken to be independent."""
    rows = [p for p in pairs if p[f"{part}_pence"] is not None]
    total = sum(int(p[f"{part}_pence"]) for p in rows)
    off = sqrt(sum(((p[f"{part}_high_pence"] - p[f"{part}_low_pence"]) / 2) ** 2 for p in rows))
    return total, round(total - off), round(total + off)


def without_pounds(pair: dict[str, Any]) -> str:
    """Say why a change has no pounds of its own."""
    return IN_CLASSES if pair["mechanism"] == DEPTH else UNPRICED


def with_pounds(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what has no price, or is told elsewhere: deeper coding, by the dear classes."""
    return [p for p in pairs if p["creep_pence"] is not None]


def says(v: CreepView) -> str:
    """Say the page in a sentence or two."""
    if not v.pairs:
        return too_little(v)
    other = _other_way(v)
    if not v.search["is_searched"]:
        return (
            "Run 'pbc creep', then 'pbc publish': these data were not tested yet, so no change is "
            f"told. {other}"
        )
    if not v.asked:
        return f"Nothing to ask about: no share rose by more than chance explains. {other}"
    said = f"Ask about {counted(len(v.asked), 'change', 'changes')} at {hospitals(v.asked, 1)}"
    priced = with_pounds(v.asked)
    if priced:
        total, low, high = worth(priced)
        most = "at most " if any(p["mechanism"] != CLASSES for p in priced) else ""
        said += f", worth {most}about {rough(total)} a year ({rough(low)} to {rough(high)})"
    return f"{said}. {once(v)}. {other}"


def hospitals(pairs: list[dict[str, Any]], most: int = 2) -> str:
    """Name the hospitals of some pairs, or say how many they are where these are too many."""
    names = {p["provider_code"]: str(p["provider_name"]) for p in pairs}
    return " and ".join(sorted(names.values())) if len(names) <= most else f"{len(names)} hospitals"


def stand_out(v: CreepView) -> str:
    """Say in how many series a change was heard."""
    return f"{counted(len(v.heard), 'series stands', 'series stand')} out"


def more_activity(v: CreepView) -> str:
    """Say how many shares rose by activity and by no other recording."""
    n = len(v.grown)
    if not n:
        return ""
    return (
        f"{counted(n, 'share', 'shares')} more rose because there was more of one kind and not "
        "less of the other: no other recording; in the download only."
    )


def once(v: CreepView) -> str:
    """Say why fewer changes are asked about than stand out."""
    return f"{stand_out(v)}; each hospital's together counts once"


def _other_way(v: CreepView) -> str:
    """Say what better recording costs and what fell."""
    told = []
    if v.recorded:
        sum_ = rough(worth(v.recorded, "recording")[0])
        told.append(f"Better recording at {hospitals(v.recorded)} comes to {sum_} a year.")
    fallen = v.fallen
    if fallen:
        sum_ = rough(-sum(within(p) for p in fallen))
        roots = counted(len(fallen), "root was", "roots were")
        told.append(f"The other way, {roots} coded cheaper, by {sum_} a year.")
    else:
        told.append("No root's dear share fell by more than chance.")
    return " ".join(told)


def too_little(v: CreepView) -> str:
    """Say why nothing can be compared."""
    held = int(v.search["n_months"] or 0)
    if held < 36:
        return (
            "Too short a history: 24 months of baseline and 12 after are needed; held: "
            f"{held}. Load earlier years."
        )
    return (
        "Nothing can be compared: no hospital has 24 whole, final months at the start and five "
        "spells a month in a root with dear and cheap classes."
    )


def heard(pair: dict[str, Any]) -> str:
    """Say what was heard of the chosen pair."""
    if not pair["is_heard"]:
        return (
            "No change was heard here: what moved in the latest twelve months is what chance "
            "brings. The parts below are estimates of little."
        )
    rise = f"{100 * pair['change_share']:+.1f} points".replace("-", "−")
    return (
        f"Since {month(pair['onset'])} the share moved by {rise}; heard in {month(pair['month'])}. "
        f"It looks like: {state(pair)}.{in_classes(pair)}"
    )


def in_classes(pair: dict[str, Any]) -> str:
    """Say where the pounds of deeper coding are told, or that no price is held."""
    if pair["creep_pence"] is None and pair["mechanism"] != DEPTH:
        return " What it comes to is not known, as no price is held of it."
    if pair["mechanism"] != DEPTH:
        return ""
    return (
        " Its pounds are those of the dear classes of the same hospital, and are not counted twice."
    )


def untold(pair: dict[str, Any]) -> str:
    """Say why a pair is told by no month."""
    if pair["mechanism"] == DEPTH:
        return (
            "These are the spells of the dear classes: month by month the two together would tell "
            "small numbers, so only the years compared are told."
        )
    return (
        "By month, quarter or year this holds 1 to 7 dear or cheap spells somewhere, so only the "
        "years compared are told."
    )


def margin(pair: dict[str, Any]) -> str:
    """Say what a change comes to at the price paid at the margin, or why that is not known."""
    if pair["price_used"] is None:
        return ""
    known = "" if pair["margin_pence"] is None else rough(pair["margin_pence"])
    return f"At the price paid at the margin: {MARGINS[pair['price_used']].format(known)}."


def has_severity(pair: dict[str, Any]) -> bool:
    """Tell whether the severity of dear and cheap is known before and after."""
    groups = ("dear_before", "dear_after", "cheap_before", "cheap_after")
    return all(pair[name] is not None for name in groups)


def patients(pair: dict[str, Any]) -> str:
    """Read the fingerprint: what became of the severity of the dear and of the cheap."""
    if not has_severity(pair):
        return "Before or after there were no dear or no cheap spells, so nothing can be compared."
    dear, cheap = (pair[f"{g}_after"] - pair[f"{g}_before"] for g in ("dear", "cheap"))
    return (
        f"The dear seem {_moved(dear)}, the cheap {_moved(cheap)}. Dearer classes for the same "
        "patients make the dear seem less ill; better recording, the cheap; sicker patients, "
        "neither."
    )


def _moved(change: float) -> str:
    if abs(change) < 0.05:
        return "as ill as before"
    return f"{'more' if change > 0 else 'less'} ill ({change:+.2f})".replace("-", "−")


def power(pair: dict[str, Any]) -> str:
    """Say what the test could have heard."""
    told = "; ".join(f"{n} points, {chance(pair[f'power_{n}'])}" for n in (2, 5, 10))
    return f"A rise like this would have been heard within a year at least so often: {told}."


def scores(pair: dict[str, Any]) -> str:
    """Say how far the statistics stand out."""
    said = f"Statistic of a query at its peak: {pair['query']:.1f} (heard from about 2.7)"
    if pair["confirmed"] is not None:
        said += (
            f"; of the stricter test, other explanations held against it: {pair['confirmed']:.1f} "
            f"(from about 2.2). Weight of dearer classes for the same patients among the "
            f"explanations: {pair['creep_score']:.2f}, a score and no chance"
        )
    return f"{said}. Months without any change reach this in {pair['p_value']:.1%} of cases."


def audit(pair: dict[str, Any]) -> str:
    """Say what would settle the query, and where the list of spells is."""
    said = ""
    if pair["audit_notes"] is not None:
        said = (
            f"Reading {pair['audit_notes']} notes of dear spells would settle it nine times in "
            f"ten: {pair['audit_failures']} or more wrong ones would bear the question out. "
        )
    if pair["mechanism"] != CLASSES:
        return f"{said}There is no list of spells for this share."
    n = "" if pair["n_listed"] is None else f"{pair['n_listed']} "
    return (
        f"{said}The list of the {n}dear spells that most need a look is not on this page, which "
        "holds no rows about patients: an analyst writes it with 'pbc creep --validation FILE'."
    )
