"""Schemes to change demand: what could be seen, and what became of them."""
