"""Tabletop exercises, generated from the plan as it is."""
