"""What a change of cost is made of, exactly: volume, mix, recording, creep, price; in pence."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Cell:
    """
    The spells of one practice, provider and root in two periods; classes in one order throughout.

    Attributes
    ----------
    n_before, n_after : int
        Spells. [spells]
    pence_before, pence_after : int
        What they cost. [pence]
    shares_before : sequence of Fraction
        Shares of the classes in the first period, its records under the later grouper. [share]
    shares_after : sequence of Fraction
        Shares in the second period. [share]
    prices : sequence of Fraction
        Price of each class in the first period, in the later structure. [pence]
    creep, recording : sequence of Fraction
        Change of each class's share that is creep, or recording; each sums to nought. [share]
    n_created : Fraction
        Spells of the second period that splitting or a lower threshold made. [spells]
    """

    n_before: int
    n_after: int
    pence_before: int
    pence_after: int
    shares_before: Sequence[Fraction]
    shares_after: Sequence[Fraction]
    prices: Sequence[Fraction]
    creep: Sequence[Fraction]
    recording: Sequence[Fraction]
    n_created: Fraction = Fraction(0)


@dataclass(frozen=True)
class Terms:
    """
    Why a cost changed, in pence; the terms add up to `change` exactly.

    Attributes
    ----------
    version : int
        The same records under the later grouper.
    volume : int
        More or fewer spells.
    between_roots : int
        Other practices, providers and roots.
    creep_volume : int
        Spells that splitting or a lower threshold made.
    true_mix : int
        Other patients within roots; takes what rounding leaves.
    recording : int
        Better recording of the same patients.
    creep_mix : int
        Dearer classes for the same patients.
    price : int
        Other prices.
    """

    version: int
    volume: int
    between_roots: int
    creep_volume: int
    true_mix: int
    recording: int
    creep_mix: int
    price: int

    @property
    def change(self) -> int:
        """The cost of the second period less that of the first."""
        return sum(getattr(self, f.name) for f in fields(self))

    def __add__(self, other: "Terms") -> "Terms":
        """Add the terms one by one."""
        names = [f.name for f in fields(self)]
        return Terms(**{n: getattr(self, n) + getattr(other, n) for n in names})


NOTHING = Terms(*[0] * 8)


def decompose(cells: Sequence[Cell]) -> list[Terms]:
    """
    Say cell by cell why a cost changed between two periods.

    Every cell closes to the penny, so practices sum to their provider whichever way they are added.

    Parameters
    ----------
    cells : sequence of Cell
        All cells over which the mix between roots is to be reckoned.

    Returns
    -------
    list of Terms
        In the order of the cells.

    Raises
    ------
    ValueError
        If the shares of creep or of recording of a cell do not sum to nought.
    """
    before = [_dot(c.shares_before, c.prices) for c in cells]
    n_before = sum(c.n_before for c in cells)
    usual = sum((c.n_before * b for c, b in zip(cells, before, strict=True)), Fraction(0))
    mean = usual / n_before if n_before else Fraction(0)
    return [_terms(c, b, mean) for c, b in zip(cells, before, strict=True)]


def total(terms: Sequence[Terms]) -> Terms:
    """Add terms up."""
    added = NOTHING
    for one in terms:
        added = added + one
    return added


def _terms(cell: Cell, before: Fraction, mean: Fraction) -> Terms:
    if sum(cell.creep) or sum(cell.recording):
        raise ValueError("what creep or recording adds to some classes it takes from others")
    more = cell.n_after - cell.n_created - cell.n_before
    parts = {
        "version": cell.n_before * before - cell.pence_before,
        "volume": more * mean,
        "between_roots": more * (before - mean),
        "creep_volume": cell.n_created * before,
        "recording": cell.n_after * _dot(cell.recording, cell.prices),
        "creep_mix": cell.n_after * _dot(cell.creep, cell.prices),
        "price": cell.pence_after - cell.n_after * _dot(cell.shares_after, cell.prices),
    }
    whole = {name: floor(Fraction(part) + Fraction(1, 2)) for name, part in parts.items()}
    rest = cell.pence_after - cell.pence_before - sum(whole.values())
    return Terms(true_mix=rest, **whole)


def _dot(shares: Sequence[Fraction], prices: Sequence[Fraction]) -> Fraction:
    return sum((s * p for s, p in zip(shares, prices, strict=True)), Fraction(0))
