"""Files as suppliers send them, opened and read so that no line goes missing."""
