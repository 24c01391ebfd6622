"""The notebooks as the server reads them, whatever machine they were last saved on."""

from typing import Any

from jupyter_server.services.contents.largefilemanager import LargeFileManager

from pbcanalytics.faces.serve.kernels import KERNEL


class Shelf(LargeFileManager):
    """Read notebooks for the one kernel there is, and keep no record of having read them."""

    def get(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Read a notebook, and have it ask for the kernel it is going to get."""
        model: dict[str, Any] = super().get(*args, **kwargs)  # type: ignore[no-untyped-call]
        if model["type"] == "notebook" and model["content"]:
            spec = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
            model["content"]["metadata"]["kernelspec"] = type(model["content"])(spec)
        return model

    def mark_trusted_cells(self, *args: Any, **kwargs: Any) -> None:
        """Keep no signature database in the operator's home, and warn of none missing."""
