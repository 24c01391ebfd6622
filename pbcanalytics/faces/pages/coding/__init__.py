"""The page of changes in how hospitals record."""
