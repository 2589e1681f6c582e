"""Readings become signals; one file per detector.

`detect` judges all readings up to a moment; `missing` tells which are overdue; `trace` gives the numbers behind one control chart.
"""

from __future__ import annotations

from riskreg.detection.missing import missing
from riskreg.detection.signals import detect, trace

__all__ = ["detect", "missing", "trace"]
