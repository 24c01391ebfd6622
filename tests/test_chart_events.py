"""Recorded events of charts: read whole or refused with every fault, line by line."""

import datetime as dt
from pathlib import Path

import pytest

from pbcanalytics.reference import Shelf
from pbcanalytics.reference.chart_events import COLUMNS, ChartEvent, chart_events
from pbcanalytics.words.errors import ReferenceGap

DIRECTIONS = {"gp_referrals": "none", "missed_appointments": "lower_better"}
GOOD = "gp_referrals,,,2018-04,rebase,,New pathway,A. Analyst,2018-05-01"


def read(folder: Path, *lines: str, heading: str = ",".join(COLUMNS)) -> list[ChartEvent]:
    text = "\n".join([heading, *lines]) + "\n"
    (folder / "chart_events.csv").write_text(text, encoding="utf-8")
    return chart_events(Shelf.open(folder), DIRECTIONS, {"X80001", "pct-9E1"}, {"110"})


def faults(folder: Path, *lines: str) -> str:
    with pytest.raises(ReferenceGap) as refused:
        read(folder, *lines)
    return str(refused.value)


def test_nothing_recorded_is_nothing(tmp_path: Path) -> None:
    assert chart_events(Shelf.open(tmp_path), DIRECTIONS, set(), set()) == []


def test_an_event_is_read_as_it_was_written(tmp_path: Path) -> None:
    rebase, target = read(
        tmp_path,
        "",
        "missed_appointments,X80001,110,2018-06,target,0.08,Agreed,B. Lead,30/06/2018",
        GOOD,
    )[::1]
    assert rebase == ChartEvent(
        *("gp_referrals", "ALL", "ALL", dt.date(2018, 4, 1), "rebase", None),
        *("New pathway", "A. Analyst", dt.date(2018, 5, 1)),
    )
    assert (target.group, target.specialty, target.value) == ("X80001", "110", 0.08)


def test_what_a_spreadsheet_makes_of_a_month_is_still_that_month(tmp_path: Path) -> None:
    heading, row = ";".join(COLUMNS), GOOD.replace(",", ";")
    for text in ("2018-04", "Apr-18", "01/04/2018", "2018-04-01"):
        (one,) = read(tmp_path, row.replace("2018-04;", f"{text};"), heading=heading)
        assert one.month == dt.date(2018, 4, 1)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (GOOD.replace("New pathway", ""), "gives no reason"),
        (GOOD.replace("A. Analyst", ""), "names no author"),
        (GOOD.replace("2018-04", ""), "a rebase needs its month"),
        (GOOD.replace("2018-04", "04/18"), "its month is '04/18'"),
        (GOOD.replace("2018-05-01", "May"), "its date is 'May'"),
        (GOOD.replace("gp_referrals", "gp_refferals"), "'gp_refferals' is no measure"),
        (GOOD.replace("gp_referrals,", "gp_referrals,X9"), "'X9' is no group"),
        (GOOD.replace("referrals,,", "referrals,,999"), "'999' is no specialty"),
        (GOOD.replace("rebase,", "rebase,7"), "a rebase has no value"),
        (GOOD.replace("rebase", "step"), "'step' is no kind"),
        (GOOD.replace("New pathway", "New, pathway"), "10 cells instead of 9"),
        (GOOD.replace("rebase,", "target,20"), "neither higher nor lower is better"),
        ("missed_appointments,,,,target,8%,Agreed,B,2018-05-01", "its target is '8%'"),
        ("gp_referrals,,,,fix,6,Baseline,B,2018-05-01", "must rest on 12 or more"),
        ("gp_referrals,,,2018-04,fix,12,Baseline,B,2018-05-01", "a fix has no month"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(tmp_path: Path, line: str, fault: str) -> None:
    said = faults(tmp_path, line)
    assert fault in said
    assert "line 2: " in said


def test_every_fault_is_named_at_once_with_its_line(tmp_path: Path) -> None:
    said = faults(tmp_path, GOOD, GOOD, GOOD.replace("New pathway", "").replace("rebase", "jump"))
    assert said.count("- line ") == 3
    assert "line 3: it says again, for the same chart, what line 2 says" in said
    assert said.count("line 4: ") == 2


def test_a_file_of_other_headings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceGap, match="its headings are month, why"):
        read(tmp_path, "2018-04,opened", heading="month,why")
