"""What a year will probably come to, and how sure that is."""
