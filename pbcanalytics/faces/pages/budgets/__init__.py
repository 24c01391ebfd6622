"""The pages of budgets: how they are made, and how they are kept."""
