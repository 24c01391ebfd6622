"""Figures, cards and tables as light markup, and their colours."""
