"""A year under way: spending against the months of a budget, and why it differs."""
