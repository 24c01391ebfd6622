"""Load what pages import: run by a kernel that waits for its visitor."""

import contextlib
import pkgutil
from importlib import import_module

# The latter two are imported by functions, and so not when their page is.
_BESIDES = ("pbcanalytics.faces.notebooks", "scipy.special", "scipy.stats")


def preload() -> None:
    """Import every page, and forgive what cannot be: the page itself will say so."""
    from pbcanalytics.faces import pages

    found = pkgutil.walk_packages(pages.__path__, f"{pages.__name__}.", onerror=lambda name: None)
    names = [module.name for module in found]
    for name in (*names, *_BESIDES):
        with contextlib.suppress(Exception):
            import_module(name)
