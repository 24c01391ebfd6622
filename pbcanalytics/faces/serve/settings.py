"""Voila's settings, given in Python so that no file on the machine can change them."""

from pathlib import Path
from typing import Any

from traitlets.config import Config

from pbcanalytics.faces.serve.assets import PLOTLY
from pbcanalytics.faces.serve.kernels import Ceiling, ThisPython
from pbcanalytics.faces.serve.listing import title_of
from pbcanalytics.faces.serve.wording import FAILED, SLOW

# Without the second no widget draws; without a list the page loads 4.7 MB of others' code.
EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
    "pbc",
]

# Every file in there has a hash in its name.
IMMUTABLE = [f"/voila/labextensions/{name}/static/" for name in EXTENSIONS if name != "pbc"]

CULL_IDLE_SECONDS = 900
CULL_EVERY_SECONDS = 60
LONGEST_CELL_SECONDS = 120


def settings(
    notebooks: Path,
    *,
    port: int,
    environment: dict[str, str],
    max_kernels: int,
    grace: float,
    warm: int,
) -> Config:
    """Make the whole configuration of one server."""
    values: dict[str, dict[str, Any]] = {
        "Voila": {
            "root_dir": str(notebooks),
            "ip": "127.0.0.1",
            "port": port,
            "token": "",
            "open_browser": False,
            "log_level": "WARN",
        },
        "VoilaConfiguration": {
            "template": "pbc",
            "theme": "light",
            "resources": {"pbc": {"plotly": PLOTLY}},
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "file_allowlist": [],
            "extension_allowlist": EXTENSIONS,
            "multi_kernel_manager_class": Ceiling,
            "kernel_spec_manager_class": ThisPython,
        },
        "VoilaExporter": {"filters": {"pbc_title": title_of}},
        "VoilaExecutor": {
            "timeout": LONGEST_CELL_SECONDS,
            "cell_error_instruction": FAILED,
            "cell_timeout_instruction": SLOW,
        },
        "MappingKernelManager": {
            "cull_idle_timeout": CULL_IDLE_SECONDS,
            "cull_interval": CULL_EVERY_SECONDS,
            "cull_connected": True,
            "cull_busy": False,
            "allow_tracebacks": False,
        },
        # A kernel that died comes back blank, which no page can use: let it stay dead.
        "KernelRestarter": {"restart_limit": 0},
        "Ceiling": {
            "max_kernels": max_kernels,
            "environment": environment,
            "grace": grace,
            "warm": warm,
        },
    }
    return Config(values)
