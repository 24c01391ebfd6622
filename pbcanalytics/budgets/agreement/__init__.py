"""Budgets that were agreed: versions, what changed between them, the checklist."""
