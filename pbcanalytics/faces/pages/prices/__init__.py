"""The pages of prices, step by step."""
