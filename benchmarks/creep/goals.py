"""The goals that are no matter of single series: pools, pounds, false discoveries, labels, time."""

import resource
import time
from dataclasses import replace

import numpy as np

from benchmarks.creep.generator import world
from pbcanalytics.creep.detector import alarms, fits
from pbcanalytics.creep.effect import effect
from pbcanalytics.creep.explanations import posterior
from pbcanalytics.creep.limits import alarm_rate, calibrated
from pbcanalytics.creep.national import creep_part
from pbcanalytics.creep.signals import signals
from pbcanalytics.creep.states import passing


def show(seed: int, n_worlds: int) -> None:
    """Print the goals one by one."""
    _pools(seed, 2 * n_worlds)
    _quiet_pools(seed, n_worlds)
    _catch_up(seed, n_worlds)
    _national(seed, n_worlds)
    _discoveries(seed, 2 * n_worlds)
    _labels(seed, n_worlds)
    _speed(seed)


def _pools(seed: int, n_worlds: int) -> None:
    """Print how well creep in all roots of a provider is heard (G7) and counted (G9)."""
    power: dict[float, list[bool]] = {0.02: [], 0.03: [], 0.05: []}
    errors, inside = [], []
    for number in range(n_worlds):
        for mechanism in range(8):
            one = world(
                seed + 100 * number + mechanism,
                "creep",
                mechanisms=(mechanism,),
                sizes=tuple(power),
                whole_provider=True,
            )
            pools = {"provider": one.panel.provider}
            found = signals(one.panel, pools)
            limits = calibrated(one.panel, found, pools, n_panels=12, seed=number)["provider"]
            alarm = alarms(found.pools["provider"].query, limits.limit["query"])
            for j in range(4):
                rows = np.flatnonzero(one.panel.provider == j)
                onset, size = int(one.onset[rows[0]]), float(one.size[rows[0]])
                if not alarm[j, onset - 6 : onset].any():
                    power[size].append(bool(alarm[j, onset : onset + 12].any()))
                if size == 0.05:
                    split = effect(one.panel, found, rows, onset, is_creep=True)
                    after = slice(onset, onset + 12)
                    truth = one.n_crept[rows, after].sum() / split.n_after.sum()
                    told = float(split.weights @ split.creep.value)
                    errors.append((told - truth) / truth)
                    inside.append(abs(told - truth) <= 1.96 * split.creep.error(split.weights))
    shares = {k: (float(np.mean(v)), len(v)) for k, v in power.items()}
    told = [f"{k}: {p:.3f} ± {np.sqrt(p * (1 - p) / n):.3f} of {n}" for k, (p, n) in shares.items()]
    print("\nG7 pooled power", "; ".join(told))
    print(
        f"G9 creep at 5 points, onset known: median error {np.median(np.abs(errors)):.3f}, "
        f"bias {np.mean(errors):+.3f} ± {np.std(errors) / np.sqrt(len(errors)):.3f}, "
        f"in 95% {np.mean(inside):.3f} of {len(inside)}"
    )


def _quiet_pools(seed: int, n_worlds: int) -> None:
    """Print how often pools of a provider and a mechanism alarm where nothing was planted."""
    rates: dict[str, list[float]] = {"query": [], "confirmed": []}
    for number in range(n_worlds):
        one = world(seed + number)
        pools = {"pool": one.panel.provider * 8 + one.mechanism}
        found = signals(one.panel, pools)
        limit = calibrated(one.panel, found, pools, n_panels=4, seed=number)["pool"].limit
        for tier, held in rates.items():
            held.append(alarm_rate([getattr(found.pools["pool"], tier)], limit[tier]))
    told = [f"{k} {np.mean(v):.1f} ± {np.std(v) / np.sqrt(n_worlds):.1f}" for k, v in rates.items()]
    print("False alarms of pools in 1,000 years:", "; ".join(told))


def _catch_up(seed: int, n_worlds: int) -> None:
    """Print what part of a catch-up is taken for creep (G8)."""
    ratios = []
    for number in range(n_worlds):
        one = world(seed + number, "C4")
        found = signals(one.panel)
        for j in range(4):
            rows = np.flatnonzero(one.panel.provider == j)
            split = effect(one.panel, found, rows, int(one.onset[rows[0]]), is_creep=False)
            told, change = (split.weights @ x for x in (split.creep.value, split.change))
            ratios.append(float(told / change))
    print(
        f"G8 creep part of a catch-up: mean {np.mean(ratios):+.3f} ± "
        f"{np.std(ratios) / np.sqrt(len(ratios)):.3f}, of {len(ratios)} providers"
    )


