"""Readings become signals; one file per detector."""
