"""Which sums may be told so that nothing that a few have follows from them by subtraction.

Every sum that is told is an equation in the cells that are hidden, and whatever follows from them
is a combination of these equations. What must not follow is a small sum: one or more cells, each
counted once, that hold fewer together than may be shown, whether or not anybody asked for it.

The equations are kept reduced (Gauss, in fractions), large cells first: each equation has a lead
that stands in no other, and one that has a large cell is led by one. A small sum has small cells
only, so that it combines equations led by small cells, and each of their leads stays in it. That
makes the search for one short and complete.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, Generic, TypeVar

Cell = TypeVar("Cell", bound=Hashable)
Number = int | Fraction
Row = dict[Cell, Number]

LONGEST: Final = 5_000
"""Combinations that are tried for one sum; where they do not do, it is not told."""


def tellable(
    hidden: Mapping[Cell, int],
    known: Iterable[Iterable[Cell]],
    wanted: Sequence[Iterable[Cell]],
    smallest: int,
) -> list[bool]:
    """
    Choose, of the sums that a page would like to tell, those that give nothing small away.

    Parameters
    ----------
    hidden : mapping
        Count by hidden cell; every other cell is shown, or known to be nothing.
    known : iterable of iterable of cells
        The cells of each sum that is told in any case.
    wanted : sequence of iterable of cells
        The cells of each sum that may be told, those that matter most first.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    list of bool
        For each wanted sum whether it may be told: what is hidden of it holds `smallest` together
        (or nothing is), and with all sums told before it lets no hidden cells that hold fewer,
        one or several, be worked out, unless they follow from what is known in any case. A cell
        that is larger, and hidden to guard others, may follow if these do not.
    """
    sums = _Sums(hidden, smallest)
    for cells in known:
        sums.tell(sums.with_(_inside(cells, hidden)))
    sums.in_any_case = dict(sums.rows)
    told = []
    for cells in wanted:
        inside = _inside(cells, hidden)
        if not inside:
            told.append(True)
            continue
        coming = sums.with_(inside)
        is_safe = sum(hidden[c] for c in inside) >= smallest and not sums.give_away(coming)
        if is_safe:
            sums.tell(coming)
        told.append(is_safe)
    return told


def _inside(cells: Iterable[Cell], hidden: Mapping[Cell, int]) -> Row[Cell]:
    return dict.fromkeys([c for c in cells if hidden.get(c)], 1)


class _Sums(Generic[Cell]):
    """What is told, reduced: equations by the cell that leads them."""

    def __init__(self, counts: Mapping[Cell, int], smallest: int) -> None:
        self.counts = counts
        self.smallest = smallest
        self.rows: dict[Cell, Row[Cell]] = {}
        self.in_any_case: dict[Cell, Row[Cell]] = {}

    def with_(self, coming: Row[Cell]) -> dict[Cell, Row[Cell]]:
        """Give the equations, by lead, that are new or other ones when a sum is told."""
        left = _reduced(coming, self.rows)
        if not left:
            return {}
        lead = next((c for c in left if self._is_large(c)), next(iter(left)))
        value = left[lead]
        row = {c: v * value if abs(value) == 1 else Fraction(v) / value for c, v in left.items()}
        others = {c: _less(r, row, r[lead]) for c, r in self.rows.items() if lead in r}
        return {**others, lead: row}

    def tell(self, coming: Mapping[Cell, Row[Cell]]) -> None:
        """Take them over."""
        self.rows.update(coming)

    def give_away(self, coming: Mapping[Cell, Row[Cell]]) -> bool:
        """Tell whether a small sum would follow that does not follow yet."""
        starts = [c for c in coming if not self._is_large(c)]
        if not starts:
            return False
        rows = {c: r for c, r in {**self.rows, **coming}.items() if not self._is_large(c)}
        return any(self._leads_to_few(start, rows) for start in starts)

    def _leads_to_few(self, start: Cell, rows: Mapping[Cell, Row[Cell]]) -> bool:
        """Look for a small sum among the combinations that have one equation."""
        seen = {frozenset([start])}
        waiting = [(frozenset([start]), rows[start])]
        while waiting:
            leads, made = waiting.pop()
            wrong = [c for c, v in made.items() if v != 1]
            held = sum(self.counts[c] for c in made)
            if not wrong and held < self.smallest and _reduced(made, self.in_any_case):
                return True
            room = self.smallest - 1 - sum(self.counts[c] for c in leads)
            # Leads stay. What is wrong must go: any such cell; else cells until few are left.
            touched = wrong[:1] or [c for c in made if c not in leads]
            for lead, row in rows.items():
                more = leads | {lead}
                if self.counts[lead] > room or more in seen or not any(c in row for c in touched):
                    continue
                if len(seen) == LONGEST:
                    return True
                seen.add(more)
                waiting.append((more, _less(made, row, -1)))
        return False

    def _is_large(self, cell: Cell) -> bool:
        return self.counts[cell] >= self.smallest


def _reduced(row: Row[Cell], rows: Mapping[Cell, Row[Cell]]) -> Row[Cell]:
    """Take from a sum what follows from equations; nothing is left of one that follows."""
    # A lead stands in its own equation only, so that none comes back.
    for lead in [c for c in row if c in rows]:
        row = _less(row, rows[lead], row[lead])
    return row


def _less(row: Row[Cell], other: Row[Cell], factor: Number) -> Row[Cell]:
    found = dict(row)
    for cell, value in other.items():
        left = found.get(cell, 0) - factor * value
        if left:
            found[cell] = left
        else:
            del found[cell]
    return found
