"""Drills: tabletop exercises generated from a failover plan, and the packs that people hold."""

from riskreg.drills.make import make, msel_rows
from riskreg.drills.packs import packs

__all__ = ["make", "msel_rows", "packs"]
