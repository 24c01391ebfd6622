"""The tables of the published file, laid out with small numbers withheld."""
