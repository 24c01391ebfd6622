"""What the commands say of a file, and of all that is loaded and priced."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from pbcanalytics.cli.console import out

if TYPE_CHECKING:
    from pbcanalytics.intake import Explanation, Loaded


def show_explanation(how: "Explanation") -> None:
    """Say which column would become what."""
    out.print(f"{how.file} would be read as {how.layout}: {how.title}.")
    table = Table("Column", "From", "Means", box=None)
    for column, headings, meaning in how.used:
        brought = ", ".join(headings[:3]) + (" …" if len(headings) > 3 else "")
        table.add_row(column, brought, meaning)
    out.print(table)
    out.print(f"Not in the file, and not needed: {', '.join(how.missing) or 'nothing'}.")
    out.print(f"Ignored: {', '.join(how.ignored) or 'nothing'}.")


def became(one: "Loaded") -> str:
    """Say what became of a file."""
    if not one.is_new:
        return f"{one.file}: loaded before, nothing changed."
    why = ", ".join(f"{rule} {n:,}" for rule, n in one.reasons.items())
    said = (
        f"{one.file}: {one.rows_read:,} rows read as {one.layout}, {one.accepted:,} accepted, "
        f"{one.rejected:,} rejected{f' ({why})' if why else ''}."
    )
    if not one.accepted:
        said += " No row of it is used."
    if one.replaced:
        said += f" It replaces the {one.replaced:,} rows that it brought before."
    if one.to_reload:
        said += f" Load {', '.join(one.to_reload)} again: rows of it gave way to those."
    return said


def show_status(known: dict[str, Any]) -> None:
    """Account for every row, spell and penny."""
    table = Table("File", "Read as", "Rows", "Accepted", "Rejected", "Why", box=None)
    for f in known["files"]:
        why = ", ".join(f"{reason} {n:,}" for reason, n in f["reasons"].items())
        numbers = [f"{f[k]:,}" for k in ("rows_read", "accepted", "rejected")]
        table.add_row(f["file"], f["layout"], *numbers, why)
    out.print(table)
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
