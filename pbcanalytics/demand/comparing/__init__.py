"""Practices beside each other: rates and their limits, funnels, ranks, peers."""
