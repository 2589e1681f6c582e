"""Seconds of the wall clock and of the processor, those of processes that were waited for included."""

from __future__ import annotations

import resource
import time
from typing import NamedTuple


class Spent(NamedTuple):
    wall: float
    cpu: float


class Clock:
    """Runs from where it is made."""

    def __init__(self) -> None:
        self._start = _now()

    def read(self) -> Spent:
        return Spent(*(now - then for now, then in zip(_now(), self._start, strict=True)))


def _now() -> tuple[float, float]:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)
