"""What stands out of late over the whole grid, and what of it is new."""
