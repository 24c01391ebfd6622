"""The dashboards' server: Voila, with what it leaves open closed and what it leaves out added."""

from pbcanalytics.faces.serve.run import serve

__all__ = ["serve"]
