"""What the commands say of a file, and of all that is loaded and priced."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from pbcanalytics.cli.console import out

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pbcanalytics.intake import Explanation, Loaded
    from pbcanalytics.intake.changes import Resent, SpellChange


_MOST_CHANGES: Final = 6
"""More months than this are counted, not told one by one."""


def show_explanation(how: "Explanation") -> None:
    """Say which column would become what."""
    by_map = f", by the map {how.import_map} of {how.supplier}" if how.import_map else ""
    used, there = how.score
    out.print(
        f"{how.file} {'would be' if not how.lacks else 'could be'} read as {how.layout}: "
        f"{how.title}{by_map}. {used} of its {there} headings are used.",
        markup=False,
    )
    table = Table("Column", "From", "Means", box=None)
    for column, headings, meaning in how.used:
        brought = ", ".join(headings[:3]) + (" …" if len(headings) > 3 else "")
        table.add_row(column, Text(brought), meaning)
    out.print(table)
    for column in how.lacks:
        like = f"; '{how.proposed[column]}' looks like it" if column in how.proposed else ""
        out.print(f"Needed and not in the file: {column}{like}.", markup=False)
    out.print(f"Not in the file, and not needed: {', '.join(how.missing) or 'nothing'}.")
    out.print(f"Ignored: {', '.join(how.ignored) or 'nothing'}.", markup=False)
    for name, n, lacking in how.others:
        why = f"{lacking} needed columns missing" if lacking else "fits too"
        out.print(f"Next best: {name}, {n} headings used, {why}.")


def became(one: "Loaded", data: Path) -> list[str]:
    """Say what became of a file, a sentence each."""
    if not one.is_new:
        note = f" {one.note}" if one.note else ""
        return [f"{one.file}: loaded before, nothing changed.{note}"]
    why = ", ".join(f"{rule} {n:,}" for rule, n in one.reasons.items())
    by_map = f" by the map {one.import_map}" if one.import_map else ""
    said = [
        f"{one.file}: {one.rows_read:,} rows read as {one.layout}{by_map}, {one.accepted:,} "
        f"accepted, {one.rejected:,} rejected{f' ({why})' if why else ''}."
    ]
    if not one.accepted:
        said.append("No row of it is used.")
    if one.replaced:
        said.append(
            f"{one.replaced:,} rows held before gave way to it and are kept as history; "
            "'pbc unload' brings them back."
        )
    if one.gone:
        named = ", ".join(one.gone[:_MOST_CHANGES]) + (" …" if one.gone[_MOST_CHANGES:] else "")
        said.append(f"Of the earlier edition, {len(one.gone):,} are no longer in it: {named}.")
    said += [changed(c) for c in one.changes[:_MOST_CHANGES]]
    if len(one.changes) > _MOST_CHANGES:
        said.append(f"{len(one.changes) - _MOST_CHANGES:,} more months changed: see 'pbc check'.")
    if one.unknown_codes:
        codes, them, they = (
            ("code is", "it", "it means")
            if one.unknown_codes == 1
            else ("codes are", "them", "they mean")
        )
        said.append(
            f"{one.unknown_codes:,} {codes} on no list; the rows are kept. 'pbc check' lists "
            f"{them}, and 'pbc map' says what {they}."
        )
    if one.identities:
        said.append(
            f"The NHS numbers of {one.identities:,} patients are kept in clear in {data}, as you "
            "asked. That folder must not leave the practice; nothing of it is published."
        )
    return said


def changed(c: "Resent") -> str:
    """Say what became of one provider's month."""
    frozen = "frozen " if c.was_frozen else ""
    month = _month(c.month)
    counts = [
        f"{n:,} {word}"
        for n, word in ((c.n_added, "added"), (c.n_gone, "gone"), (c.n_changed, "changed"))
        if n
    ]
    told = f" ({', '.join(counts)})" if counts else ""
    pence = ""
    if c.pence_before is not None and c.pence_now is not None:
        pence = f", {_pounds(c.pence_now - c.pence_before)} charged"
    how = {
        "replaced": "sent again",
        "corrected": "corrected row by row",
        "added": "added to from another file",
        "withdrawn": "no longer in the file",
    }[c.outcome]
    return (
        f"  {c.provider_code}, {frozen}{month}: {how}, {c.n_before:,} rows before, "
        f"{c.n_now:,} now{told}{pence}."
    )


def since_last_build(changes: "Sequence[SpellChange]") -> list[str]:
    """Say what a build changed of the last one, in spells and pounds."""
    if not changes:
        return []
    net = sum(c.pence for c in changes)
    said = [f"Since the last build the price of all spells changed by {_pounds(net)}:"]
    words = {"added": "added to", "gone": "gone from", "repriced": "priced otherwise in"}
    for c in changes[:_MOST_CHANGES]:
        month = _month(c.month)
        frozen = "frozen " if c.was_frozen else ""
        spells = "spell" if c.n_spells == 1 else "spells"
        said.append(
            f"  {c.n_spells:,} {spells} {words[c.change]} {frozen}{month} at {c.provider_code}, "
            f"{_pounds(c.pence)}"
        )
    if len(changes) > _MOST_CHANGES:
        said.append(f"  and {len(changes) - _MOST_CHANGES:,} smaller changes: see 'pbc check'")
    return said


def _month(first: "dt.date | None") -> str:
    from pbcanalytics.faces import wording

    return wording.month(None if first is None else f"{first:%Y-%m}")


def _pounds(pence: int) -> str:
    from pbcanalytics.faces import wording

    return ("+" if pence > 0 else "") + wording.exact(pence)


def show_status(known: dict[str, Any]) -> None:
    """Account for every row, spell and penny."""
    numbers = ("rows_read", "accepted", "rejected", "replaced")
    table = Table("Load", "File", "Read as", box=None)
    for head in ("Rows", "Accepted", "Rejected", "Replaced"):
        table.add_column(head, justify="right")
    for f in known["files"]:
        counts = [f"{f[k]:,}" for k in numbers]
        table.add_row(str(f["load"]), f["file"], f["layout"], *counts)
    out.print(table)
    for f in known["files"]:
        why = ", ".join(f"{reason} {n:,}" for reason, n in f["reasons"].items())
        if why:
            out.print(f"{f['file']}: rejected {why}.", markup=False)
    for finding in known["findings"]:
        out.print(f"{finding['file']}: {finding['rows']:,} rows. {finding['sentence']}")
    if known["spells"] is None:
        out.print("Nothing has been priced yet. Next: pbc build")
        return
    from pbcanalytics.faces import wording

    spells = known["spells"]
    if not known["is_current"]:
        out.print("\nThe figures below rest on an earlier state of the files. Next: pbc build")
    out.print(f"\n{spells['total']:,} spells, {spells['priced']:,} priced.")
    for reason, n in spells["unpriced"].items():
        out.print(f"  {n:,} not priced: {wording.why_unpriced(reason)}.")
    coverage = known["coverage"]
    said = "none of it payable" if coverage is None else f"{wording.share(coverage, 1)} priced"
    out.print(
        f"Activity to {wording.month(known['data_to'])}, {said}, worth "
        f"{wording.exact(known['pence']['total'])}; built {wording.moment(known['built_at'])}."
    )
