"""`python -m pbcanalytics` is `pbc`."""

from pbcanalytics.cli import main

main()
