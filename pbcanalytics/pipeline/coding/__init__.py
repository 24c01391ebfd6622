"""The search for changes of coding, kept and told."""
