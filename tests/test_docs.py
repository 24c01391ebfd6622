"""What is written is so: generated pages are fresh, maps match the tree, names are documented."""

import inspect
import re
from pathlib import Path

import pytest
from typer.main import get_command

import pbcanalytics
from pbcanalytics import cli
from pbcanalytics.words import errors
from tests import generated

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", list(generated.PAGES))
def test_a_generated_page_is_fresh(name: str) -> None:
    written = (generated.DOCS / name).read_text(encoding="utf-8")
    assert written == generated.PAGES[name](), "run make docs"


def test_the_public_names_and_their_parameters_are_pinned() -> None:
    found = {
        name: list(inspect.signature(getattr(pbcanalytics, name)).parameters)
        for name in pbcanalytics.__all__
        if not inspect.isclass(getattr(pbcanalytics, name))
    }
    assert found == {
        "baseline_budgets": ["practice", "financial_year", "mode"],
        "budget_monitor": ["group", "financial_year", "month", "scope", "mode"],
        "build": ["data", "engine", "progress"],
        "demo": ["data", "n_practices", "years", "seed", "quiet", "era", "progress"],
        "check": ["data", "provider", "supplier", "out"],
        "code_creep": ["provider", "root", "mechanism", "mode"],
        "explained_prices": ["group", "years", "pod", "mode"],
        "explained_spell": ["spell", "price_year", "mode"],
        "load": ["data", "files", "wishes", "progress", "choose"],
        "organisations": ["data", "day"],
        "price_of_a_stay": ["hrg", "admission", "days", "provider", "price_year", "mode"],
        "publish": ["data"],
        "referral_trends": [
            *("measure", "group", "specialty", "provider", "source"),
            *("per", "preset", "mode"),
        ],
        "status": ["data"],
        "unload": ["data", "load_id"],
    }
    assert set(pbcanalytics.__all__) - set(found) == {
        "PbcError",
        "Published",
        "Shelf",
        "Wishes",
    }
    assert sorted(pbcanalytics.__all__) == dir(pbcanalytics)


def test_a_name_that_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no public name 'secret'"):
        pbcanalytics.secret  # noqa: B018


def test_the_map_of_the_house_is_the_tree() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    mapped = set(re.findall(r"^- `pbcanalytics/([^`]+)`", text, re.M))
    package = ROOT / "pbcanalytics"
    tree = {p.name for p in package.iterdir() if not p.name.startswith("__")}
    assert mapped == {name for name in tree if not name.startswith(".")}


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in get_command(cli.app).commands:  # type: ignore[attr-defined]
        assert f"`pbc {command}" in readme


def test_every_error_has_its_own_exit_code_and_one_line() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PbcError)
    ]
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert all(kind.__doc__ for kind in kinds)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
