"""Control charts of series of months: rules by preset, seasons, and the course of a value."""
