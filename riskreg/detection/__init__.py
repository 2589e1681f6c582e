"""Readings become signals; one file per detector.

`detect` judges all readings up to a moment; `trace` gives the numbers behind one control chart.
"""

from __future__ import annotations

from riskreg.detection.signals import detect, trace

__all__ = ["detect", "trace"]
