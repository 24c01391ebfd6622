"""Prices explained, and the rules in force."""
