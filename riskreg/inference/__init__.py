"""Signals and facts become findings: two engines that must agree."""
