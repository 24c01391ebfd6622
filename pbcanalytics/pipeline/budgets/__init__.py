"""Budgets from what was priced: set, agreed, opened, followed and forecast."""
