"""Measures of demand, summed from the cube by practice, specialty and month."""
