"""How well creep is told from what looks like it, on invented providers whose truth is known."""
