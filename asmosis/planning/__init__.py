"""Waves proposed from an estate: what depends on what, what is risky, what fits into one night."""
