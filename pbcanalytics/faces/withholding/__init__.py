"""Which small numbers are withheld, and what else would tell them."""
