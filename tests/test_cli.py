"""The command: helpful help, one sentence an error, exit codes, the status for machines."""

import gzip
import json
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pbcanalytics import intake
from pbcanalytics.cli import app
from pbcanalytics.words.errors import SelectionError
from tests.commands import pbc, process
from tests.test_intake import HEADINGS, episode

COMMANDS = (
    *("start", "demo", "load", "build", "publish", "dashboards", "status"),
    *(
        "unload",
        "map",
        "check",
        "organisations",
        "grouper",
        "explain",
        "price",
        "bridge",
        "hrgs",
        "supplied",
        "contracts",
        "rules",
        "aggregates",
        "alerts",
        "compare",
        "forecast",
        "share",
        "measures",
        "monitor",
        "budget",
        "agree",
        "versions",
        "replay",
        "trend",
        "creep",
        "indicators",
        "scheme",
        "scheme-plan",
        "schemes",
    ),
)

OF_A_FILE_ALONE = ("trend",)
"""These touch no data folder."""


def refused(*words: str, code: int, says: str) -> str:
    """Run a command that must fail: nothing but sentences, the right exit code."""
    done = pbc(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(says, done.stderr), done.stderr
    return done.stderr


def test_the_help_names_every_step_in_words() -> None:
    said = process("--help").stdout
    for command in COMMANDS:
        assert command in said


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in OF_A_FILE_ALONE])
def test_every_command_takes_the_data_folder(command: str) -> None:
    done = pbc(command, "--help")
    assert done.returncode == 0
    assert "--data" in done.stdout


def test_the_steps_in_order_from_nothing_to_a_status(tmp_path: Path) -> None:
    data = tmp_path / "my data"
    assert pbc("demo", "--data", str(data), "--practices", "3", "--years", "2").returncode == 0
    assert (data / "demo" / "answer_key.json").is_file()
    loaded = pbc("load", str(data / "demo" / "landing"), "--data", str(data))
    assert "apc_2017-18.csv:" in loaded.stdout
    again = pbc("load", str(data / "demo" / "landing"), "--data", str(data))
    assert "loaded before, nothing changed" in again.stdout
    before = json.loads(pbc("status", "--json", "--data", str(data)).stdout)
    assert before["spells"] is None
    assert "priced" in pbc("build", "--data", str(data)).stdout
    assert "Published" in pbc("publish", "--data", str(data)).stdout
    known = json.loads(process("status", "--json", "--data", str(data)).stdout)
    for file in known["files"]:
        assert set(file) >= {"file", "layout", "rows_read", "accepted", "rejected", "reasons"}
        assert file["rows_read"] == file["accepted"] + file["rejected"]
        assert file["rejected"] == sum(file["reasons"].values())
    spells, pence = known["spells"], known["pence"]
    assert spells["total"] == spells["priced"] + sum(spells["unpriced"].values())
    assert pence["price"] == pence["base"] + pence["short_stay"] + pence["long_stay"] + pence["mff"]
    assert pence["total"] == pence["price"] + pence["outpatients"] + pence["emergency"]
    assert pence["top_up"] is None
    assert pence["short_stay"] < 0
    assert 0.98 < known["coverage"] <= 1
    assert known["data_to"] == "2019-03"
    assert known["built_at"]
    said = pbc("status", "--data", str(data)).stdout
    assert f"{spells['total']:,} spells" in said
    assert "March 2019" in said


def test_a_file_is_explained_and_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("PROVIDER_CODE,NAME,COLOUR\nXD1,District,red\n")
    said = pbc("load", "--explain", str(tmp_path / "a.csv"), "--data", str(tmp_path / "d")).stdout
    assert "would be read as providers" in said
    assert "Ignored: COLOUR." in said
    assert not (tmp_path / "d").exists()


def test_every_file_of_a_folder_is_explained(tmp_path: Path) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "a.csv").write_text("PROVIDER_CODE,NAME,[COLOUR]\nXD1,District,red\n")
    (folder / "b.csv").write_text("colour,shape\nred,round\n")
    (folder / "c.csv").write_text("PRACTICE_CODE,NAME,PCT_CODE\nX80001,A,9E1\n")
    done = pbc("load", "--explain", str(folder), "--data", str(tmp_path / "d"))
    assert "a.csv would be read as providers" in done.stdout
    assert "Ignored: [COLOUR]." in done.stdout
    assert "c.csv would be read as practices" in done.stdout
    assert "b.csv is none of the files" in done.stderr
    assert done.returncode == 4


