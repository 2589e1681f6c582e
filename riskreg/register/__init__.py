"""Findings and people become risks: a hash-chained journal, and what it adds up to."""