def _national(seed: int, n_worlds: int) -> None:
    """Print creep of 2 points at everybody, without month effects (G12)."""
    told, truth = [], []
    for number in range(n_worlds):
        one = world(seed + number, "creep", n_affected=30, sizes=(0.02,), whole_provider=True)
        found = signals(one.panel)
        n = one.panel.n
        c = np.nan_to_num(creep_part(one.panel, found))
        after, before = slice(48, 60), slice(0, 24)
        change = [(n[:, w] * c[:, w]).sum() / n[:, w].sum() for w in (after, before)]
        told.append(100 * (change[0] - change[1]))
        crept = one.n_crept
        truth.append(
            100
            * (
                crept[:, after].sum() / n[:, after].sum()
                - crept[:, before].sum() / n[:, before].sum()
            )
        )
    print(
        f"G12 national creep: told {np.mean(told):.2f} points, planted {np.mean(truth):.2f}, "
        f"largest miss {np.max(np.abs(np.array(told) - truth)):.2f}"
    )


def _discoveries(seed: int, n_worlds: int) -> None:
    """
    Print the false share of what passes Benjamini and Hochberg at 0.10 (G11).

    Of all series-months together, and as the mean of each month's own share: the latter is what
    the procedure promises to hold.
    """
    for n_affected in (1, 4):
        false: list[int] = []
        stood: list[int] = []
        shares: list[float] = []
        heard: list[bool] = []
        for number in range(n_worlds):
            one = world(seed + 7 * number, "creep", n_affected=n_affected, sizes=(0.05, 0.10))
            found = signals(one.panel)
            limits = calibrated(one.panel, found, n_panels=6, seed=number)["series"]
            p = limits.p_values("query", found.scan.query)
            stands = np.array([passing(p[:, t]) for t in range(60)]).T
            stands &= found.scan.query > limits.limit["query"]
            on = (one.onset[:, None] >= 0) & (np.arange(60) >= one.onset[:, None])
            wrong, every = (x[:, 24:].sum(axis=0) for x in (stands & ~on, stands))
            false.append(int(wrong.sum()))
            stood.append(int(every.sum()))
            shares.append(float(np.mean(wrong / np.maximum(every, 1))))
            at = np.flatnonzero(one.onset >= 0)
            heard += [bool(stands[i, one.onset[i] : one.onset[i] + 12].any()) for i in at]
        print(
            f"G11 {n_affected} of 30 providers: false share {sum(false) / max(sum(stood), 1):.3f} "
            f"of {sum(stood)} series-months; mean of a month {np.mean(shares):.3f} ± "
            f"{np.std(shares) / np.sqrt(n_worlds):.3f}; {np.mean(heard):.3f} of {len(heard)} "
            "planted stood within a year"
        )


def _labels(seed: int, n_worlds: int) -> None:
    """Print what creep of 10 points and catch-ups are called a year on, n >= 100 (G14)."""
    for kind, sizes in (("creep", (0.10,)), ("C4", (0.10,))):
        called, all_strong = [], []
        for number in range(n_worlds):
            one = world(seed + number, kind, sizes=sizes, volumes=(100, 200, 500))
            found = signals(one.panel)
            for i in np.flatnonzero(one.onset >= 0):
                t = one.onset[i] + 11
                best = int(posterior(fits(found.scan, i, t)).argmax()) == 1
                called.append(best)
                if one.mechanism[i] in (0, 1, 2, 4, 5):
                    all_strong.append(best)
        print(
            f"G14 {kind} called creep: {np.mean(called):.3f} of {len(called)}; "
            f"where severity is told well {np.mean(all_strong):.3f} of {len(all_strong)}"
        )


def _speed(seed: int) -> None:
    """Print the time of a PCT, and of a nation in parts (G13)."""
    pct = world(seed, volumes=(100,), roots_each=15).panel.taken(slice(0, 3400))
    pct = replace(pct, root=np.arange(3400) // 10, provider=np.arange(3400) % 10)
    at = time.process_time()
    signals(pct)
    print(f"G13 3,400 series: {time.process_time() - at:.2f} s; ", end="")
    part = world(seed, n_providers=150, volumes=(100,), roots_each=8).panel
    n_parts = -(-720_000 // len(part.n))
    at = time.process_time()
    for _ in range(n_parts):
        signals(part)
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{n_parts * len(part.n):,} series in {n_parts} parts: "
        f"{time.process_time() - at:.0f} s, peak {gigabytes:.1f} GB"
    )
