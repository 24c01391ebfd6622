"""Power, false alarms and false labels of the test of creep, beside other methods.

`python -m benchmarks.creep [WORLDS [SEED]]` draws that many worlds of each kind (30 providers, 40
roots, 60 months: 1,200 series) and prints the tables of docs/methods/creep.md. Every method is set
to 20 false alarms per 1,000 series and years: ours by the bootstrap that the product runs on each
world, before anything planted is looked at; the others on clean worlds of seeds of their own.
"""

import sys
import time
from collections import defaultdict
from typing import Final

import numpy as np

from benchmarks.creep import goals
from benchmarks.creep.generator import CONFOUNDERS, SIZES, World, world
from benchmarks.creep.rivals import RIVALS
from pbcanalytics.creep.detector import alarms
from pbcanalytics.creep.limits import alarm_rate, calibrated, limit_for
from pbcanalytics.creep.signals import signals

WANTED: Final = 20.0
TIERS: Final = ("query", "confirmed")
APART: Final = 500_000
"""Seeds of the worlds on which the rivals' limits are set lie this far off."""


def heard(of: World, alarm: np.ndarray, at: np.ndarray) -> tuple[list[bool], list[int]]:
    """Tell for each series whether it alarmed within a year of its onset, and after how long."""
    found, delays = [], []
    for i in at:
        onset = of.onset[i]
        if alarm[i, onset - 6 : onset].any():
            continue
        months = np.flatnonzero(alarm[i, onset : onset + 12])
        found.append(bool(len(months)))
        delays += [int(months[0]) + 1] if len(months) else []
    return found, delays


def main(n_worlds: int, seed: int) -> None:
    """Run everything and print it as Markdown."""
    began = time.process_time()
    limits, textbook = {}, {}
    clean = [world(APART + seed + i) for i in range(n_worlds)]
    tested = [signals(one.panel) for one in clean]
    for name, method in RIVALS.items():
        values = [method(w, s) for w, s in zip(clean, tested, strict=True)]
        limits[name] = limit_for(values, WANTED)
        textbook[name] = alarm_rate(values, 3.0)
    rates: dict[str, list[float]] = defaultdict(list)
    power: dict[tuple[str, object], list[bool]] = defaultdict(list)
    delays: dict[tuple[str, object], list[int]] = defaultdict(list)
    own_limits: dict[str, list[float]] = defaultdict(list)
    for kind in ("clean", "creep", *CONFOUNDERS):
        for number in range(n_worlds):
            one = world(seed + number, kind)
            found = signals(one.panel)
            limit = calibrated(one.panel, found, n_panels=4, seed=number)["series"].limit
            alarm = {tier.upper(): alarms(getattr(found.scan, tier), limit[tier]) for tier in TIERS}
            for name, method in RIVALS.items():
                alarm[name] = alarms(method(one, found), limits[name])
            if kind == "clean":
                for name, flags in alarm.items():
                    rates[name].append(1000 * flags[:, 24:].sum() / (len(flags) * 3))
                for tier in TIERS:
                    own_limits[tier.upper()].append(limit[tier])
                continue
            at = np.flatnonzero(one.onset >= 0)
            for name, flags in alarm.items():
                if kind in CONFOUNDERS:
                    power[name, kind] += heard(one, flags, at)[0]
                    continue
                for size in SIZES:
                    mine = at[one.size[at] == size]
                    yes, after = heard(one, flags, mine)
                    power[name, size] += yes
                    delays[name, size] += after
                    for n in (100, 500):
                        yes, _ = heard(one, flags, mine[one.volume[mine] == n])
                        power[name, (size, n)] += yes
                    _, after = heard(one, flags, mine[one.volume[mine] >= 100])
                    delays[name, (size, "large")] += after
                    for m in range(8):
                        yes, _ = heard(one, flags, mine[one.mechanism[mine] == m])
                        power[name, (size, "mechanism", m)] += yes
    names = [*RIVALS, *(t.upper() for t in TIERS)]
    print(f"{n_worlds} worlds of each kind, seed {seed}\n")
    kinds = [*SIZES, *CONFOUNDERS]
    heads = ["method", "false alarms", "limit", "2 pp", "5 pp", "10 pp", "delay", *CONFOUNDERS]
    print(f"| {' | '.join(heads)} |")
    print("|---|" + "---|" * 12)
    for name in names:
        cells = [_share(power[name, kind]) for kind in kinds]
        wait = "/".join(f"{np.median(delays[name, s] or [0]):.0f}" for s in SIZES)
        limit_text = f"{limits.get(name, np.mean(own_limits.get(name, [0]))):.2f}"
        rate = f"{np.mean(rates[name]):.1f} ± {np.std(rates[name]) / np.sqrt(n_worlds):.1f}"
        print(f"| {' | '.join([name, rate, limit_text, *cells[:3], wait, *cells[3:]])} |")
    print()
    for tier in ("QUERY", "CONFIRMED"):
        large = [(0.05, 100), (0.10, 100), (0.02, 500), (0.05, 500)]
        print(
            tier,
            {k: _share(power[tier, k]) for k in large},
            {s: float(np.median(delays[tier, (s, "large")] or [0])) for s in SIZES},
        )
        for size in (0.05, 0.10):
            print(tier, size, [_share(power[tier, (size, "mechanism", m)]) for m in range(8)])
    goals.show(seed, max(2, n_worlds // 2))
    print(f"\n{time.process_time() - began:.0f} s of CPU")


def _share(found: list[bool]) -> str:
    """Write a share with its standard error."""
    p = float(np.mean(found)) if found else float("nan")
    return f"{p:.3f} ± {np.sqrt(p * (1 - p) / max(len(found), 1)):.3f}"


if __name__ == "__main__":
    words = [int(w) for w in sys.argv[1:]]
    main(*(words + [8, 9_000][len(words) :]))
