"""What the file of an agreed version says to whoever opens it: what it is, and how it was set."""

_README = """\
{title}

What this is
  The indicative budgets of the practices of {pct_code} for {year} as they were agreed, with all
  that they were set from. Who agreed them, when and why stands in manifest.json. Legal
  responsibility for the money stays with the PCT.

Who it is for
  The PCT and its auditors. It holds counts below 8 and sums that rest on them. It is NOT TO BE
  PUBLISHED; pbc publish makes the figures that may be. It holds no rows about patients.

What is in it
  manifest.json   who, when, why; the files that were loaded, with checksums and counts of rows; the
                  SHA-256 of every file in here, and that of the manifest of the version before
  budget.csv      one row per practice and point of delivery, every step of the walk, in pence
  practices.csv   one row per practice: lists, the sums of its lines, its fair share
  pct.json        the sums of the PCT, its plan, and which table holds what
  gaps.csv, held.csv, outside.csv, adjustments.csv, unapplied.csv
                  practices without a budget; what others hold; what is outside the resource; local
                  adjustments with their reasons; what was asked for and could not be done
  inputs/         the tables that the budgets were set from: activity as priced, lists, the
                  register of practices, the plan, adjustments, scope, weighted lists
  rules.json      the payment rules of the years concerned, each with value, status and source,
                  and the checksums of the price tables
  formulas.md     every step in words
  checklist.csv   the pbcanalytics budget checklist as it came out on the day

  In tables an empty cell is missing, never zero. Money is in whole pence. A text with a backslash
  before it is that text without the backslash: it keeps a spreadsheet from taking it for a formula.

How to check it
  pbc replay FILE.zip
  holds every file against its checksum, sets the budgets again from inputs/ alone, and compares
  every cell. Do not open and save a table in here with a spreadsheet: that changes the file, and
  the check says so. Unpack a copy to look at it.
  The seal (the SHA-256 of manifest.json) should stand in the minutes. Where it does, nobody can put
  another file in the place of this one unseen.
"""

_FORMULAS = """\
# How the budgets were set

Section numbers are those of the rulebook (3.1 to 3.10). Every step is reckoned in exact
fractions, and rounded so that lines sum to practices and practices to the PCT. Column names are
those of budget.csv.

For a practice and a line (point of delivery):

1. **Base-year activity** (`activity_pence`; 3.2, H). The activity of the base year, each piece
   at the price of the price year. Activity without a price counts as activity and adds no
   money: `n_priced` beside `n_activity` shows how much that is.
2. **List size** (`list_change_pence`; 3.2, L). What came before, times the list on 1 April of
   the budget year over the list on 1 April of the base year.
3. **Agreed growth** (`growth_pence`; 3.2, G). Times one plus the growth that the plan agrees
   for the line.
4. **Price uplift** (`uplift_pence`; 3.2, U). Times one plus the plan's uplift, only where the
   prices are those of the base year. Prices of the budget year hold their uplift; a second one
   is refused.
5. **Local adjustments** (`adjustment_pence`; 3.1). Sums put on lines, each with its reason in
   adjustments.csv. One for all practices or lines is spread in proportion to what came before.
6. **Held by others** (`scope_pence`; 3.1, C6). What a practice hands back, for the months for
   which it does (by working days of the year), less; held.csv says who holds it. A line that
   all practices leave out is outside the resource, and no money is held for it (outside.csv).
7. **Affordability** (`affordability_pence`; 3.2, B). The resource, less contingency, risk pool
   and top slice, is divided in proportion to what steps 1 to 6 come to; what is handed back,
   and what is kept for practices that have activity and no list, takes part in the same way.
8. **Fair-share move** (`fair_share_pence`; 3.2, F and pace of change). Only where the plan has
   a pace and weighted lists are loaded. A practice's whole budget is held against its share by
   weighted list; above the band it gives at most the pace, and never more than to the edge of
   the band; below the band it receives; inside the band nobody moves. What is given is what is
   received.

The **indicative budget** (`indicative_pence`) is the sum of steps 1 to 8, rounded once by largest
remainder. To the penny:

    resource = contingency + risk pool + top slice + budgets + held by others + reserved

The checklist (checklist.csv) asks the ten questions C1 to C10 of section 3.3. It is a list of
pbcanalytics, put together from public sources; it is nobody else's list of ten.
"""


def readme(pct_code: str, year: str) -> str:
    """Write README.txt of a version's file."""
    title = f"Agreed budgets of {pct_code} for {year}, kept by pbcanalytics"
    return _README.format(title=f"{title}\n{'=' * len(title)}", pct_code=pct_code, year=year)


def formulas() -> str:
    """Write formulas.md of a version's file: the steps of the walk in words."""
    return _FORMULAS
