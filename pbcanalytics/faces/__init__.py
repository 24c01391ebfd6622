"""Faces: what a person sees. Parameters, disclosure, figures, pages and the server."""
