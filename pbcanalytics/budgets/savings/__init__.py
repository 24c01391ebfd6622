"""What is left of a budget: freed-up resources, incentives, and what chance alone would pay."""
