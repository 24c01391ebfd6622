"""The dashboards' server: Voila, with what it leaves open closed and what it leaves out added."""

from pbcanalytics.faces.serve.run import check_port, serve

__all__ = ["check_port", "serve"]
