"""Control charts: limits from a wanted in-control average run length, and the CUSUM recursion over many series at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special

from riskreg.detection.statistics import Array

ALLOWANCE = 0.5
"""Of the normal CUSUM, in standard errors of one period: tuned to a shift of one standard error (Page 1954)."""
MARGIN = 0.5
"""How far charts move an estimated norm towards worse, in standard errors of the norm: the norm may have come out low by chance
(Gandy and Kvaløy 2013). With half an error, simulated false signals of many sites come no more often than the run length says."""
_EWMA_STATES = 120
_CUSUM_STATES = 240
_NODES_PER_DECADE = 12
_LEAST_MEAN, _MOST_MEAN = 0.01, 10_000.0


@lru_cache(maxsize=64)
def normal_cusum_limit(run_length: float, allowance: float = ALLOWANCE) -> float:
    """Limit of a one-sided CUSUM of standard normal values, in standard errors, for a wanted average run length in periods.

    Siegmund's approximation (1985, Sequential Analysis, 2.5): ARL = (exp(2kb) − 2kb − 1) / 2k², b = h + 1.166.
    """

    def enough(limit: float) -> bool:
        b = 2.0 * allowance * (limit + 1.166)
        return bool(np.expm1(b) - b >= 2.0 * allowance**2 * run_length)

    return _least(enough, 0.0, np.log(run_length) / allowance + 10.0)


@lru_cache(maxsize=64)
def ewma_limit(run_length: float, weight: float) -> float:
    """Limit of a one-sided EWMA of standard normal values, in steady-state standard deviations of the EWMA.

    Markov chain of Brook and Evans (1972) as Lucas and Saccucci (1990) use it for the EWMA; far on the good side the
    value is held at five standard deviations.
    """
    spread = np.sqrt(weight / (2.0 - weight))

    def enough(limit: float) -> bool:
        edges = np.linspace(-5.0 * spread, limit * spread, _EWMA_STATES + 1)
        middle = (edges[1:] + edges[:-1]) / 2.0
        reach = special.ndtr((edges[None, :] - (1.0 - weight) * middle[:, None]) / weight)
        reach[:, 0] = 0.0
        return _run_length(np.diff(reach, axis=1), int(np.searchsorted(middle, 0.0))) >= run_length

    return _least(enough, 0.1, float(special.ndtri(1.0 - 1.0 / run_length)) + 1.0)


def poisson_cusum_limit(mean: ArrayLike, ratio: float, run_length: float) -> Array:
    """Limit of the CUSUM of Poisson log-likelihood ratios (`mean` per period against `ratio` times it), per mean.

    Markov chain of Brook and Evans (1972): the least limit whose average run length is at least `run_length` periods, at twelve
    means a decade, interpolated between them. Counts make the run length jump with the limit, so at one mean it may
    be a fifth off where few leavers decide; a headcount that varies evens that out. Means are held within 0.01 and 10,000.
    """
    place = np.log10(np.clip(np.asarray(mean, float), _LEAST_MEAN, _MOST_MEAN)) * _NODES_PER_DECADE
    below = np.floor(place).astype(int)
    nodes = np.arange(below.min(), below.max() + 2) if below.size else np.arange(2)
    limits = np.array([_poisson_node(int(node), ratio, run_length) for node in nodes])
    return np.asarray(np.interp(place, nodes, limits), float)


@lru_cache(maxsize=1024)
def _poisson_node(node: int, ratio: float, run_length: float) -> float:
    mean = 10.0 ** (node / _NODES_PER_DECADE)
    step, drift = np.log(ratio), mean * (ratio - 1.0)

    def enough(limit: float) -> bool:
        width = limit / (_CUSUM_STATES - 0.5)
        offsets = (np.arange(-_CUSUM_STATES, _CUSUM_STATES) + 0.5) * width
        at_most = np.floor((offsets + drift) / step + 1e-9)
        reach = np.where(at_most < 0, 0.0, special.gammaincc(np.maximum(at_most, 0.0) + 1.0, mean))
        inside = np.diff(reach)
        column, row = -inside[_CUSUM_STATES - 1 :: -1], -inside[_CUSUM_STATES - 1 :]
        column[0] = row[0] = 1.0 - inside[_CUSUM_STATES - 1]
        below = reach[_CUSUM_STATES - 1 :: -1]
        # Stays inside are a Toeplitz matrix; falls to zero add one column, hence the two solutions and their quotient.
        steps, falls = linalg.solve_toeplitz((column, row), np.column_stack([np.ones(_CUSUM_STATES), below]))[0]
        return bool(steps >= run_length * (1.0 - falls))

    return _least(enough, 1e-3, np.log(run_length) + step)


def _least(enough: Callable[[float], bool], low: float, high: float) -> float:
    """The least limit that is enough, to a ten-thousandth or so of the range; `low` if even that is."""
    for _ in range(15):
        middle = (low + high) / 2.0
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _run_length(transitions: Array, start: int) -> float:
    """Expected number of steps before the chain leaves its states."""
    size = len(transitions)
    return float(np.linalg.solve(np.eye(size) - transitions, np.ones(size))[start])


def cusum(steps: Array, limits: Array, *, restart: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """CUSUMs of many series at once: C ← max(0, C + step), out when C > limit.

    `steps` and `limits` have a row per period and a column per series; NaN is no step up. After a signal C begins again at
    zero (`restart`), or is held at its limit, so that it is out for as long as the steps go up. Returns, per period and
    series, the row at which C last left zero (the maximum-likelihood change point of Page's test) and whether it is out.
    """
    since, out = np.zeros(steps.shape, np.int64), np.zeros(steps.shape, np.bool_)
    level = np.zeros(steps.shape[1])
    began = np.zeros(steps.shape[1], np.int64)
    for period, step in enumerate(np.nan_to_num(steps, nan=-np.inf, neginf=-np.inf)):
        began = np.where(level > 0.0, began, period)
        level = np.maximum(0.0, level + step)
        since[period] = np.where(level > 0.0, began, period)
        out[period] = level > limits[period]
        level = np.where(out[period], 0.0 if restart else limits[period], level)
    return since, out