def test_where_no_row_is_accepted_there_is_no_next_step(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("PRACTICE_CODE,NAME,PCT_CODE\n,A,9E1\n")
    done = pbc("load", str(tmp_path / "a.csv"), "--data", str(tmp_path / "d"))
    assert done.returncode == 0
    assert "nothing is used" in done.stdout
    assert "Next:" not in done.stdout


THEIRS = HEADINGS.replace("PROCODE3", "Trust").replace("EPIKEY", "Episode No")


def teach(data: Path, file: Path, *words: str) -> str:
    """Run `pbc map` in this process, saying yes."""
    options = ["--data", str(data), "--supplier", "North", "--as", "hes_apc", "--yes"]
    done = CliRunner().invoke(app, ["map", str(file), *options, *words])
    if done.exception is not None:
        raise done.exception
    return done.stdout


HEADED = ("--set", "provider_code=Trust", "--set", "episode_id=Episode No")


def test_a_second_lesson_adds_to_the_first_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{THEIRS}\n{episode(SEX='M')}\n")
    assert "Added: sex: M is 1." in teach(tmp_path, file, *HEADED, "--code", "sex:M=1")
    told = teach(tmp_path, file, "--supplier", " NORTH", "--code", "sex:F=2")
    assert "Added: sex: F is 2." in told
    assert "Dropped" not in told
    (held,) = intake.saved_maps(tmp_path)
    assert held.codes == {"sex": {"M": "1", "F": "2"}}
    assert set(held.columns) == {"provider_code", "episode_id"}
    assert "Dropped: sex: M is 1." in teach(tmp_path, file, *HEADED, "--anew")
    (held,) = intake.saved_maps(tmp_path)
    assert held.codes == {}


def test_the_next_map_ends_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{THEIRS}\n{episode()}\n")
    teach(tmp_path, file, *HEADED)
    told = teach(tmp_path, file, *HEADED, "--from", "2018-04-01")
    assert "The map north_hes_apc ends on 2018-03-31." in told
    held = {m.name: m.period for m in intake.saved_maps(tmp_path)}
    assert held == {
        "north_hes_apc": "the beginning to 2018-03-31",
        "north_hes_apc_2018-04-01": "2018-04-01 to now",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "hrg=Group"], "no heading 'Group' to bring hrg"),
        (["--code", "sex:M=Z"], "'Z' is no code of sex; its codes: 0, 1, 2, 9"),
        (["--code", "colour:R=RED"], "no column colour"),
        (["--from", "2018-04-01", "--to", "2018-03-31"], "before it begins"),
    ],
)
def test_a_map_that_cannot_be_meant_is_not_saved(
    tmp_path: Path, words: list[str], says: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{THEIRS}\n{episode()}\n")
    with pytest.raises(SelectionError, match=says):
        teach(tmp_path, file, *HEADED, *words)
    assert intake.saved_maps(tmp_path) == []


def test_headings_held_from_earlier_that_the_file_lacks_are_not_kept_in_silence(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{THEIRS}\n{episode()}\n")
    teach(tmp_path, file, *HEADED, "--set", "hrg=SUSHRG")
    file.write_text(f"{THEIRS.replace('SUSHRG', 'HRG40')}\n{episode()}\n")
    with pytest.raises(SelectionError, match=r"brings hrg from SUSHRG, which a\.csv does not have"):
        teach(tmp_path, file, "--code", "sex:M=1")


def test_a_map_is_taught_without_a_copy_in_the_systems_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = tmp_path / "a.csv.gz", tmp_path / "data"
    data.mkdir()
    file.write_bytes(gzip.compress(f"{THEIRS}\n{episode()}\n".encode()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    teach(data, file, *HEADED)
    assert [p.name for p in data.iterdir()] == ["maps"]


def test_one_code_that_nobody_knows_is_one(tmp_path: Path) -> None:
    from pbcanalytics.cli.saying import became

    one = intake.Loaded("a.csv", "hes_apc", 5, 5, 0, is_new=True, unknown_codes=1)
    assert any("1 code is on no list" in line for line in became(one, tmp_path))
    two = intake.Loaded("a.csv", "hes_apc", 5, 5, 0, is_new=True, unknown_codes=2)
    assert any("2 codes are on no list" in line for line in became(two, tmp_path))


def test_a_missing_file(tmp_path: Path) -> None:
    words = ("load", "nowhere.csv", "--data", str(tmp_path))
    said = refused(*words, code=4, says="no file nowhere.csv")
    # A process of its own says the same, and ends with the same code.
    own = process(*words)
    assert (own.returncode, own.stdout, own.stderr) == (4, "", said)


def test_a_folder_without_data(tmp_path: Path) -> None:
    for command in ("build", "publish", "status"):
        refused(command, "--data", str(tmp_path / "none"), code=6, says="No activity has been")
    refused("dashboards", "--data", str(tmp_path), code=6, says="Nothing has been published")


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("PRACTICE_CODE,NAME,PCT_CODE\nX80001,A,9E1\n")
    refused("load", str(file), "--data", str(file), code=6, says="cannot be made")


def test_a_port_in_use(small_pct: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(
            *("dashboards", "--data", str(small_pct), "--port", port, "--no-open"),
            code=7,
            says=f"(?i)port {port} is already in use",
        )


def test_a_missing_column_and_the_other_files_are_loaded_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("PRACTICE_CODE,PCT_CODE\nX80001,9E1\n")
    (tmp_path / "b.csv").write_text("PROVIDER_CODE,NAME\nXD1,District\n")
    said = refused(
        "load", str(tmp_path), "--data", str(tmp_path / "d"), code=4, says="no column NAME"
    )
    assert len(said.strip().splitlines()) == 1
    files = json.loads(pbc("status", "--json", "--data", str(tmp_path / "d")).stdout)["files"]
    assert [f["file"] for f in files] == ["b.csv"]


def test_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"these bytes are no database" * 500)
    for words in (["build"], ["status"], ["start", "--no-open"]):
        refused(*words, "--data", str(tmp_path), code=6, says="cannot be used as a database")


def test_a_database_that_another_command_uses(small_pct: Path) -> None:
    hold = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); "
        "print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(small_pct / "warehouse.duckdb")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused("status", "--data", str(small_pct), code=6, says="used by another pbc command")
    finally:
        holder.kill()
        holder.wait()


def test_what_was_not_foreseen_is_a_sentence_and_a_log(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pbcanalytics import cli, pipeline\n"
            "def broken(data): raise RuntimeError('made to fail')\n"
            "pipeline.status = broken\nsys.argv = ['pbc', 'status']\ncli.main()",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 70
    assert "did not foresee (RuntimeError)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "made to fail" in (tmp_path / "pbc-error.log").read_text()


def test_a_wrong_word_is_answered_with_usage() -> None:
    refused("frobnicate", code=2, says="No such command")
    refused("demo", "--practices", "1", code=2, says="practices")
