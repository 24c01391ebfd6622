"""How pages look: our own Voila template, the home and error pages, and one style sheet."""

from pathlib import Path

ROOT = Path(__file__).parent

PAGES = ROOT / "pages"

STYLESHEET = ROOT / "voila" / "templates" / "pbc" / "static" / "pbc.css"

PARTS_STYLESHEET = STYLESHEET.with_name("parts.css")
