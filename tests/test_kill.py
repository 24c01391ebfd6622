"""Killed at any moment, the store holds the old or the new whole, and readers never notice."""

import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pbcanalytics.store import Published, Warehouse
from tests.browsing import ROOT

KILLS = int(os.environ.get("PBC_KILLS", "6"))
"""How many moments; the record in docs/performance.md was made with 50."""

STEPS = ("load", "write", "build", "write", "publish", "write")
"""What is under way when the blow falls. Publishing works for seconds and writes for a moment,
so its writing is also killed by itself."""

LONGEST_WAIT = 1.5
"""Up to so long after a step has begun. [s]"""

WORK = """
import sys
from pathlib import Path
from pbcanalytics import pipeline
data, place, versions = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
while True:
    for version in versions:
        place.write_text(Path(version).read_text())
        print("load", flush=True)
        pipeline.load(data, [place])
        print("build", flush=True)
        pipeline.build(data)
        print("publish", flush=True)
        pipeline.publish(data)
"""

WRITE = """
import sys, uuid
from pathlib import Path
from pbcanalytics.store import Published
from tests.test_comparisons import copied
data = Path(sys.argv[1])
while True:
    copied(Published(data), data, {"build_id": uuid.uuid4().hex})
    print("write", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a Unix idea")
@pytest.mark.slow
def test_killed_in_the_middle_the_store_is_whole(small_pct: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_pct, data)
    landing = data / "demo" / "landing"
    extract = next(landing.glob("apc_2018-19.csv"))
    sound = [x for x in extract.read_text().splitlines(keepends=True) if x.count(",") > 20]
    versions = []
    for name, kept in (("a", sound), ("b", sound[:-200])):
        versions.append(tmp_path / name)
        versions[-1].write_text("".join(kept))
    whole = {len(sound) - 1, len(sound) - 201}
    with Warehouse.open(data, doing="the test") as warehouse:
        # The copy lies elsewhere than the original, so it is told that it is the same file.
        warehouse.con.execute(
            "UPDATE loads SET place = ? WHERE file = ?", [str(extract.resolve()), extract.name]
        )
        before = warehouse.rows("SELECT rows_read FROM loads WHERE file = 'apc_2018-19.csv'")
    whole.add(before[0][0])
    reader = Published(data)
    chance = random.Random(20061122)
    builds = set()
    for step in itertools.islice(itertools.cycle(STEPS), KILLS):
        worker = subprocess.Popen(
            [sys.executable, "-c", WRITE if step == "write" else WORK]
            + [str(p) for p in (data, extract, *versions)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert worker.stdout is not None
        assert f"{step}\n" in iter(worker.stdout.readline, "")
        end = time.monotonic() + chance.uniform(0.0, LONGEST_WAIT)
        while time.monotonic() < end:
            assert reader.rows("SELECT count(*) AS n FROM budget_practices")[0]["n"] > 0
            time.sleep(0.02)
        worker.kill()
        assert worker.stderr is not None
        assert worker.stderr.read() == ""
        worker.wait()
        with Warehouse.open(data, doing="the test") as warehouse:
            loads = warehouse.rows(
                "SELECT load_id, rows_read, accepted, rejected, "
                "(SELECT count(*) FROM episodes AS e WHERE e.load_id = l.load_id), "
                "(SELECT count(*) FROM superseded_episodes AS e WHERE e.load_id = l.load_id), "
                "(SELECT count(*) FROM rejects AS r WHERE r.load_id = l.load_id) "
                "FROM loads AS l WHERE file = 'apc_2018-19.csv' ORDER BY load_id"
            )
            orphans = warehouse.rows(
                "SELECT count(*) FROM episodes WHERE load_id NOT IN (SELECT load_id FROM loads)"
            )
        assert orphans == [(0,)]
        for load, rows_read, accepted, rejected, held, replaced, refused in loads:
            assert rows_read in whole
            assert (held + replaced, refused) == (accepted, rejected)
            assert held == (accepted if load == loads[-1][0] else 0)
        fresh = Published(data)
        builds.add(fresh.about()["build_id"])
        for year in fresh.rows("SELECT * FROM budgets"):
            summed = fresh.rows(
                "SELECT CAST(sum(indicative_pence) AS BIGINT) AS pence FROM budget_practices "
                "WHERE financial_year = ?",
                (year["financial_year"],),
            )
            assert summed[0]["pence"] == year["available_pence"]
        fresh.close()
    assert len(builds) > 1
