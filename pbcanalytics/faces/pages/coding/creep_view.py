"""What the page of coding changes shows, from the published file."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pandas as pd

from pbcanalytics.creep.result import NOT_SAID, PROVISIONAL, Closing
from pbcanalytics.store import Published

ALL: Final = "ALL"
CLASSES: Final = "cc_split"
"""The mechanism that the severity score judges: dear classes within roots."""

DEPTH: Final = "depth"
"""More diagnoses to a stay; what that earns is told by the dear classes, and only there."""

ASKED: Final = ("query", "creep-confirmed")


@dataclass(frozen=True)
class CreepView:
    """
    What was followed, and one pair of it.

    Attributes
    ----------
    search : dict
        The row of `coded_search`.
    events : list of dict
        Rows of `coded_events`.
    pairs : list of dict
        Rows of `coded_pairs`, those with most pounds first.
    pair : dict or None
        The chosen one; None if it is not followed.
    periods : list of dict
        Its rows of `coded_periods`; empty where they are withheld.
    practices : list of dict
        Its rows of `coded_practices`.
    national : dict of str to list of dict
        By mechanism: its rows of `coded_national` in order, the latest year last.
    closing : Closing
        Months that may still change.
    """

    search: dict[str, Any]
    events: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    pair: dict[str, Any] | None
    periods: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    national: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    closing: Closing = field(default_factory=Closing)

    @cached_property
    def heard(self) -> list[dict[str, Any]]:
        """The pairs in which a change was heard."""
        return [p for p in self.pairs if p["is_heard"]]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The changes to ask about, each once: a provider's together stands for its roots."""
        return self._once(ASKED)

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """The changes that are better recording, each once."""
        return self._once(("recording",))

    @property
    def grown(self) -> list[dict[str, Any]]:
        """The shares that rose by more activity of one kind and by no other recording."""
        return [p for p in self.heard if p["mechanism"] != CLASSES and p["state"] == "new service"]

    @property
    def fallen(self) -> list[dict[str, Any]]:
        """The roots whose dear share fell by more than chance, and their pounds with it."""
        return [p for p in self.pairs if p["is_fallen"] and within(p) < 0]

    def classes_of(self, provider: str) -> dict[str, Any] | None:
        """Give what was heard of a provider's dear classes together."""
        return next(
            (
                p
                for p in self.heard
                if (p["mechanism"], p["provider_code"], p["root"]) == (CLASSES, provider, ALL)
            ),
            None,
        )

    def _once(self, states: tuple[str, ...]) -> list[dict[str, Any]]:
        own = [
            p
            for p in self.heard
            if p["state"] in states
            and not (p["mechanism"] == DEPTH and self.classes_of(p["provider_code"]))
        ]
        whole = {(p["mechanism"], p["provider_code"]) for p in own if p["root"] == ALL}
        return [
            p for p in own if p["root"] == ALL or (p["mechanism"], p["provider_code"]) not in whole
        ]


def within(pair: dict[str, Any]) -> int:
    """Give what dearer or cheaper classes within the root come to [pence], before asking why."""
    return sum(int(pair[f"{part}_pence"] or 0) for part in ("creep", "recording", "true"))


def providers_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of every provider that is followed, most pounds to ask about first."""
    rows = published.rows(
        "SELECT provider_code, min(provider_name) AS name, "
        "sum(CASE WHEN state IN ('query', 'creep-confirmed') THEN creep_pence END) AS pence, "
        "count(*) AS n FROM coded_pairs GROUP BY provider_code "
        "ORDER BY pence DESC NULLS LAST, n DESC, provider_code"
    )
    return [(f"{r['name']} ({r['provider_code']})", r["provider_code"]) for r in rows]


def roots_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of every root, all together first."""
    rows = published.rows(
        "SELECT root, min(root_name) AS name FROM coded_pairs "
        f"WHERE root <> '{ALL}' GROUP BY root ORDER BY name, root"
    )
    return [("All together", ALL), *((_named(r["name"], r["root"]), r["root"]) for r in rows)]


def _named(name: str, root: str) -> str:
    return root if name == root else f"{name} ({root})"


def first_held(published: Published) -> dict[str, str]:
    """Give the pair that the page opens with: the largest to ask about, classes before shares."""
    rows = published.rows(
        "SELECT provider_code AS provider, root, mechanism FROM coded_pairs WHERE NOT is_withheld "
        f"ORDER BY state NOT IN ('query', 'creep-confirmed'), NOT is_heard, mechanism <> "
        f"'{CLASSES}', root <> '{ALL}', creep_pence DESC NULLS LAST LIMIT 1"
    )
    return dict(rows[0]) if rows else {}


def view(published: Published, provider: str, root: str, mechanism: str) -> CreepView:
    """
    Read all that was followed, and one pair.

    Parameters
    ----------
    published : Published
        The published file.
    provider : str
        Provider code.
    root : str
        Root, or ALL.
    mechanism : str

    Returns
    -------
    CreepView
    """
    search = published.rows("SELECT * FROM coded_search")
    pairs = published.rows(
        "SELECT * FROM coded_pairs ORDER BY abs(creep_pence) DESC NULLS LAST, provider_code, root"
    )
    key = (mechanism, provider, root)
    of = "mechanism = ? AND provider_code = ? AND root = ?"
    return CreepView(
        search=search[0] if search else {"n_months": 0, "is_searched": False},
        events=published.rows("SELECT * FROM coded_events ORDER BY month"),
        pairs=pairs,
        pair=next(
            (p for p in pairs if (p["mechanism"], p["provider_code"], p["root"]) == key), None
        ),
        periods=published.rows(f"SELECT * FROM coded_periods WHERE {of} ORDER BY first_month", key),
        practices=published.rows(
            f"SELECT * FROM coded_practices WHERE {of} ORDER BY practice_code = 'OTHERS', "
            "practice_code",
            key,
        ),
        national=_national(published),
        closing=Closing(
            search[0]["closing"] or NOT_SAID if search else NOT_SAID,
            pd.DataFrame(
                published.rows("SELECT * FROM coded_provisional"), columns=list(PROVISIONAL)
            ),
        ),
    )


def _national(published: Published) -> dict[str, list[dict[str, Any]]]:
    """Read what all hospitals do alike, the dear classes first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in published.rows(
        f"SELECT * FROM coded_national ORDER BY mechanism <> '{CLASSES}', mechanism, "
        "n_months = 12, first_month"
    ):
        found.setdefault(row["mechanism"], []).append(row)
    return found
