"""Widgets of our own: figures drawn from JSON, and a banner for a page that lost its kernel."""
