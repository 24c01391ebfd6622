"""Code creep: told from sicker patients and from better recording; a query, never a verdict."""
