"""Fair shares, chance around them, and the pace towards them."""
