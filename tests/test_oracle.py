"""The engine against a second, slow calculation that shares no code with it."""

from pathlib import Path

from pbcanalytics import pipeline
from pbcanalytics.store import Warehouse
from tests import oracle

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"


def test_every_spell_of_the_small_pct_has_the_price_that_the_oracle_gives_it(
    small_pct: Path,
) -> None:
    expected = oracle.reprice(small_pct / "demo" / "landing", REFERENCE)
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        ours = warehouse.rows(
            "SELECT spell_id, price_year, unpriced_reason, hrg, pod, base_pence, "
            "short_stay_pence, "
            "long_stay_pence, mff_pence, price_pence, practice_code FROM priced_spells"
        )
    found = {}
    for spell, year, reason, hrg, pod, base, short, long_stay, mff, price, practice in ours:
        found[spell, year] = (
            {"reason": reason}
            if reason
            else {
                "reason": None,
                "hrg": hrg,
                "pod": pod,
                "base": base,
                "short_stay": short,
                "long_stay": long_stay,
                "mff": mff,
                "price": price,
                "practice": practice,
            }
        )
    assert len(found) == len(ours)
    assert found.keys() == expected.keys()
    different = {k: (found[k], expected[k]) for k in expected if found[k] != expected[k]}
    assert not different
    assert sum(f["reason"] is None for f in found.values()) > 3000
    assert sum((f.get("long_stay") or 0) > 0 for f in found.values()) > 20
    assert sum((f.get("short_stay") or 0) < 0 for f in found.values()) > 20


def test_the_status_counts_each_spell_once(small_pct: Path) -> None:
    expected = oracle.reprice(small_pct / "demo" / "landing", REFERENCE)
    spells = pipeline.status(small_pct)["spells"]
    assert spells["total"] == len({spell for spell, _ in expected})
    assert spells["total"] == spells["priced"] + sum(spells["unpriced"].values())
