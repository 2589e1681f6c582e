"""Tail probabilities of counts, false discovery control, and the strength of a signal. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

CHANCES = (1e-2, 1e-3, 1e-4, 1e-6)
EFFECTS = (1.5, 2.0, 3.0, 5.0)


def poisson_tail(count: ArrayLike, mean: ArrayLike) -> Array:
    """P(X ≥ count) for X Poisson with `mean`; exact, by the regularised incomplete gamma function."""
    k, mu = np.broadcast_arrays(np.floor(np.asarray(count, float)), np.asarray(mean, float))
    return np.where(k <= 0, 1.0, special.gammainc(np.maximum(k, 1.0), mu))


def poisson_two_sided(count: ArrayLike, mean: ArrayLike) -> Array:
    """Twice the smaller of the two exact Poisson tails, at most 1."""
    k = np.floor(np.asarray(count, float))
    lower = 1.0 - poisson_tail(k + 1.0, mean)
    return np.minimum(1.0, 2.0 * np.minimum(poisson_tail(k, mean), lower))


def predicted_tail(count: ArrayLike, events: ArrayLike, past: ArrayLike, exposure: ArrayLike) -> Array:
    """P(X ≥ count) in a period of `exposure`, where the rate is known only from `events` in a past of exposure `past`.

    The rate is gamma(events, past), the count given the rate Poisson; together negative binomial, and its tail is a
    regularised incomplete beta function. Exact; so a short past widens the tail by itself (Gelman et al., Bayesian Data
    Analysis, 3rd ed., 2.6). `events` and `past` must be above zero.
    """
    k, a, b, m = np.broadcast_arrays(np.floor(np.asarray(count, float)), *(np.asarray(x, float) for x in (events, past, exposure)))
    return np.where(k <= 0, 1.0, special.betainc(np.maximum(k, 1.0), a, m / (b + m)))


def predicted_limit(chance: ArrayLike, events: ArrayLike, past: ArrayLike, exposure: ArrayLike) -> Array:
    """The least count whose `predicted_tail` is at most `chance`."""
    p, a, b, m = (np.asarray(x, float) for x in (chance, events, past, exposure))
    # The incomplete beta function solved for its first argument; the least whole number from there on.
    return np.asarray(np.maximum(np.ceil(special.btdtria(p, a, m / (b + m)) - 1e-9), 1.0), float)


def absolute_error(mean: ArrayLike, forecast: ArrayLike) -> Array:
    """E|X − forecast| for X Poisson with `mean`: the error that counting alone gives when the true mean is `mean`."""
    mu, f = np.broadcast_arrays(np.asarray(mean, float), np.asarray(forecast, float))
    k = np.floor(f)
    below, strictly = 1.0 - poisson_tail(k + 1.0, mu), 1.0 - poisson_tail(k, mu)
    return np.asarray(mu - f + 2.0 * (f * below - mu * strictly), float)


def gamma_tail(total: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> Array:
    """P(S ≥ total) for a sum of positive errors, by the gamma distribution with that mean and variance.

    One error or thousands: the gamma is close to half-normal for one and normal for many. With variance 0 the sum is its mean.
    """
    s, mu, var = np.broadcast_arrays(*(np.asarray(x, float) for x in (total, mean, variance)))
    spread = var > 0
    scale = np.where(spread, var, 1.0)
    with np.errstate(under="ignore"):
        tail = special.gammaincc(np.where(spread, mu**2 / scale, 1.0), np.where(spread, np.maximum(s, 0) * mu / scale, 1.0))
    return np.where(spread, tail, (s <= mu).astype(float))


def gamma_limit(chance: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> Array:
    """The total that such a sum exceeds with probability `chance`; the inverse of `gamma_tail`."""
    p, mu, var = np.broadcast_arrays(*(np.asarray(x, float) for x in (chance, mean, variance)))
    spread = (var > 0) & (mu > 0)
    scale = np.where(spread, mu, 1.0)
    limit = special.gammainccinv(np.where(spread, mu**2 / np.where(spread, var, 1.0), 1.0), p) * var / scale
    return np.where(spread, limit, mu)


def benjamini_hochberg(p: pl.Expr) -> pl.Expr:
    """Adjusted p-values of one family; write `.over(family)` behind it. Nulls are no tests and stay null.

    An adjusted value ≤ q marks exactly what Benjamini and Hochberg (1995) reject at false discovery rate q; valid for
    independent and for positively dependent tests, conservative for counts.
    """
    rank = pl.int_range(1, pl.len() + 1)
    scaled = p.sort(nulls_last=True) * p.count() / rank
    stepped = scaled.reverse().cum_min().reverse()
    return stepped.gather(p.rank("ordinal") - 1).clip(upper_bound=1.0)


def rejected_below(adjusted: pl.Expr, rate: float) -> pl.Expr:
    """The p-value up to which its family is rejected at `rate` (with none rejected: that which the smallest would have needed)."""
    return rate * pl.max_horizontal((adjusted <= rate).sum(), 1) / pl.max_horizontal(adjusted.count(), 1)


def strength(chance: ArrayLike, effect: ArrayLike) -> NDArray[np.int64]:
    """How much a signal weighs, 1 to 5: the mean, rounded up, of a grade for evidence and a grade for effect.

    Evidence: `chance`, the probability that nothing but noise gives this (an adjusted p-value, or one false signal per run length):
    1 above 0.01, 2 to 0.01, 3 to 0.001, 4 to 0.0001, 5 to 0.000001. Effect: `effect`, the change as a multiple of the least
    change that matters in practice: 1 below 1.5, 2 from 1.5, 3 from 2, 4 from 3, 5 from 5. So neither a tiny change of a
    huge sample nor a wild swing of a tiny one weighs 5. A grave exposure (level 4 or 5) weighs its level instead.
    """
    evidence = 1 + sum((np.asarray(chance, float) <= limit).astype(np.int64) for limit in CHANCES)
    size = 1 + sum((np.asarray(effect, float) >= limit).astype(np.int64) for limit in EFFECTS)
    return np.asarray((evidence + size + 1) // 2, np.int64)
