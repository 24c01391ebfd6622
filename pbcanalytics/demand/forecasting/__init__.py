"""What is to come: many small counts at once, with ranges, adding up."""
